//! The file out of its parts.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{TryStreamExt as _, stream};
use saas_core::Id;
use saas_tenancy::Scope;
use uuid::Uuid;

use super::{
    Uploads, number, part_key, parts_of,
    row::{UploadRow, UploadRows as _},
};
use crate::{
    ByteStream, Error, Files, Key, PutOptions,
    object::{FileRow, FileRowPatch, LOCK, STAGED, UPLOADING},
};

impl Uploads {
    /// Makes the file that an upload with all its bytes is of, unless that has been done, or is being done by this
    /// process. Several processes may try at once: the object is the same, and one gives it its name.
    pub(super) async fn finish(&self, scope: &Scope, row: &UploadRow) -> Result<(), Error> {
        let Some(_turn) = Turn::take(&self.finishing, row.id.as_uuid()) else {
            return Ok(());
        };
        let id: Id<FileRow> = Id::from_uuid(row.id.as_uuid());
        if !self.files.stage_upload(scope, id).await? {
            return Ok(());
        }
        let damaged = |_| Error::Backend("the row of an upload cannot be read".into());
        let key: Key = row.path.parse().map_err(damaged)?;
        let body = parts(self.files.clone(), scope.clone(), row.clone());
        let room = self.files.room(scope, id, number(row.size));
        let options = PutOptions::default();
        match self.files.receive(scope, &key, body, room, &options).await {
            Ok(_) => {
                let parts = parts_of(row.id)?;
                if let Err(error) = self.files.storage().delete_all(scope, &parts).await {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, "the parts of a file stay until the next sweep");
                }
                Ok(())
            }
            // Whoever sends the last byte again, or asks, tries again.
            Err(error @ (Error::Backend(_) | Error::Database(_))) => {
                match self.files.stage_upload(scope, id).await {
                    // Somebody else has finished it meanwhile.
                    Ok(false) => Ok(()),
                    _ => Err(error),
                }
            }
            Err(error) => {
                self.files.end_upload(scope, row.id).await?;
                Err(error)
            }
        }
    }
}

/// Which uploads are being finished by this process: whoever asks often does not have the work done as often.
pub(super) type Finishing = Arc<Mutex<HashSet<Uuid>>>;

/// The right to finish an upload, as long as it lives.
struct Turn {
    of: Finishing,
    id: Uuid,
}

impl Turn {
    fn take(of: &Finishing, id: Uuid) -> Option<Self> {
        let mut busy = of.lock().unwrap_or_else(PoisonError::into_inner);
        busy.insert(id).then(|| Self {
            of: Arc::clone(of),
            id,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut busy = self.of.lock().unwrap_or_else(PoisonError::into_inner);
        busy.remove(&self.id);
    }
}

impl Files {
    /// Lets the file of an upload be received. Gives whether there is anything to do: not where the file has
    /// been made, and maybe deleted since.
    async fn stage_upload(&self, scope: &Scope, id: Id<FileRow>) -> Result<bool, Error> {
        let mut tx = self.database().write(scope);
        tx.lock(LOCK).await?;
        let row = tx.repo::<FileRow>().find(id).await?;
        match row.as_ref().map(|row| row.state.as_str()) {
            Some(STAGED) => return Ok(true),
            Some(UPLOADING) => {}
            _ => return Ok(false),
        }
        let patch = FileRowPatch {
            state: Some(STAGED.to_owned()),
            ..FileRowPatch::default()
        };
        tx.repo::<FileRow>().update(id, None, patch).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Reads the parts of an upload one after the other.
fn parts(files: Files, scope: Scope, upload: UploadRow) -> ByteStream {
    let parts = stream::try_unfold(0, move |start: i64| {
        let (files, scope, upload) = (files.clone(), scope.clone(), upload.clone());
        async move {
            if start >= upload.size {
                return Ok(None);
            }
            let mut tx = files.database().read_primary(&scope);
            let part = tx.part_at(upload.id, start).await.map_err(Error::from)?;
            drop(tx);
            let missing = || Error::Backend("a part of an upload is not there".into());
            let part = part.ok_or_else(missing)?;
            let key = part_key(upload.id, part.id)?;
            let (info, contents) = files.storage().get(&scope, &key, None).await?;
            if info.size != number(part.size) || part.size <= 0 {
                return Err(missing());
            }
            // That the store cannot be read says nothing about the file.
            let contents = contents.map_err(|error| Error::Backend(error).into_stream());
            Ok(Some((contents, start.saturating_add(part.size))))
        }
    });
    // An error of ours stays one through the streams that it passes.
    let parts = parts.map_err(|error: Error| match error {
        Error::NotFound => Error::Backend("a part of an upload is not there".into()).into_stream(),
        error => error.into_stream(),
    });
    Box::pin(parts.try_flatten())
}
