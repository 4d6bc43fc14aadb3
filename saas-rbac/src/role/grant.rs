//! Nobody gives what he lacks.

use saas_core::UserId;
use saas_tenancy::{Actor, TenantTx};

use super::Presets;
use crate::{
    Error,
    policy::{model, store::Rules as _},
};

/// Gives the roles of a user as the transaction sees them, sorted.
pub(super) async fn roles_of(tx: &mut TenantTx, user: UserId) -> Result<Vec<String>, Error> {
    let rows = tx.groupings_of(&model::user(user)).await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| row.v1.strip_prefix("role:").map(ToOwned::to_owned))
        .collect())
}

/// Gives what the holders of a role may do, sorted.
pub(super) async fn permissions_of_role(
    presets: &Presets,
    tx: &mut TenantTx,
    role: &str,
) -> Result<Vec<String>, Error> {
    if let Some(permissions) = presets.get(role) {
        return Ok(permissions
            .iter()
            .map(|permission| (*permission).to_owned())
            .collect());
    }
    let rows = tx.permissions_of_role(&model::role(role)).await?;
    Ok(rows.into_iter().map(|rule| rule.permission()).collect())
}

/// Refuses when the caller lacks one of the permissions. What the caller holds is read inside the
/// transaction, not from a cache. The service itself may give anything.
pub(super) async fn require(
    presets: &Presets,
    tx: &mut TenantTx,
    permissions: &[String],
) -> Result<(), Error> {
    let caller = match tx.scope().actor() {
        Actor::Principal(principal) => principal.subject(),
        Actor::System(_) => return Ok(()),
        _ => return Err(Error::Escalation),
    };
    let mut held = Vec::new();
    for role in roles_of(tx, caller).await? {
        held.extend(permissions_of_role(presets, tx, &role).await?);
    }
    if permissions
        .iter()
        .all(|permission| held.contains(permission))
    {
        Ok(())
    } else {
        Err(Error::Escalation)
    }
}
