//! What a client is told about an [`Error`].

use saas_core::{Code, Problem};

use crate::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let code = match &error {
            Error::NotFound => Code::NOT_FOUND,
            Error::VersionMismatch => Code::VERSION_MISMATCH,
            Error::Reference(_) => Code::REFERENCE_INVALID,
            Error::InvalidValue(_) => Code::VALIDATION,
            Error::DomainTaken(_) => Code::DOMAIN_TAKEN,
            Error::DomainUnproven(_) => Code::DOMAIN_UNPROVEN,
            Error::TooManyDomains => Code::DOMAIN_LIMIT,
            Error::SlugTaken(_) => Code::SLUG_TAKEN,
            Error::Unique(taken) => {
                let problem = Self::new(Code::CONFLICT);
                return match taken.field() {
                    Some(field) => problem.field(field, "has a value that another has already"),
                    None => problem,
                };
            }
            Error::Query(query) => return query.to_problem(),
            Error::TenantBusy => return Self::new(Code::OVERLOADED).retry_after(1),
            Error::Conflict(_) | Error::Unavailable(_) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "database not available"
                );
                return Self::new(Code::UNAVAILABLE).retry_after(1);
            }
            _ => {
                tracing::error!(error = &error as &dyn std::error::Error, "request failed");
                Code::INTERNAL
            }
        };
        Self::new(code)
    }
}
