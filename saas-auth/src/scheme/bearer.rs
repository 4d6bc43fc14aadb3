//! The bearer token of a request (RFC 6750, section 2.1).

use http::{header::AUTHORIZATION, request::Parts};
use saas_core::{Code, Problem};

use super::Outcome;
use crate::Verifier;

/// Checks the bearer token of a request (RFC 6750, section 2.1). One in the query string or in the
/// body is not looked at. A credential of another scheme is refused and not passed over: whoever sent
/// it takes himself for somebody.
pub(crate) fn bearer(verifier: &Verifier, parts: &Parts) -> Outcome {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let value = match (headers.next(), headers.next()) {
        (None, _) => return Outcome::NotAttempted,
        (Some(value), None) => value,
        (Some(_), Some(_)) => return malformed("appears more than once"),
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .filter(|token| !token.is_empty() && !token.contains(' '));
    let Some(token) = token else {
        return malformed("has to be `Bearer`, one space, and a token");
    };
    match verifier.verify(token) {
        Ok(principal) => Outcome::Verified(principal),
        Err(reason) => {
            tracing::debug!(%reason, "token refused");
            let problem = Problem::new(Code::TOKEN_INVALID);
            Outcome::Refused(problem.challenge("Bearer error=\"invalid_token\""))
        }
    }
}

fn malformed(message: &str) -> Outcome {
    Outcome::Refused(Problem::new(Code::HEADER_INVALID).field("authorization", message))
}
