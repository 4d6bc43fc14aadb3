//! What a client is told about an [`Error`].

use saas_core::{Code, Problem};

use crate::Error;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Storage(error) => error.into(),
            Error::Policy(_) => Self::new(Code::VALIDATION).field("policy", text),
            Error::NotLoaded => Self::new(Code::UNAVAILABLE).retry_after(1),
            Error::UnknownRole(_) => Self::new(Code::ROLE_UNKNOWN).field("roles", text),
            Error::UnknownPermission(_) => Self::new(Code::VALIDATION).field("permissions", text),
            Error::InvalidRoleName => Self::new(Code::VALIDATION).field("name", text),
            Error::RoleExists(_) => Self::new(Code::CONFLICT).field("name", text),
            Error::TooManyRoles(_) => Self::new(Code::ROLE_LIMIT).detail(text),
            Error::TooManyRules(_) | Error::TooManyGroups(_) => {
                Self::new(Code::ROLE_LIMIT).detail(text)
            }
            Error::RoleCycle(_) | Error::RoleTooDeep(_) => {
                Self::new(Code::VALIDATION).field("inherits", text)
            }
            Error::Contradiction(_) => Self::new(Code::VALIDATION).field("denies", text),
            Error::UnknownGroup(_) => Self::new(Code::NOT_FOUND),
            Error::InvalidGroupName => Self::new(Code::VALIDATION).field("name", text),
            Error::GroupExists(_) => Self::new(Code::CONFLICT).field("name", text),
            Error::NestedGroup => Self::new(Code::VALIDATION).field("member", text),
            Error::UnknownEdition(_) => Self::new(Code::VALIDATION).field("edition", text),
            Error::BuiltIn(_) => Self::new(Code::ROLE_BUILT_IN),
            Error::InUse(_) => Self::new(Code::ROLE_IN_USE),
            Error::Escalation => Self::new(Code::GRANT_FORBIDDEN),
            Error::LastOwner => Self::new(Code::LAST_OWNER),
            Error::DuplicatePermission(_)
            | Error::DuplicateRoute(_)
            | Error::InvalidRoute { .. }
            | Error::UnknownRoutePermission { .. } => {
                tracing::error!(error = text, "request failed");
                Self::new(Code::INTERNAL)
            }
        }
    }
}
