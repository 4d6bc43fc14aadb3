//! Errors of the token endpoint.
//!
//! RFC 6749, section 5.2, has a form of its own: `error` and `error_description` in a document of
//! type `application/json`. The members of a problem (RFC 9457) stand beside them, so that a client
//! of either kind finds what it looks for.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use saas_core::{Code, Level, Problem, Secret};
use serde_json::{Value, json};

use super::authorize::Fault;
use crate::{Error, mfa::Wanted};

/// An error of RFC 6749, section 5.2.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OAuthError {
    error: &'static str,
    code: Code,
    status: StatusCode,
    description: &'static str,
}

impl OAuthError {
    /// Gives the word of the protocol.
    #[cfg(test)]
    pub(super) const fn name(&self) -> &'static str {
        self.error
    }

    /// Says what is wrong, for an answer in another form.
    pub(crate) const fn description(&self) -> &'static str {
        self.description
    }

    /// Tells the client of a fault that belongs to its question.
    pub(super) const fn of(fault: Fault) -> Self {
        let Fault { error, description } = fault;
        Self {
            error,
            code: Code::BAD_REQUEST,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }

    pub(super) const fn invalid_code() -> Self {
        Self::invalid_grant(Code::TOKEN_INVALID, "the code is not valid")
    }

    pub(super) const fn invalid_request(description: &'static str) -> Self {
        Self {
            error: "invalid_request",
            code: Code::BAD_REQUEST,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }

    pub(super) const fn invalid_client() -> Self {
        let description = "the client is unknown, or has not proven who it is";
        Self {
            error: "invalid_client",
            code: Code::UNAUTHENTICATED,
            status: StatusCode::UNAUTHORIZED,
            description,
        }
    }

    pub(super) const fn invalid_grant(code: Code, description: &'static str) -> Self {
        Self {
            error: "invalid_grant",
            code,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }

    pub(super) const fn unauthorized_client() -> Self {
        let description = "the client may not use this grant";
        Self {
            error: "unauthorized_client",
            code: Code::FORBIDDEN,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }

    pub(super) const fn invalid_scope() -> Self {
        let description = "a scope is unknown, or more than may be given";
        Self {
            error: "invalid_scope",
            code: Code::BAD_REQUEST,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }

    pub(super) const fn unsupported_grant_type() -> Self {
        let description = "the grant type is not supported";
        Self {
            error: "unsupported_grant_type",
            code: Code::BAD_REQUEST,
            status: StatusCode::BAD_REQUEST,
            description,
        }
    }
}

impl OAuthError {
    fn body(&self) -> Value {
        let mut body = json!({
            "error": self.error,
            "error_description": self.description,
            "type": self.code.type_uri(),
            "title": self.code.title(),
            "code": self.code.name(),
        });
        if let Value::Object(members) = &mut body {
            members.insert("status".to_owned(), self.status.as_u16().into());
        }
        body
    }

    fn answer(&self, body: Value) -> Response {
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Basic realm=\"token\""),
            );
        }
        response
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        self.answer(self.body())
    }
}

/// Why no token is given: an error of the protocol, or of the service.
#[derive(Debug)]
pub(super) enum Refusal {
    Protocol(OAuthError),
    Service(Problem),
    /// A second factor is wanted first, of who shows the token.
    Pending(Wanted, Secret<String>),
}

impl From<OAuthError> for Refusal {
    fn from(error: OAuthError) -> Self {
        Self::Protocol(error)
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Credentials => {
                let description = "no member of the tenant has this username and password";
                Self::Protocol(OAuthError::invalid_grant(
                    Code::CREDENTIALS_INVALID,
                    description,
                ))
            }
            Error::StepUp { .. } | Error::EnrolmentRequired(_) => {
                let description = "the tenant asks for a second factor; sign in again";
                Self::Protocol(OAuthError::invalid_grant(
                    Code::STEP_UP_REQUIRED,
                    description,
                ))
            }
            Error::SecondFactor => Self::Protocol(OAuthError::invalid_grant(
                Code::SECOND_FACTOR_INVALID,
                "the second factor is not valid",
            )),
            Error::RefreshToken => Self::Protocol(OAuthError::invalid_grant(
                Code::TOKEN_INVALID,
                "the refresh token is not valid",
            )),
            other => Self::Service(other.into()),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        match self {
            Self::Protocol(error) => error.into_response(),
            Self::Service(problem) => problem.into_response(),
            Self::Pending(wanted, token) => pending(wanted, &token),
        }
    }
}

/// Says that the password was right and something else is wanted, with the token to go on with.
fn pending(wanted: Wanted, token: &Secret<String>) -> Response {
    let (error, code, level) = match wanted {
        Wanted::Proof(level) => ("mfa_required", Code::STEP_UP_REQUIRED, level),
        Wanted::Enrolment(level) => (
            "mfa_enrolment_required",
            Code::MFA_ENROLMENT_REQUIRED,
            level,
        ),
        Wanted::MailedCode => ("mfa_required", Code::STEP_UP_REQUIRED, Level::Aal1),
    };
    let error = OAuthError {
        error,
        code,
        status: StatusCode::FORBIDDEN,
        description: "a second factor is wanted",
    };
    let mut body = error.body();
    if let Value::Object(members) = &mut body {
        members.insert("mfa_token".to_owned(), token.expose().as_str().into());
        members.insert("acr_values".to_owned(), level.as_str().into());
        if wanted == Wanted::MailedCode {
            // It was just sent, and no other way is as good.
            members.insert("mfa_method".to_owned(), "email".into());
        }
    }
    error.answer(body)
}
