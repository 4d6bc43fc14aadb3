//! The capability behind every access to tenant data.
//!
//! A [`Scope`] says *whose data* and *on whose behalf*. It has no public constructor, no `Default`,
//! no `Deserialize`, and it cannot be made from an id. There are two ways to one:
//!
//! - [`admit`](crate::admit) joins a tenant that the registry knows with a principal that the
//!   identity layer has verified: in the layers of a service, or by `Registry::admit` outside of them;
//! - a [`SystemScope`] names a declared reason for work that no caller asked for, and
//!   [enters](SystemScope::within) a tenant with it.

mod system;

use std::{fmt, sync::Arc};

use saas_core::Principal;

pub use system::{Reason, SystemScope};

use crate::Tenant;

/// The right to the data of one tenant, on behalf of a caller or of the service; cheap to clone.
///
/// It has no public constructor, no `Default` and no `Deserialize`, and cannot be made from an id.
/// `AdmitLayer` mints it for a verified caller, and [`SystemScope::within`] for a declared reason.
#[derive(Clone)]
pub struct Scope(Arc<Parts>);

struct Parts {
    tenant: Tenant,
    actor: Actor,
}

/// On whose behalf something happens.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Actor {
    /// A caller whose identity was verified.
    Principal(Principal),
    /// The service itself, for the reason of that name.
    System(&'static str),
}

impl Scope {
    pub(crate) fn mint(tenant: Tenant, actor: Actor) -> Self {
        Self(Arc::new(Parts { tenant, actor }))
    }

    /// Gives the tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.0.tenant
    }

    /// Tells on whose behalf.
    #[must_use]
    pub fn actor(&self) -> &Actor {
        &self.0.actor
    }

    /// Gives the caller, when there is one.
    #[must_use]
    pub fn principal(&self) -> Option<&Principal> {
        match &self.0.actor {
            Actor::Principal(principal) => Some(principal),
            Actor::System(_) => None,
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("tenant", self.tenant())
            .field("actor", self.actor())
            .finish()
    }
}
