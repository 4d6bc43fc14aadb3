//! What a client is told about an [`Error`].

use saas_core::{Code, Problem};

use crate::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Storage(error) => error.into(),
            Error::Credentials => Self::new(Code::CREDENTIALS_INVALID),
            Error::Limited(limited) => limited.into(),
            Error::RefreshToken => Self::new(Code::TOKEN_INVALID),
            Error::Busy | Error::BreachedPasswords(_) => {
                Self::new(Code::UNAVAILABLE).retry_after(1)
            }
            Error::InvalidPassword(why) => {
                Self::new(Code::VALIDATION).field("password", why.to_string())
            }
            Error::TooManyTries => Self::new(Code::RATE_LIMITED).retry_after(600),
            Error::EmailTaken => Self::new(Code::EMAIL_TAKEN),
            Error::InvalidApiKey { field, message } => {
                Self::new(Code::VALIDATION).field(field, message)
            }
            Error::TooManyApiKeys => Self::new(Code::API_KEY_LIMIT),
            Error::Authorization => Self::new(Code::BAD_REQUEST)
                .detail("the request is not valid any more; begin again at the application"),
            Error::Client { field, message } => Self::new(Code::VALIDATION).field(field, message),
            Error::TooManyClients => {
                Self::new(Code::CONFLICT).detail("the tenant has as many clients as it may have")
            }
            Error::StepUp { level, max_age } => Self::step_up(level, max_age),
            Error::EnrolmentRequired(level) => Self::new(Code::MFA_ENROLMENT_REQUIRED)
                .detail(format!("the level `{level}` is required")),
            Error::SecondFactor => Self::new(Code::SECOND_FACTOR_INVALID),
            Error::Passkey => Self::new(Code::PASSKEY_INVALID),
            Error::Factor { message } => Self::new(Code::CONFLICT).detail(message),
            Error::MfaRule { message } => Self::new(Code::VALIDATION).field("rules", message),
            Error::Provisional => Self::new(Code::PASSWORD_PROVISIONAL),
            Error::Link => Self::new(Code::LINK_INVALID),
            Error::AlreadyMember => Self::new(Code::MEMBER_ALREADY),
            Error::TooManyLetters => Self::new(Code::RATE_LIMITED).retry_after(3600),
            Error::TooManyInvitations(_) => Self::new(Code::INVITATION_LIMIT),
            Error::Crypto(_) | Error::Config { .. } | Error::Roles(_) => {
                tracing::error!(error = %error, "request failed");
                Self::new(Code::INTERNAL)
            }
        }
    }
}
