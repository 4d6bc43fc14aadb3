//! Who can hold a role.

use std::{fmt, str::FromStr};

use saas_core::{Id, Principal, PrincipalKind, UserId};

use super::Group;

/// Who can hold a role: a person, a program, or a group of both.
///
/// The kind is part of the identity: a person whose name is that of a role or of a group is neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Subject {
    /// A person.
    User(UserId),
    /// A program with a credential of its own.
    ServiceAccount(UserId),
    /// A group or team of the tenant.
    Group(Id<Group>),
}

impl From<UserId> for Subject {
    fn from(user: UserId) -> Self {
        Self::User(user)
    }
}

impl From<Id<Group>> for Subject {
    fn from(group: Id<Group>) -> Self {
        Self::Group(group)
    }
}

impl From<&Principal> for Subject {
    fn from(principal: &Principal) -> Self {
        match principal.kind() {
            PrincipalKind::ServiceAccount => Self::ServiceAccount(principal.subject()),
            _ => Self::User(principal.subject()),
        }
    }
}

/// As in a Casbin policy: `user:`, `service:` or `group:`, and the id.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user:{id}"),
            Self::ServiceAccount(id) => write!(f, "service:{id}"),
            Self::Group(id) => write!(f, "group:{id}"),
        }
    }
}

/// Says that a text names nobody who can hold a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is `user:`, `service:` or `group:`, and an id")]
#[non_exhaustive]
pub struct InvalidSubject;

/// Reads what `Display` writes.
impl FromStr for Subject {
    type Err = InvalidSubject;

    fn from_str(text: &str) -> Result<Self, InvalidSubject> {
        let (kind, id) = text.split_once(':').ok_or(InvalidSubject)?;
        let subject = match kind {
            "user" => id.parse().map(Self::User),
            "service" => id.parse().map(Self::ServiceAccount),
            "group" => id.parse().map(Self::Group),
            _ => return Err(InvalidSubject),
        };
        subject.map_err(|_| InvalidSubject)
    }
}
