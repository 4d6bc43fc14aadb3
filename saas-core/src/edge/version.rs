//! Versions of rows in the headers of HTTP (RFC 9110, section 13).

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::{IntoResponseParts, ResponseParts},
};
use http::{HeaderMap, HeaderValue, header, request::Parts};

use crate::{Code, Problem};

/// The version of a row as the entity tag of an answer.
///
/// ```
/// use axum::response::IntoResponse as _;
/// use saas_core::edge::{ETag, Json};
///
/// let answer = (ETag(7), Json("a row of version 7")).into_response();
/// assert_eq!(answer.headers()["etag"], "\"7\"");
/// ```
///
/// It is for answers that are made of this row alone: a version tells nothing of rows beside it, nor of a release that shows more.
///
/// Whoever asks again with `If-None-Match` is answered 304 by the [`RequestLayer`](super::RequestLayer), and bases a change on it
/// by [`IfMatch`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "handlers put it together in their answers"
)]
pub struct ETag(pub i64);

impl IntoResponseParts for ETag {
    type Error = std::convert::Infallible;

    fn into_response_parts(self, mut parts: ResponseParts) -> Result<ResponseParts, Self::Error> {
        if let Ok(value) = HeaderValue::try_from(format!("\"{}\"", self.0)) {
            parts.headers_mut().insert(header::ETAG, value);
        }
        Ok(parts)
    }
}

/// The version that a change is based on: the header `If-Match` with the [`ETag`] that was answered.
///
/// As an argument of a handler it is required, and as `Option<IfMatch>` it may be left out. `*` stands for whatever version there
/// is. A tag that a proxy has made weak is as good as the one that it was made of; a tag that is none of ours matches no
/// version, so that the change is refused with `version-mismatch`.
///
/// ```
/// use saas_core::edge::IfMatch;
///
/// async fn update(version: IfMatch) -> String {
///     // `repo.update(id, version.version(), patch)`
///     format!("{:?}", version.version())
/// }
///
/// async fn delete(version: Option<IfMatch>) -> String {
///     // `repo.delete(id, version.and_then(IfMatch::version))`
///     format!("{:?}", version.and_then(IfMatch::version))
/// }
/// # let _: axum::Router = axum::Router::new().route("/", axum::routing::patch(update).delete(delete));
/// ```
///
/// It refuses with `version-required` when it is missing, and with `header-invalid` when it is no entity tag, or more than one, or
/// when `If-None-Match` stands there, or `If-Unmodified-Since` in its place, which are not looked at here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(Option<i64>);

impl IfMatch {
    /// Gives the version; none where any will do.
    #[must_use]
    pub const fn version(self) -> Option<i64> {
        self.0
    }

    fn of(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let names = |name| headers.contains_key(name);
        // Beside `If-Match` it is to be ignored (section 13.1.4).
        let dated = names(&header::IF_UNMODIFIED_SINCE) && !names(&header::IF_MATCH);
        for (other, stands) in [
            (header::IF_NONE_MATCH, names(&header::IF_NONE_MATCH)),
            (header::IF_UNMODIFIED_SINCE, dated),
        ] {
            if stands {
                return Err(Problem::new(Code::HEADER_INVALID)
                    .field(other.as_str(), "is not looked at here, but `if-match`"));
            }
        }
        let mut values = headers.get_all(header::IF_MATCH).iter();
        let wrong = || {
            let message = "has to be the one `ETag` of an answer";
            Problem::new(Code::HEADER_INVALID).field("if-match", message)
        };
        let value = match (values.next(), values.next()) {
            (None, _) => return Ok(None),
            (Some(value), None) => value.to_str().map_err(|_| wrong())?.trim(),
            (Some(_), Some(_)) => return Err(wrong()),
        };
        if value == "*" {
            return Ok(Some(Self(None)));
        }
        // A proxy that compresses makes tags weak; the version in it is the same.
        let tag = value.strip_prefix("W/").unwrap_or(value);
        let version = tag
            .strip_prefix('"')
            .and_then(|tag| tag.strip_suffix('"'))
            .filter(|tag| !tag.contains('"'))
            .ok_or_else(wrong)?;
        // A tag that is none of ours matches no version there ever was; `parse` alone would take a sign.
        let digits = !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
        let version = version.parse().ok().filter(|_| digits);
        Ok(Some(Self(Some(version.unwrap_or(i64::MIN)))))
    }
}

impl<S: Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let given = Self::of(&parts.headers)?;
        given.ok_or_else(|| Problem::new(Code::VERSION_REQUIRED))
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Problem> {
        Self::of(&parts.headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Result<Option<Option<i64>>, Code> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let read = IfMatch::of(&headers).map_err(|problem| problem.code());
        read.map(|given| given.map(IfMatch::version))
    }

    #[test]
    fn one_tag_is_a_version_and_what_is_none_is_told() {
        let none_of_ours = Ok(Some(Some(i64::MIN)));
        for (value, expected) in [
            ("\"7\"", Ok(Some(Some(7)))),
            ("W/\"7\"", Ok(Some(Some(7)))),
            (" * ", Ok(Some(None))),
            ("\"x\"", none_of_ours),
            ("\"-1\"", none_of_ours),
            ("\"+7\"", none_of_ours),
            ("\"\"", none_of_ours),
            ("\"99999999999999999999\"", none_of_ours),
            ("7", Err(Code::HEADER_INVALID)),
            ("\"7", Err(Code::HEADER_INVALID)),
            ("\"6\", \"7\"", Err(Code::HEADER_INVALID)),
        ] {
            assert_eq!(read(&[("if-match", value)]), expected, "{value}");
        }
        assert_eq!(read(&[]), Ok(None));
        for other in ["if-match", "if-none-match"] {
            let both = [("if-match", "\"7\""), (other, "*")];
            assert_eq!(read(&both), Err(Code::HEADER_INVALID), "{other}");
        }
        let date = ("if-unmodified-since", "Sun, 22 Nov 2026 21:00:00 GMT");
        assert_eq!(read(&[date]), Err(Code::HEADER_INVALID));
        assert_eq!(read(&[date, ("if-match", "\"7\"")]), Ok(Some(Some(7))));
    }
}
