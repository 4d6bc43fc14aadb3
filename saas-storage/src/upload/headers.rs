//! What the headers of an upload ask for.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{HeaderMap, HeaderName, header};
use saas_core::{Code, Problem};

use crate::{Existing, PutOptions};

const CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// Reads how a file is to be written.
///
/// `If-None-Match: *` keeps one that is there, `If-Match` with one validator writes over that version only (RFC 9110, section 13.1), and `Content-Digest` with `sha-256`
/// says which bytes must arrive (RFC 9530, section 2).
///
/// ```
/// use http::HeaderMap;
/// use saas_storage::{Existing, put_options};
///
/// let mut headers = HeaderMap::new();
/// headers.insert("if-none-match", "*".parse()?);
/// assert_eq!(put_options(&headers)?.on_existing(), &Existing::Keep);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The problem `header-invalid` for a condition that this cannot judge: it is refused and not passed over.
pub fn put_options(headers: &HeaderMap) -> Result<PutOptions, Problem> {
    let mut options = PutOptions::default();
    match (
        one(headers, &header::IF_MATCH)?,
        one(headers, &header::IF_NONE_MATCH)?,
    ) {
        (None, None) => {}
        (None, Some("*")) => options = options.existing(Existing::Keep),
        (Some(etag), None) if is_validator(etag) => {
            options = options.existing(Existing::Match(etag.to_owned()));
        }
        _ => {
            return Err(Problem::new(Code::HEADER_INVALID).detail(
                "an upload takes `If-None-Match: *` or `If-Match` with one validator, and not both",
            ));
        }
    }
    if let Some(digest) = one(headers, &CONTENT_DIGEST)? {
        let found = sha256_of(digest).ok_or_else(|| {
            Problem::new(Code::HEADER_INVALID)
                .detail("`Content-Digest` is not of the form `sha-256=:…:`")
        })?;
        if let Some(digest) = found {
            options = options.sha256(digest);
        }
    }
    Ok(options)
}

/// Gives how many bytes an upload says that it has.
#[must_use]
pub fn announced_size(headers: &HeaderMap) -> Option<u64> {
    let length = headers.get(header::CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Gives the one value of a header.
pub(crate) fn one<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> Result<Option<&'a str>, Problem> {
    let wrong = || {
        Problem::new(Code::HEADER_INVALID)
            .detail(format!("`{name}` is no text, or is there more than once"))
    };
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(wrong());
    }
    value.to_str().map(Some).map_err(|_| wrong())
}

/// Tells one validator, weak or strong (RFC 9110, section 8.8.3).
fn is_validator(text: &str) -> bool {
    let tag = text.strip_prefix("W/").unwrap_or(text);
    let inside = tag.strip_prefix('"').and_then(|tag| tag.strip_suffix('"'));
    inside.is_some_and(|inside| !inside.contains(['"', ',']))
}

/// Reads a dictionary of digests (RFC 9651, section 3.2). Gives none inside where it has digests of other
/// kinds only, which nobody has to understand.
fn sha256_of(text: &str) -> Option<Option<[u8; 32]>> {
    let mut found = None;
    for member in text.split(',') {
        let (name, value) = member.trim().split_once('=')?;
        let value = value.strip_prefix(':')?.strip_suffix(':')?;
        let value = STANDARD.decode(value).ok()?;
        if name == "sha-256" {
            found = Some(value.try_into().ok()?);
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_read_among_others_and_a_wrong_one_refused() {
        let right = "sha-256=:ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=:";
        assert!(matches!(sha256_of(right), Some(Some(_))));
        assert!(matches!(
            sha256_of(&format!("sha-512=:YWJj:, {right}")),
            Some(Some(_))
        ));
        assert_eq!(sha256_of("md5=:YWJj:"), Some(None));
        for wrong in [
            "",
            "sha-256",
            "sha-256=abc",
            "sha-256=:YWJj:",
            "sha-256=:?:",
        ] {
            assert_eq!(sha256_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn sto_21_a_condition_that_cannot_be_judged_is_refused() {
        for (name, value) in [
            ("if-none-match", "\"a\""),
            ("if-match", "*"),
            ("if-match", "\"a\", \"b\""),
            ("if-match", "a"),
            ("content-digest", "sha-256=x"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(name, value.parse().unwrap());
            let refused = put_options(&headers).unwrap_err();
            assert_eq!(refused.code(), Code::HEADER_INVALID, "{name}: {value}");
        }
        let mut twice = HeaderMap::new();
        twice.append("if-match", "\"a\"".parse().unwrap());
        twice.append("if-match", "\"a\"".parse().unwrap());
        assert!(put_options(&twice).is_err());
    }
}
