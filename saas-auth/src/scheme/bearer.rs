//! The bearer token of a request (RFC 6750, section 2.1).

use http::{header::AUTHORIZATION, request::Parts};
use saas_core::{Code, Problem};

use super::Outcome;
use crate::{
    Verifier,
    oauth::{ENDPOINTS, USERINFO},
};

/// Checks the access token of a request.
pub(crate) fn bearer(verifier: &Verifier, parts: &Parts) -> Outcome {
    let token = match text(parts) {
        Ok(Some(token)) => token,
        Ok(None) => return Outcome::NotAttempted,
        Err(problem) => return Outcome::Refused(problem),
    };
    match verifier.verify(token) {
        Ok(principal) => Outcome::Verified(principal),
        Err(reason) => {
            tracing::debug!(%reason, "token refused");
            refused()
        }
    }
}

/// Reads the bearer token of a request. One in the query string or in the body is not looked at. A credential
/// of another scheme is refused and not passed over: whoever sent it takes himself for somebody.
pub(super) fn text(parts: &Parts) -> Result<Option<&str>, Problem> {
    if parts.uri.path() == USERINFO {
        // It looks for itself, since it has errors of its own and may find the token in the body.
        return Ok(None);
    }
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let value = match (headers.next(), headers.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value,
        (Some(_), Some(_)) => return Err(malformed("appears more than once")),
    };
    let scheme = value.as_bytes().get(..6).unwrap_or_default();
    if scheme.eq_ignore_ascii_case(b"basic ") && ENDPOINTS.contains(&parts.uri.path()) {
        // So a client proves who it is, at the endpoints that ask it to (RFC 6749, section 2.3.1).
        return Ok(None);
    }
    value
        .as_bytes()
        .split_at_checked("Bearer ".len())
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
        .and_then(|(_, token)| str::from_utf8(token).ok())
        .filter(|token| !token.is_empty() && token.is_ascii() && !token.contains(' '))
        .map(Some)
        .ok_or_else(|| malformed("has to be `Bearer`, one space, and a token"))
}

/// Refuses a token without saying why.
pub(super) fn refused() -> Outcome {
    let problem = Problem::new(Code::TOKEN_INVALID);
    Outcome::Refused(problem.challenge("Bearer error=\"invalid_token\""))
}

fn malformed(message: &str) -> Problem {
    Problem::new(Code::HEADER_INVALID).field("authorization", message)
}
