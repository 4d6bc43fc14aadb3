//! What a route asks of its caller.

use std::{any::TypeId, fmt, time::Duration};

use saas_core::Level;

use crate::Permission;

/// The demand of a route.
///
/// ```
/// use std::time::Duration;
///
/// use saas_core::Level;
/// use saas_rbac::{Access, Permission};
///
/// #[derive(Permission, Clone, Copy)]
/// enum Can {
///     #[permission("keys:read")]
///     ReadKeys,
///     #[permission("keys:rotate")]
///     RotateKeys,
/// }
///
/// // A variant alone is a demand. Several, and more than a permission:
/// let either = Access::any([Can::ReadKeys, Can::RotateKeys]);
/// let careful = Access::all([Can::ReadKeys, Can::RotateKeys])
///     .at_level(Level::Aal2)
///     .fresh_within(Duration::from_secs(300))
///     .hidden();
/// assert_eq!(either.to_string(), "keys:read | keys:rotate");
/// assert_eq!(careful.to_string(), "keys:read & keys:rotate, aal2, fresh 300s, hidden");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Access {
    pub(crate) needs: Needs,
    pub(crate) level: Level,
    pub(crate) fresh: Option<Duration>,
    pub(crate) hidden: bool,
    pub(crate) rate_class: Option<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needs {
    /// The caller is signed in to the tenant.
    Member,
    /// The caller is a person who has signed in, and no program.
    Person,
    One(Key),
    All(Vec<Key>),
    Any(Vec<Key>),
}

/// A permission of one of the program's enums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) of: TypeId,
    pub(crate) index: usize,
    pub(crate) name: &'static str,
}

impl Key {
    pub(crate) fn new<P: Permission>(permission: &P) -> Self {
        Self {
            of: TypeId::of::<P>(),
            index: permission.index(),
            name: permission.name(),
        }
    }
}

impl Access {
    const fn new(needs: Needs) -> Self {
        Self {
            needs,
            level: Level::Aal1,
            fresh: None,
            hidden: false,
            rate_class: None,
        }
    }

    /// Asks for nothing but a caller who is signed in to the tenant and has a role there.
    pub const fn member() -> Self {
        Self::new(Needs::Member)
    }

    /// Asks for a person who has signed in by themselves and has a role in the tenant: no program, whether it
    /// acts for itself or with what a person has granted it. For routes over the person's own account.
    pub const fn person() -> Self {
        Self::new(Needs::Person)
    }

    /// Asks for a permission. The enum of permissions converts into it by itself.
    pub fn permission<P: Permission>(permission: &P) -> Self {
        Self::new(Needs::One(Key::new(permission)))
    }

    /// Asks for each of several permissions. Of none, it asks as [`Access::member`] does.
    pub fn all<P: Permission>(permissions: impl IntoIterator<Item = P>) -> Self {
        let keys: Vec<Key> = permissions.into_iter().map(|one| Key::new(&one)).collect();
        Self::new(match keys.as_slice() {
            [] => Needs::Member,
            [one] => Needs::One(*one),
            _ => Needs::All(keys),
        })
    }

    /// Asks for one of several permissions. Of none, nobody has it.
    pub fn any<P: Permission>(permissions: impl IntoIterator<Item = P>) -> Self {
        let keys = permissions.into_iter().map(|one| Key::new(&one));
        Self::new(Needs::Any(keys.collect()))
    }

    /// Asks besides for a person who has signed in at this level or above. Another one is told so with the challenge
    /// of RFC 9470, and so is a program that acts for itself, which can reach none but the lowest.
    pub const fn at_level(mut self, level: Level) -> Self {
        self.level = level;
        self
    }

    /// Asks besides for a caller who has proven who they are within this time. Another one is told so with
    /// the challenge of RFC 9470, and signs in again.
    pub const fn fresh_within(mut self, age: Duration) -> Self {
        self.fresh = Some(age);
        self
    }

    /// Answers callers without the permission that there is nothing (404), because already that there is
    /// something is a secret.
    pub const fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }

    /// Names the class of routes that share a rate limit, for the table of routes and for whoever limits.
    /// Its name is told to clients: letters, digits, `-`, `_` and `.`.
    pub const fn rate_class(mut self, class: &'static str) -> Self {
        self.rate_class = Some(class);
        self
    }

    #[cfg(feature = "axum")]
    pub(crate) fn keys(&self) -> &[Key] {
        match &self.needs {
            Needs::Member | Needs::Person => &[],
            Needs::One(key) => std::slice::from_ref(key),
            Needs::All(keys) | Needs::Any(keys) => keys,
        }
    }
}

impl fmt::Display for Needs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (keys, word) = match self {
            Self::Member => return f.write_str("member"),
            Self::Person => return f.write_str("person"),
            Self::One(key) => return f.write_str(key.name),
            Self::Any(keys) if keys.is_empty() => return f.write_str("nobody"),
            Self::All(keys) => (keys, " & "),
            Self::Any(keys) => (keys, " | "),
        };
        let names: Vec<&str> = keys.iter().map(|key| key.name).collect();
        f.write_str(&names.join(word))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.needs)?;
        if self.level > Level::Aal1 {
            write!(f, ", {}", self.level)?;
        }
        if let Some(age) = self.fresh {
            write!(f, ", fresh {}s", age.as_secs())?;
        }
        if self.hidden {
            f.write_str(", hidden")?;
        }
        if let Some(class) = self.rate_class {
            write!(f, ", rate {class}")?;
        }
        Ok(())
    }
}

/// What a route can be given as its demand: a permission of the program, or an [`Access`].
///
/// It is a trait of its own so that a route without one is told what is missing.
#[diagnostic::on_unimplemented(
    message = "a route says who may call it, and `{Self}` does not",
    label = "neither a permission nor an `Access`",
    note = "give a variant of the program's permissions, or `Access::member()`; only after `.public()` a route takes none"
)]
pub trait IntoAccess {
    /// Gives the demand.
    fn into_access(self) -> Access;
}

impl<P: Permission> IntoAccess for P {
    fn into_access(self) -> Access {
        Access::permission(&self)
    }
}

impl IntoAccess for Access {
    fn into_access(self) -> Access {
        self
    }
}
