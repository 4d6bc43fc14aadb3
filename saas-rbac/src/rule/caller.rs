//! The caller, as rules over rows ask about him.

use saas_core::{Id, Principal, UserId};

use crate::{
    Group, Permission, Presets, Subject,
    access::Key,
    engine::{Bits, graph::Held},
};

/// Who is calling, and what belongs to him in the tenant. Made by [`Authorizer::caller`](crate::Authorizer::caller).
#[derive(Debug, Clone)]
pub struct Caller {
    subject: Subject,
    id: UserId,
    groups: Vec<Id<Group>>,
    permissions: Bits,
    presets: Presets,
}

impl Caller {
    pub(crate) fn new(principal: &Principal, held: &Held, presets: &Presets) -> Self {
        Self {
            subject: principal.into(),
            id: principal.subject(),
            groups: held.groups.clone(),
            permissions: held.permissions.clone(),
            presets: presets.clone(),
        }
    }

    /// Gives the id of the person or service account.
    #[must_use]
    pub const fn id(&self) -> UserId {
        self.id
    }

    /// Gives the caller with the kind that it is of.
    #[must_use]
    pub const fn subject(&self) -> Subject {
        self.subject
    }

    /// Gives the groups that the caller is in.
    #[must_use]
    pub fn groups(&self) -> &[Id<Group>] {
        &self.groups
    }

    /// Tells whether the caller holds a permission.
    #[must_use]
    pub fn may<P: Permission>(&self, permission: &P) -> bool {
        let bit = self.presets.bit(Key::new(permission));
        bit.is_some_and(|bit| self.permissions.contains(bit))
    }
}
