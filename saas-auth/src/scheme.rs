//! The credential of a request, and what became of it.

use http::{header::AUTHORIZATION, request::Parts};
use saas_core::{Code, Principal, Problem};

use crate::Verifier;

/// What became of a credential. Absent and wrong are told apart: the one goes on as nobody, the
/// other is refused.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// There is none.
    NotAttempted,
    /// It is good.
    Verified(Principal),
    /// It is not.
    Refused(Problem),
}

/// Checks the bearer token of a request (RFC 6750, section 2.1). One in the query string or in the
/// body is not looked at.
pub(crate) fn bearer(verifier: &Verifier, parts: &Parts) -> Outcome {
    let mut headers = parts.headers.get_all(AUTHORIZATION).iter();
    let value = match (headers.next(), headers.next()) {
        (None, _) => return Outcome::NotAttempted,
        (Some(value), None) => value,
        (Some(_), Some(_)) => {
            let problem =
                Problem::new(Code::HEADER_INVALID).field("authorization", "appears more than once");
            return Outcome::Refused(problem);
        }
    };
    let token = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .and_then(|(scheme, token)| {
            let one_space = !token.is_empty() && !token.contains(' ');
            (scheme.eq_ignore_ascii_case("bearer") && one_space).then_some(token)
        });
    let Some(token) = token else {
        let problem = Problem::new(Code::HEADER_INVALID).field(
            "authorization",
            "has to be `Bearer`, one space, and a token",
        );
        return Outcome::Refused(problem);
    };
    match verifier.verify(token) {
        Ok(principal) => Outcome::Verified(principal),
        Err(reason) => {
            tracing::debug!(%reason, "token refused");
            Outcome::Refused(
                Problem::new(Code::TOKEN_INVALID).challenge("Bearer error=\"invalid_token\""),
            )
        }
    }
}
