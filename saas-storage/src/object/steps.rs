//! The steps that a version of a file goes through, a transaction each.

use saas_core::Id;
use saas_tenancy::{AuditEvent, Scope, TenantTx};

use super::{
    File, FileFacts, Files,
    room::{LOCK, Room, to_column, used},
    row::{DROPPED, FileRow, FileRowPatch, FileRows as _, KEPT, NewFileRow, STAGED, UPLOADING},
};
use crate::{Error, Existing, Key, PutOptions, grant::GrantRows as _, upload::Seen};

/// Gives the name of the object of a version. The folders are as many as two digits allow, so that a
/// disk has no folder with all files in it.
pub(crate) fn object_key(id: Id<FileRow>) -> Result<Key, Error> {
    let text = id.to_string();
    let folder = text.get(text.len().saturating_sub(2)..).unwrap_or_default();
    let key = format!("objects/{folder}/{text}").parse();
    key.map_err(|_| Error::Backend("an id that is no name".into()))
}

impl Files {
    /// Makes the row of a version that is about to arrive, and room for what was announced of it.
    pub(super) async fn stage(
        &self,
        scope: &Scope,
        key: &Key,
        facts: FileFacts,
        options: &PutOptions,
    ) -> Result<Room, Error> {
        let taken = facts.announced_size.unwrap_or(0);
        let mut tx = self.database().write(scope);
        let id = self.begin(&mut tx, key, facts, options, STAGED).await?;
        tx.commit().await?;
        Ok(self.room(scope, id, taken))
    }

    /// Adds the row of a version, in a state before it can be seen.
    pub(crate) async fn begin(
        &self,
        tx: &mut TenantTx,
        key: &Key,
        facts: FileFacts,
        options: &PutOptions,
        state: &str,
    ) -> Result<Id<FileRow>, Error> {
        let announced = facts.announced_size.unwrap_or(0);
        let limit = options.limit().min(self.storage().max_size());
        if announced > limit {
            return Err(Error::TooLarge { limit });
        }
        tx.lock(LOCK).await?;
        check_free(tx, key, options).await?;
        let quota = self.quota(tx.scope());
        if let Some(quota) = quota
            && announced > quota.saturating_sub(used(tx).await?)
        {
            return Err(Error::Quota { quota });
        }
        let new = NewFileRow {
            name: None,
            path: key.to_string(),
            state: state.to_owned(),
            size: to_column(announced),
            sha256: None,
            media_type: None,
            owner_id: facts.owner,
            fields: facts.fields.into(),
            revision: 0,
        };
        Ok(tx.repo::<FileRow>().insert(new).await?.id)
    }

    /// Gives the room that the row of a version has taken.
    pub(crate) fn room(&self, scope: &Scope, id: Id<FileRow>, taken: u64) -> Room {
        Room {
            database: self.database().clone(),
            scope: scope.clone(),
            id,
            quota: self.quota(scope),
            taken,
        }
    }

    /// Gives a version its name, and takes it from the one before, which it gives too.
    pub(super) async fn keep(
        &self,
        scope: &Scope,
        id: Id<FileRow>,
        key: &Key,
        seen: &Seen,
        options: &PutOptions,
    ) -> Result<(File, Option<Id<FileRow>>), Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let before = check_free(&mut tx, key, options).await?;
        let row = tx.repo::<FileRow>().find(id).await?;
        if row.is_none_or(|row| row.state != STAGED) {
            return Err(Error::Backend(
                "the upload took so long that it was swept".into(),
            ));
        }
        if let Some(before) = &before {
            unname(&mut tx, before.id).await?;
        }
        let patch = FileRowPatch {
            name: Some(Some(key.to_string())),
            state: Some(KEPT.to_owned()),
            path: None,
            size: Some(to_column(seen.size)),
            sha256: Some(Some(seen.sha256.to_vec())),
            media_type: Some(Some(seen.media_type.to_owned())),
            revision: Some(
                before
                    .as_ref()
                    .map_or(1, |before| before.revision.saturating_add(1)),
            ),
        };
        let row = tx.repo::<FileRow>().update(id, None, patch).await?;
        let file = replaced(&mut tx, File::of(row)?, before.clone()).await?;
        tx.commit().await?;
        Ok((file, before.map(|before| before.id)))
    }

    /// Gives a file another name. Gives the version that had that, too.
    pub(super) async fn give_name(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: &PutOptions,
    ) -> Result<(File, Option<Id<FileRow>>), Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let row = tx.file_named(from.as_str()).await?;
        let row = row.ok_or(Error::NotFound)?;
        if from == to {
            let file = File::of(row)?;
            options.check(Some(&file.info()))?;
            return Ok((file, None));
        }
        let limit = options.limit();
        if row.size > to_column(limit) {
            return Err(Error::TooLarge { limit });
        }
        let before = check_free(&mut tx, to, options).await?;
        if let Some(before) = &before {
            unname(&mut tx, before.id).await?;
        }
        let patch = FileRowPatch {
            name: Some(Some(to.to_string())),
            path: Some(to.to_string()),
            revision: Some(
                before
                    .as_ref()
                    .map_or(1, |before| before.revision.saturating_add(1)),
            ),
            ..FileRowPatch::default()
        };
        let row = tx.repo::<FileRow>().update(row.id, None, patch).await?;
        tx.end_grants(to.as_str()).await?;
        tx.move_grants(to.as_str(), from.as_str()).await?;
        let file = replaced(&mut tx, File::of(row)?, before.clone()).await?;
        tx.commit().await?;
        Ok((file, before.map(|before| before.id)))
    }

    /// Takes the name from a file. Gives its version, if there was one.
    pub(super) async fn unlink(
        &self,
        scope: &Scope,
        key: &Key,
        expected: Option<&str>,
    ) -> Result<Option<Id<FileRow>>, Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let row = tx.file_named(key.as_str()).await?;
        if let Some(etag) = expected {
            let found = row.clone().map(File::of).transpose()?;
            if found.is_none_or(|file| file.etag != etag) {
                return Err(Error::Changed);
            }
        }
        let Some(row) = row else {
            return Ok(None);
        };
        unname(&mut tx, row.id).await?;
        // Whoever was let in was let in to this file, and not to one that gets its name.
        tx.end_grants(key.as_str()).await?;
        let event = AuditEvent::new("file.deleted", format!("file:{key}"));
        tx.record(event.before(&File::of(row.clone())?.shown())?)
            .await?;
        tx.commit().await?;
        Ok(Some(row.id))
    }

    /// Marks a version that was not finished, so that nothing finishes it any more.
    pub(crate) async fn give_up(&self, scope: &Scope, id: Id<FileRow>) -> Result<bool, Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let row = tx.repo::<FileRow>().find(id).await?;
        if row.is_none_or(|row| ![STAGED, UPLOADING].contains(&row.state.as_str())) {
            return Ok(false);
        }
        unname(&mut tx, id).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes what is left of a version that has no name: the object, and then its row.
    pub(crate) async fn remove(&self, scope: &Scope, id: Id<FileRow>) -> Result<(), Error> {
        self.storage().delete(scope, &object_key(id)?).await?;
        let mut tx = self.database().write(scope);
        match tx.repo::<FileRow>().purge(id, None).await {
            // Somebody else was faster.
            Ok(()) | Err(saas_tenancy::Error::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(tx.commit().await?)
    }

    /// Does the same, and leaves what fails to the next sweep.
    pub(super) async fn try_remove(&self, scope: &Scope, id: Id<FileRow>) {
        if let Err(error) = self.remove(scope, id).await {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(error, "a version without a name stays until the next sweep");
        }
    }
}

/// Records that a version took the name of another, whose bytes are gone with it. Gives the version.
async fn replaced(tx: &mut TenantTx, file: File, before: Option<FileRow>) -> Result<File, Error> {
    if let Some(before) = before {
        let event = AuditEvent::new("file.replaced", format!("file:{}", file.path));
        let event = event.before(&File::of(before)?.shown())?;
        tx.record(event.after(&file.shown())?).await?;
    }
    Ok(file)
}

pub(crate) async fn unname(tx: &mut TenantTx, id: Id<FileRow>) -> Result<(), Error> {
    let patch = FileRowPatch {
        name: Some(None),
        state: Some(DROPPED.to_owned()),
        ..FileRowPatch::default()
    };
    tx.repo::<FileRow>().update(id, None, patch).await?;
    Ok(())
}

/// Refuses a name that is a folder or leads through a file, and what the options refuse. Gives the
/// version that has the name.
async fn check_free(
    tx: &mut TenantTx,
    key: &Key,
    options: &PutOptions,
) -> Result<Option<FileRow>, Error> {
    let folders = key.folders().map(|folder| Some(folder.to_owned()));
    let through = FileRow::NAME.is_in(folders);
    let inside = tx
        .files_between(&format!("{key}/"), &format!("{key}0"), 1)
        .await?;
    if !inside.is_empty() || tx.repo::<FileRow>().exists(through).await? {
        return Err(Error::Conflict);
    }
    let found = tx.file_named(key.as_str()).await?;
    let info = found.clone().map(File::of).transpose()?;
    options.check(info.map(|file| file.info()).as_ref())?;
    Ok(found)
}

/// Tells whether a file may have a name.
pub(crate) async fn is_free(tx: &mut TenantTx, key: &Key) -> Result<bool, Error> {
    let fresh = PutOptions::default().existing(Existing::Keep);
    match check_free(tx, key, &fresh).await {
        Ok(_) => Ok(true),
        Err(Error::Conflict | Error::Exists) => Ok(false),
        Err(error) => Err(error),
    }
}
