//! Access that no caller asked for, with its reason.

use std::{fmt, marker::PhantomData};

use super::{Actor, Scope};
use crate::Tenant;

/// A reason for which the service reaches data on its own account.
///
/// Declare a type for each reason. `cargo xtask scopes` lists them with their uses in
/// `docs/system-scopes.md`, and CI compares, so that each new one shows in review.
///
/// # Examples
///
/// ```
/// use saas_tenancy::{Reason, SystemScope};
///
/// /// Sums up the usage of every tenant at the end of the month.
/// pub struct BillingRun;
///
/// impl Reason for BillingRun {
///     const NAME: &'static str = "billing-run";
///     const WHY: &'static str = "sums up the usage of every tenant for its invoice";
/// }
///
/// let scope = SystemScope::<BillingRun>::enter();
/// assert_eq!(scope.reason(), "billing-run");
/// ```
pub trait Reason: 'static {
    /// The name, in lower case letters and hyphens.
    const NAME: &'static str;
    /// Why the access is needed, as a sentence for a reviewer.
    const WHY: &'static str;
    /// Whether it happens all the time by itself, such as loading the rules of a tenant. Its audit events are
    /// then at the level `debug`, and otherwise at `info`.
    const ROUTINE: bool = false;
}

/// The right to act for a declared reason.
pub struct SystemScope<R: Reason>(PhantomData<fn() -> R>);

impl<R: Reason> SystemScope<R> {
    /// Enters the scope. It is noted in the log.
    #[must_use]
    pub fn enter() -> Self {
        tracing::debug!(target: "saas::audit", reason = R::NAME, "system scope entered");
        Self(PhantomData)
    }

    /// Gives the name of the reason.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        R::NAME
    }

    /// Goes on inside one tenant. Each time is an audit event: it is logged with the target `saas::audit`,
    /// the reason and the tenant, at the level that [`Reason::ROUTINE`] says.
    #[must_use]
    pub fn within(&self, tenant: &Tenant) -> Scope {
        let tenant_id = tracing::field::display(tenant.id());
        if R::ROUTINE {
            tracing::debug!(target: "saas::audit", reason = R::NAME, tenant = tenant_id, "system scope in a tenant");
        } else {
            tracing::info!(target: "saas::audit", reason = R::NAME, tenant = tenant_id, "system scope in a tenant");
        }
        Scope::mint(tenant.clone(), Actor::System(R::NAME))
    }
}

impl<R: Reason> fmt::Debug for SystemScope<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SystemScope({})", R::NAME)
    }
}
