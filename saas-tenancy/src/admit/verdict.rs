//! The decision, apart from how a request comes to it.

use saas_core::{Code, Principal, Problem};

use crate::{Actor, Scope, Status, Tenant};

/// What was decided about a request. It stands in the request's extensions, so that whoever needs a
/// scope can tell a caller who has not signed in from a stack that never asked.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Admission {
    /// Nobody is signed in.
    Anonymous,
    /// The caller acts in one tenant.
    Admitted(Scope),
}

/// What may name the tenant of a signed-in caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The address, and the verified token where the address names none.
    Token,
    /// The address alone.
    Address,
}

/// Joins the tenant that the address names, if any, with the verified caller.
///
/// `home` is the tenant that the credential is good for, as the registry knows it now.
///
/// # Errors
///
/// `token-invalid` when that tenant is gone, `tenant-foreign` when the address names another one,
/// `tenant-suspended`, `tenant-required` when it names none and has to.
pub(super) fn admit(
    source: Source,
    named: Option<&Tenant>,
    principal: Principal,
    home: Option<Tenant>,
) -> Result<Scope, Problem> {
    // A tenant that is gone looks like a token that was never good.
    let home = home
        .filter(|tenant| tenant.id() == principal.tenant())
        .ok_or(Code::TOKEN_INVALID)?;
    if named.is_some_and(|named| named.id() != home.id()) {
        return Err(Problem::new(Code::TENANT_FOREIGN));
    }
    if named.is_none() && source == Source::Address {
        return Err(Problem::new(Code::TENANT_REQUIRED));
    }
    if home.status() != Status::Active {
        return Err(Problem::new(Code::TENANT_SUSPENDED));
    }
    Ok(Scope::mint(home, Actor::Principal(principal)))
}
