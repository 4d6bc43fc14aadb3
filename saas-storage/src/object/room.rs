//! Room for a tenant's files, taken while they arrive.

use saas_core::Id;
use saas_tenancy::{Database, Scope, TenantTx};

use super::row::{FileRow, FileRowPatch, FileRows as _, STAGED};
use crate::Error;

/// Whoever changes what a tenant has holds this.
pub(crate) const LOCK: &str = "saas-files";

/// The room that one file takes.
#[derive(Debug, Clone)]
pub(crate) struct Room {
    pub(super) database: Database,
    pub(super) scope: Scope,
    pub(super) id: Id<FileRow>,
    pub(super) quota: Option<u64>,
    pub(super) taken: u64,
}

impl Room {
    /// Makes room for so many bytes, and for some more where there is any.
    pub(crate) async fn make(&mut self, size: u64, more: u64) -> Result<(), Error> {
        let Some(quota) = self.quota else {
            return Ok(());
        };
        if size <= self.taken {
            return Ok(());
        }
        let mut tx = self.database.write(&self.scope);
        tx.lock(LOCK).await?;
        let others = used(&mut tx).await?.saturating_sub(self.taken);
        let free = quota.saturating_sub(others);
        if size > free {
            return Err(Error::Quota { quota });
        }
        // The less there is, the less is taken in advance, so that others fit who come at the same time.
        let taken = size.saturating_add(more.min((free - size) / 16));
        let row = tx.repo::<FileRow>().get(self.id).await?;
        if row.state != STAGED {
            return Err(Error::Backend(
                "the upload took so long that it was swept".into(),
            ));
        }
        let patch = FileRowPatch {
            size: Some(to_column(taken)),
            ..FileRowPatch::default()
        };
        tx.repo::<FileRow>().update(self.id, None, patch).await?;
        tx.commit().await?;
        self.taken = taken;
        Ok(())
    }
}

/// Gives how many bytes a tenant has, those included that are reserved or about to go.
pub(super) async fn used(tx: &mut TenantTx) -> Result<u64, Error> {
    let (bytes, _) = tx.files_used().await?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}

pub(super) fn to_column(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
