//! The roles that a program brings.

use std::{collections::BTreeSet, sync::Arc};

use crate::{Permission, PermissionInfo};

/// The built-in roles `owner`, `admin` and `user`, and what each may do. The owner may do
/// everything.
///
/// # Examples
///
/// ```
/// use saas_rbac::{Permission, Presets};
///
/// #[derive(Permission, Clone, Copy)]
/// enum Can {
///     #[permission("projects:read")]
///     Read,
///     #[permission("projects:write")]
///     Write,
/// }
///
/// let presets = Presets::new::<Can>().admin(&[Can::Read, Can::Write]).user(&[Can::Read]);
/// assert_eq!(presets.get("user"), Some(&["projects:read"][..]));
/// assert_eq!(presets.get("owner").map(<[_]>::len), Some(2));
/// ```
#[derive(Debug, Clone)]
pub struct Presets(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    known: Vec<PermissionInfo>,
    roles: Vec<(&'static str, Vec<&'static str>)>,
}

impl Presets {
    /// The role that may do everything.
    pub const OWNER: &'static str = "owner";
    /// The role that runs the tenant from day to day.
    pub const ADMIN: &'static str = "admin";
    /// The role of everybody else.
    pub const USER: &'static str = "user";

    /// Starts from the permissions of the program: the owner has all, the others have none.
    #[must_use]
    pub fn new<P: Permission>() -> Self {
        let all: BTreeSet<_> = P::ALL.iter().map(|permission| permission.name).collect();
        let roles = vec![
            (Self::OWNER, all.into_iter().collect()),
            (Self::ADMIN, Vec::new()),
            (Self::USER, Vec::new()),
        ];
        Self(Arc::new(Inner {
            known: P::ALL.to_vec(),
            roles,
        }))
    }

    /// Says what an admin may do.
    #[must_use]
    pub fn admin<P: Permission>(self, permissions: &[P]) -> Self {
        self.with(Self::ADMIN, permissions)
    }

    /// Says what everybody else may do.
    #[must_use]
    pub fn user<P: Permission>(self, permissions: &[P]) -> Self {
        self.with(Self::USER, permissions)
    }

    fn with<P: Permission>(mut self, role: &str, permissions: &[P]) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let names: BTreeSet<_> = permissions.iter().map(Permission::name).collect();
        for (name, held) in &mut inner.roles {
            if *name == role {
                *held = names.iter().copied().collect();
            }
        }
        self
    }

    /// Gives what a built-in role may do, sorted.
    #[must_use]
    pub fn get(&self, role: &str) -> Option<&[&'static str]> {
        self.iter()
            .find(|(name, _)| *name == role)
            .map(|(_, permissions)| permissions)
    }

    /// Gives the permissions of the program.
    #[must_use]
    pub fn permissions(&self) -> &[PermissionInfo] {
        &self.0.known
    }

    pub(crate) fn knows(&self, permission: &str) -> bool {
        self.0.known.iter().any(|known| known.name == permission)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        self.0
            .roles
            .iter()
            .map(|(name, permissions)| (*name, permissions.as_slice()))
    }
}
