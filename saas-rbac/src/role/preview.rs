//! What a change would do, before it is made.

use std::collections::HashSet;

use saas_tenancy::TenantTx;
use serde::Serialize;

use super::{Roles, Subject};
use crate::{
    Error,
    engine::{self, Bits, Snapshot, graph::Graph},
};

/// How many people are listed by name.
const LISTED: usize = 1000;

/// Who would gain and lose what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Preview {
    /// Whose permissions would change; up to a thousand are listed.
    pub changes: Vec<PermissionChange>,
    /// How many it would be.
    pub total: usize,
}

/// What a change would give to somebody, and take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct PermissionChange {
    /// Whom, such as `user:` and an id.
    pub subject: String,
    /// What would be allowed that is not.
    pub gains: Vec<String>,
    /// What would not be allowed any more.
    pub loses: Vec<String>,
}

/// How a change that is only tried ends.
enum Tried {
    /// As hoped; these are the rules it would leave.
    After(Graph),
    Failed(Error),
}

impl From<saas_tenancy::Error> for Tried {
    fn from(error: saas_tenancy::Error) -> Self {
        Self::Failed(error.into())
    }
}

impl Roles {
    /// Makes a change, looks at whom it affects, and undoes it. The change is made by the same functions as in
    /// earnest, so what they would refuse is refused here.
    ///
    /// ```
    /// use saas_rbac::{Error, Preview, RoleSpec, Roles};
    /// use saas_tenancy::TenantTx;
    ///
    /// async fn what_if(roles: &Roles, tx: &mut TenantTx, spec: &RoleSpec) -> Result<Preview, Error> {
    ///     roles.preview(tx, async |tx| roles.update(tx, "editor", spec).await).await
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of the change; [`saas_tenancy::Error::ReadOnly`] in a reading transaction, because it is made.
    pub async fn preview<T>(
        &self,
        tx: &mut TenantTx,
        change: impl AsyncFnOnce(&mut TenantTx) -> Result<T, Error>,
    ) -> Result<Preview, Error> {
        let presets = self.presets();
        let before = engine::graph(tx, presets).await?;
        let tried = tx
            .savepoint(async |tx| -> Result<(), Tried> {
                change(tx).await.map_err(Tried::Failed)?;
                let after = engine::graph(tx, presets).await.map_err(Tried::Failed)?;
                Err(Tried::After(after))
            })
            .await;
        match tried {
            Err(Tried::After(after)) => Ok(self.compare(&before, &after)),
            Err(Tried::Failed(error)) => Err(error),
            Ok(()) => Ok(Preview {
                changes: Vec::new(),
                total: 0,
            }),
        }
    }

    fn compare(&self, before: &Graph, after: &Graph) -> Preview {
        let holders = before.holders().chain(after.holders());
        let people: HashSet<Subject> = holders.map(|(subject, _)| *subject).collect();
        let (before, after) = (Snapshot::compile(before), Snapshot::compile(after));
        let nothing = Bits::default();
        let mut changes = Vec::new();
        for subject in people {
            let old = before.permissions_of(subject).unwrap_or(&nothing);
            let new = after.permissions_of(subject).unwrap_or(&nothing);
            if old != new {
                changes.push((subject.to_string(), without(new, old), without(old, new)));
            }
        }
        changes.retain(|(_, gains, loses)| !gains.is_empty() || !loses.is_empty());
        changes.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        let total = changes.len();
        let listed = changes.into_iter().take(LISTED);
        let changes = listed.map(|(subject, gains, loses)| PermissionChange {
            subject,
            gains: self.presets().names(&gains),
            loses: self.presets().names(&loses),
        });
        Preview {
            changes: changes.collect(),
            total,
        }
    }
}

fn without(set: &Bits, other: &Bits) -> Bits {
    let mut rest = set.clone();
    rest.remove(other);
    rest
}
