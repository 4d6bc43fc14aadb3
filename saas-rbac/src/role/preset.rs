//! The permissions and the roles that a program brings.

use std::{
    any::TypeId,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use crate::{Permission, PermissionInfo, access::Key, engine::Bits};

/// The permissions of a program, its built-in roles `owner`, `admin` and `user` with what each may do, and
/// its editions. The owner may do everything.
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
/// let presets = Presets::new::<Can>()
///     .admin(&[Can::Read, Can::Write])
///     .user(&[Can::Read])
///     // What tenants of this edition can do at most, whoever they are.
///     .edition("free", &[Can::Read]);
/// assert_eq!(presets.get("user"), Some(&["projects:read"][..]));
/// assert_eq!(presets.get("owner").map(<[_]>::len), Some(2));
/// ```
#[derive(Debug, Clone)]
pub struct Presets(Arc<Inner>);

#[derive(Debug, Clone)]
struct Inner {
    known: Vec<PermissionInfo>,
    bits: HashMap<&'static str, usize>,
    /// Where the permissions of each enum begin.
    enums: Vec<(TypeId, usize)>,
    /// The owner first.
    roles: Vec<(&'static str, Vec<&'static str>)>,
    editions: BTreeMap<&'static str, BTreeSet<&'static str>>,
    /// What two enums name alike.
    twice: Vec<&'static str>,
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
        let names = [Self::OWNER, Self::ADMIN, Self::USER];
        let roles = names.into_iter().map(|name| (name, Vec::new()));
        let empty = Self(Arc::new(Inner {
            known: Vec::new(),
            bits: HashMap::new(),
            enums: Vec::new(),
            roles: roles.collect(),
            editions: BTreeMap::new(),
            twice: Vec::new(),
        }));
        empty.and::<P>()
    }

    /// Adds the permissions of another enum, such as those of a crate that the program uses. A name that
    /// occurs in two enums is refused when the routes become a router.
    #[must_use]
    pub fn and<P: Permission>(mut self) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let first = inner.known.len();
        inner.enums.push((TypeId::of::<P>(), first));
        inner.known.extend(P::ALL);
        for (at, permission) in P::ALL.iter().enumerate() {
            if inner.bits.insert(permission.name, first + at).is_some() {
                inner.twice.push(permission.name);
            }
        }
        let all: BTreeSet<_> = inner.known.iter().map(|known| known.name).collect();
        if let Some((_, owner)) = inner.roles.first_mut() {
            *owner = all.into_iter().collect();
        }
        self
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

    /// Says what tenants of an edition can do at most, the owner too. A tenant without an edition can do
    /// everything; see [`Roles::set_edition`](crate::Roles::set_edition).
    #[must_use]
    pub fn edition<P: Permission>(mut self, name: &'static str, permissions: &[P]) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        let names = permissions.iter().map(Permission::name);
        inner.editions.entry(name).or_default().extend(names);
        self
    }

    fn with<P: Permission>(mut self, role: &str, permissions: &[P]) -> Self {
        let inner = Arc::make_mut(&mut self.0);
        for (name, held) in &mut inner.roles {
            if *name == role {
                let names: BTreeSet<_> = permissions.iter().map(Permission::name).collect();
                let names: BTreeSet<_> = held.iter().copied().chain(names).collect();
                *held = names.into_iter().collect();
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

    /// Gives the names of the editions.
    pub fn editions(&self) -> impl Iterator<Item = &'static str> {
        self.0.editions.keys().copied()
    }

    pub(crate) fn knows(&self, permission: &str) -> bool {
        self.0.bits.contains_key(permission)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static str, &[&'static str])> {
        self.0
            .roles
            .iter()
            .map(|(name, permissions)| (*name, permissions.as_slice()))
    }

    /// Gives the place of a permission among all of the program.
    pub(crate) fn bit(&self, key: Key) -> Option<usize> {
        let enums = self.0.enums.iter();
        let mut found = enums.filter(|(of, _)| *of == key.of);
        found.next().map(|(_, first)| first + key.index)
    }

    pub(crate) fn bit_named(&self, permission: &str) -> Option<usize> {
        self.0.bits.get(permission).copied()
    }

    /// Gives the names of a set, sorted.
    pub(crate) fn names(&self, permissions: &Bits) -> Vec<String> {
        let known = permissions.iter().filter_map(|bit| self.0.known.get(bit));
        let mut names: Vec<String> = known.map(|known| known.name.to_owned()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn edition_named(&self, name: &str) -> Option<Bits> {
        let names = self.0.editions.get(name)?.iter();
        Some(names.filter_map(|name| self.bit_named(name)).collect())
    }

    /// Refuses permissions that two enums name alike.
    #[cfg(feature = "axum")]
    pub(crate) fn check(&self) -> Result<(), crate::Error> {
        match self.0.twice.first() {
            Some(name) => Err(crate::Error::DuplicatePermission((*name).to_owned())),
            None => Ok(()),
        }
    }
}
