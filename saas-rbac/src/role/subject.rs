//! Who can hold a role.

use std::fmt;

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

impl Subject {
    /// Reads what `Display` writes.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let (kind, id) = text.split_once(':')?;
        match kind {
            "user" => id.parse().ok().map(Self::User),
            "service" => id.parse().ok().map(Self::ServiceAccount),
            "group" => id.parse().ok().map(Self::Group),
            _ => None,
        }
    }
}
