//! What a client is told about an [`Error`].

use saas_core::{Code, Problem};

use crate::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Storage(error) => error.into(),
            Error::Template { fault, .. } => {
                let text = match fault.line {
                    Some(line) => format!("line {line}: {}", fault.reason),
                    None => fault.reason,
                };
                Self::new(Code::VALIDATION).field(fault.part.name(), text)
            }
            Error::UnknownTemplate(_) => Self::new(Code::NOT_FOUND),
            Error::InvalidLocale => Self::new(Code::VALIDATION).field("locale", text),
            Error::TooManyTemplates(_) => Self::new(Code::CONFLICT).detail(text),
            Error::Letter(_) | Error::DuplicateTemplate(_) | Error::Config { .. } => {
                tracing::error!(error = text, "request failed");
                Self::new(Code::INTERNAL)
            }
        }
    }
}
