//! Removes uploads whose time is over.

use std::collections::HashSet;

use saas_core::Id;
use saas_tenancy::Scope;

use super::row::{UploadRow, UploadRows as _};
use crate::{Error, Files, Key, MAX_PAGE, Prefix};

/// The folder of the parts.
pub(super) const PARTS: &str = "parts/";

/// Tells the object of a part.
pub(crate) fn is_part(key: &Key) -> bool {
    key.as_str().starts_with(PARTS)
}

impl Files {
    /// Removes the uploads of a tenant whose time is over, and parts of such that are gone. Gives how many
    /// there were.
    pub(crate) async fn sweep_uploads(&self, scope: &Scope) -> Result<u64, Error> {
        let (now, mut expired) = (self.database().clock().now(), 0);
        loop {
            let rows = self
                .database()
                .read_primary(scope)
                .expired_uploads(now)
                .await?;
            if rows.is_empty() {
                break;
            }
            for row in rows {
                self.end_upload(scope, row.id).await?;
                expired += 1;
            }
        }
        self.sweep_parts(scope).await?;
        Ok(expired)
    }

    /// Removes parts that arrived when their upload was gone. An upload is there before its parts.
    async fn sweep_parts(&self, scope: &Scope) -> Result<(), Error> {
        let Ok(folder) = PARTS.parse::<Prefix>() else {
            return Ok(());
        };
        let mut after = None;
        loop {
            let list = self
                .storage()
                .list(scope, &folder, after.as_ref(), MAX_PAGE);
            let page = list.await?;
            let ids = page.items.iter().filter_map(|info| upload_of(&info.path));
            let mut tx = self.database().read_primary(scope);
            let rows = tx.repo::<UploadRow>().find_many(ids).await?;
            drop(tx);
            let known: HashSet<_> = rows.into_iter().map(|row| row.id).collect();
            for info in page.items {
                if upload_of(&info.path).is_none_or(|id| !known.contains(&id)) {
                    self.storage().delete(scope, &info.path).await?;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

fn upload_of(key: &Key) -> Option<Id<UploadRow>> {
    key.segments().nth(1)?.parse().ok()
}
