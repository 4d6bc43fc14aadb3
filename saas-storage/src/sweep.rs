//! Ends what was begun and not finished, until rows and objects are equal.

use std::collections::HashSet;

use saas_core::Id;
use saas_tenancy::Scope;
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Error, Files, Key, MAX_PAGE, Prefix,
    grant::GrantRows as _,
    object::{
        DROPPED, FileRow, FileRowPatch, FileRows as _, KEPT, LOCK, LOST, STAGED, is_free,
        object_key,
    },
    resume::is_part,
};

/// What a sweep has done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Swept {
    /// Uploads that were not finished in time, and are given up.
    pub unfinished: u64,
    /// Uploads in parts whose time is over.
    pub expired: u64,
    /// Versions without a name that were still there, and are removed.
    pub removed: u64,
    /// Objects that no row knows, and that are removed.
    pub orphans: u64,
    /// Files whose object is not there. They cannot be seen any more, and their rows are kept for who
    /// looks into it.
    pub lost: Vec<Key>,
    /// Files that an earlier sweep took for lost and whose object is there again.
    pub found: Vec<Key>,
}

impl Files {
    /// Ends what was begun for a tenant and not finished: by a crash, a caller who went away, or a
    /// store that did not answer. Afterwards each file that can be seen has its object, and each object
    /// a row. Several may run at once, and beside uploads.
    ///
    /// It asks the store about each file, so once a day is often enough.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`], [`Error::Database`]. What was done until then stays done.
    ///
    /// # Cancel safety
    ///
    /// To begin again is always right.
    pub async fn sweep(&self, scope: &Scope) -> Result<Swept, Error> {
        let mut swept = Swept {
            expired: self.sweep_uploads(scope).await?,
            ..Swept::default()
        };
        self.sweep_rows(scope, &mut swept).await?;
        self.sweep_objects(scope, &mut swept).await?;
        if swept != Swept::default() {
            tracing::info!(tenant = %scope.tenant().id(), ?swept, "files were swept");
        }
        Ok(swept)
    }

    async fn sweep_rows(&self, scope: &Scope, swept: &mut Swept) -> Result<(), Error> {
        let late = self
            .database()
            .clock()
            .now()
            .saturating_sub(self.unfinished_after());
        let mut after = Id::from_uuid(Uuid::nil());
        loop {
            let rows = self
                .database()
                .read_primary(scope)
                .files_after(after)
                .await?;
            let Some(last) = rows.last() else {
                return Ok(());
            };
            after = last.id;
            for row in rows {
                match row.state.as_str() {
                    STAGED if row.updated_at <= late && self.give_up(scope, row.id).await? => {
                        swept.unfinished += 1;
                        self.remove(scope, row.id).await?;
                    }
                    DROPPED => {
                        self.remove(scope, row.id).await?;
                        swept.removed += 1;
                    }
                    KEPT if !self.storage().exists(scope, &object_key(row.id)?).await? => {
                        swept.lost.extend(self.lose(scope, row).await?);
                    }
                    LOST if self.storage().exists(scope, &object_key(row.id)?).await? => {
                        swept.found.extend(self.find_again(scope, row).await?);
                    }
                    _ => {}
                }
            }
        }
    }

    /// Hides a file without an object, unless it has been deleted or written over since.
    async fn lose(&self, scope: &Scope, row: FileRow) -> Result<Option<Key>, Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let now = tx.repo::<FileRow>().find(row.id).await?;
        if now.is_none_or(|now| now.state != KEPT) {
            return Ok(None);
        }
        let patch = FileRowPatch {
            name: Some(None),
            state: Some(LOST.to_owned()),
            ..FileRowPatch::default()
        };
        tx.repo::<FileRow>().update(row.id, None, patch).await?;
        tx.end_grants(&row.path).await?;
        tx.commit().await?;
        Ok(row.path.parse().ok())
    }

    /// Shows a file again, where its name is free still.
    async fn find_again(&self, scope: &Scope, row: FileRow) -> Result<Option<Key>, Error> {
        let Ok(key) = row.path.parse::<Key>() else {
            return Ok(None);
        };
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let now = tx.repo::<FileRow>().find(row.id).await?;
        if now.is_none_or(|now| now.state != LOST) || !is_free(&mut tx, &key).await? {
            return Ok(None);
        }
        let patch = FileRowPatch {
            name: Some(Some(row.path)),
            state: Some(KEPT.to_owned()),
            ..FileRowPatch::default()
        };
        tx.repo::<FileRow>().update(row.id, None, patch).await?;
        tx.commit().await?;
        Ok(Some(key))
    }

    /// Removes objects that no row knows. A row is always there before its object, so one that has none
    /// when it is seen never gets one.
    async fn sweep_objects(&self, scope: &Scope, swept: &mut Swept) -> Result<(), Error> {
        let (everything, mut after) = (Prefix::default(), None);
        loop {
            let page = self
                .storage()
                .list(scope, &everything, after.as_ref(), MAX_PAGE)
                .await?;
            let ids = page.items.iter().filter_map(|info| id_of(&info.path));
            // A replica does not know yet what was stored just now.
            let mut tx = self.database().read_primary(scope);
            let rows = tx.repo::<FileRow>().find_many(ids).await?;
            drop(tx);
            let known: HashSet<_> = rows.into_iter().map(|row| row.id).collect();
            for info in page.items {
                // Those are looked after where uploads are.
                let is_known = id_of(&info.path).is_some_and(|id| known.contains(&id));
                if !is_known && !is_part(&info.path) {
                    self.storage().delete(scope, &info.path).await?;
                    swept.orphans += 1;
                }
            }
            after = page.next;
            if after.is_none() {
                return Ok(());
            }
        }
    }
}

/// Gives the version that an object is of, where its name is one of ours.
fn id_of(key: &Key) -> Option<Id<FileRow>> {
    let id = key.file_name().parse().ok()?;
    (object_key(id).ok().as_ref() == Some(key)).then_some(id)
}
