//! What somebody who comes with a grant gets for it.

use saas_core::Id;
use saas_tenancy::{AuditEvent, Scope, TenantTx};

use super::{
    Grant, Grants,
    row::{GrantRow, GrantRows as _},
    subjects,
};
use crate::{Error, File, Files, Key, object::FileRows as _};

/// The proof that somebody may read one file by a grant, which was counted and recorded. Only [`Grants`] makes
/// it.
#[derive(Debug, Clone)]
pub struct Pass {
    pub(super) scope: Scope,
    pub(super) key: Key,
    pub(super) grant: Id<Grant>,
}

impl Pass {
    /// Gives the scope to read the file in.
    #[must_use]
    pub const fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Gives the name of the file.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Gives the grant.
    #[must_use]
    pub const fn grant(&self) -> Id<Grant> {
        self.grant
    }
}

impl Grants {
    /// Lets the caller in to a file, by a grant to the person or to one of these roles.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such grant, or no such file: which of the two is not told.
    pub async fn enter(&self, scope: &Scope, key: &Key, roles: &[String]) -> Result<Pass, Error> {
        let mut tx = self.files.database().write(scope);
        let now = tx.database().clock().now();
        for (kind, subject) in subjects(scope, roles) {
            let grant = tx.grant_for(key.as_str(), kind, &subject, now).await?;
            let Some(grant) = grant else {
                continue;
            };
            if self.pass(&mut tx, &grant, key).await? {
                tx.commit().await?;
                return Ok(Pass {
                    scope: scope.clone(),
                    key: key.clone(),
                    grant: Id::from_uuid(grant.id.as_uuid()),
                });
            }
        }
        Err(Error::NotFound)
    }

    /// Counts and records a use. Gives whether the grant was still good for one.
    pub(super) async fn pass(
        &self,
        tx: &mut TenantTx,
        grant: &GrantRow,
        key: &Key,
    ) -> Result<bool, Error> {
        let now = tx.database().clock().now();
        if tx.use_grant(grant.id, now).await? == 0 {
            return Ok(false);
        }
        let file = self.files.named_in(tx, key).await?;
        let by =
            serde_json::json!({ "grant": grant.id, "kind": grant.kind, "revision": file.revision });
        let event = AuditEvent::new("file.read", format!("file:{key}"));
        tx.record(event.after(&by)?).await?;
        Ok(true)
    }
}

impl Files {
    /// Gives what is known of a file, in a transaction that is under way.
    pub(crate) async fn named_in(&self, tx: &mut TenantTx, key: &Key) -> Result<File, Error> {
        let row = tx.file_named(key.as_str()).await?;
        File::of(row.ok_or(Error::NotFound)?)
    }
}
