//! Versions of rows in the headers of HTTP (RFC 9110, section 13).

use http::{HeaderMap, header};
use saas_core::{Code, Problem};

/// Writes a version as an entity tag.
pub(crate) fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Reads the version that a change is based on. `*` stands for whatever there is.
///
/// # Errors
///
/// `version-required` when there is none, `header-invalid` when it is none of ours.
pub(crate) fn required_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    if headers.contains_key(header::IF_MATCH) {
        expected_version(headers)
    } else {
        Err(Problem::new(Code::VERSION_REQUIRED))
    }
}

/// As [`required_version`], but a request may leave it out.
pub(crate) fn expected_version(headers: &HeaderMap) -> Result<Option<i64>, Problem> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let wrong = || {
        Problem::new(Code::HEADER_INVALID).field("if-match", "has to be the `ETag` of an answer")
    };
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().map_err(|_| wrong())?.trim(),
        (Some(_), Some(_)) => return Err(wrong()),
    };
    if value == "*" {
        return Ok(None);
    }
    // A proxy that compresses makes tags weak; the version in it is the same.
    let tag = value.strip_prefix("W/").unwrap_or(value);
    let version = tag
        .strip_prefix('"')
        .and_then(|tag| tag.strip_suffix('"'))
        .ok_or_else(wrong)?;
    // A tag that is none of ours matches no version there ever was; `parse` alone would take a sign.
    let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    Ok(Some(
        version.parse().ok().filter(|_| digits).unwrap_or(i64::MIN),
    ))
}
