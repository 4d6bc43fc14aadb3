//! Uploads in parts, which go on after a connection, or the service, has ended.
//!
//! What arrives is written to the storage in objects of a few MiB. Each becomes a row in the transaction that
//! moves the number of bytes on that the sender is told, so what was acknowledged is there whatever happens
//! next. When all bytes are there, the parts are read in their order into the one object of the file. That
//! moves the bytes twice, and is the same on every backend, encrypted or not; what the services offer for it
//! differs, and a folder has nothing.
//!
//! ```text
//! create   a row of the upload, and one of the file, which takes its room
//! append   parts/{upload}/{part}, then its row and the offset, again and again
//! finish   the file is received from its parts, as any other file is; then the parts go
//! ```

mod append;
mod finish;
mod row;
mod sweep;
#[cfg(feature = "axum")]
pub(crate) mod tus;

use std::time::Duration;

use saas_core::{Id, Timestamp, config::Period};
use saas_tenancy::{Scope, TenantTx};
use serde::{Deserialize, Serialize};

#[cfg(feature = "axum")]
pub use self::tus::{DISCOVERY as TUS_DISCOVERY, tus};
use self::{finish::Finishing, row::NewUploadRow};
pub(crate) use self::{
    row::{PartRow, UploadRow},
    sweep::is_part,
};
use crate::{
    Error, FileFacts, Files, Key, Prefix, PutOptions, Storage as _,
    object::{FileRow, LOCK as FILES, STAGED, UPLOADING, unname},
    resume::row::UploadRows as _,
};

/// Whoever moves an upload on, or ends it, holds this.
const LOCK: &str = "saas-uploads";

/// An upload keeps so much of what its sender says about it, in bytes.
const MAX_METADATA: usize = 4096;

/// Configures uploads in parts.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct UploadsConfig {
    /// An upload to which nothing was added for so long is removed.
    pub expires_after: Period,
    /// The size of a part in bytes. It is what a process that is killed can lose, and no more than one is
    /// on its way for each request.
    pub part_size: u64,
    /// How many uploads of one sender may be open.
    pub max_open: u32,
}

impl Default for UploadsConfig {
    fn default() -> Self {
        Self {
            expires_after: Duration::from_secs(24 * 3600).into(),
            part_size: 8 << 20,
            max_open: 1000,
        }
    }
}

/// Receives files in parts; cheap to clone. An upload belongs to whoever began it, and is unknown to everybody
/// else.
///
/// [`Files::sweep`] removes those whose time is over.
///
/// ```
/// use saas_storage::{ByteStream, Error, FileFacts, Key, Uploads};
/// use saas_tenancy::Scope;
///
/// async fn receive(uploads: &Uploads, scope: &Scope, key: &Key, body: ByteStream) -> Result<(), Error> {
///     let upload = uploads.create(scope, key, 1000, FileFacts::default(), "").await?;
///     // Whatever arrives is kept; the sender asks where to go on.
///     let upload = uploads.append(scope, upload.id, 0, body).await?;
///     assert!(upload.received <= upload.size);
///     Ok(())
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Uploads {
    files: Files,
    expires_after: Duration,
    part_size: u64,
    max_open: u32,
    finishing: Finishing,
}

/// An upload in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upload {
    /// Its id.
    pub id: Id<Upload>,
    /// The name that the file gets.
    pub path: Key,
    /// How many bytes the file has.
    pub size: u64,
    /// How many of them are there, and will be after a crash. When all are, the file can be seen.
    pub received: u64,
    /// What the sender says about it.
    pub metadata: String,
    /// When it is removed, unless something is added.
    pub expires_at: Timestamp,
}

impl Uploads {
    /// Makes files out of parts.
    #[must_use]
    pub fn new(files: Files, config: &UploadsConfig) -> Self {
        Self {
            files,
            expires_after: config.expires_after.into(),
            part_size: config.part_size.max(1),
            max_open: config.max_open,
            finishing: Finishing::default(),
        }
    }

    /// Gives the size of the largest file that is accepted, in bytes.
    #[must_use]
    pub fn max_size(&self) -> u64 {
        self.files.max_size()
    }

    /// Begins an upload of so many bytes, and takes room for all of them. What the sender says about it, in
    /// up to 4096 bytes, is given back with it.
    ///
    /// # Errors
    ///
    /// [`Error::TooLarge`], [`Error::Quota`], [`Error::Conflict`], [`Error::TooManyUploads`].
    pub async fn create(
        &self,
        scope: &Scope,
        key: &Key,
        size: u64,
        facts: FileFacts,
        metadata: &str,
    ) -> Result<Upload, Error> {
        if metadata.len() > MAX_METADATA {
            return Err(Error::TooLarge {
                limit: MAX_METADATA as u64,
            });
        }
        let mut facts = facts;
        facts.announced_size = Some(size);
        let options = PutOptions::default();
        let database = self.files.database();
        let mut tx = database.write(scope);
        let begin = self.files.begin(&mut tx, key, facts, &options, UPLOADING);
        let id = begin.await?;
        let actor = scope.actor().to_string();
        let most = self.max_open;
        // Under the lock of the files, so that many at once are counted too.
        if tx.open_uploads(&actor).await?.0 >= i64::from(most) {
            return Err(Error::TooManyUploads { most });
        }
        let new = NewUploadRow {
            actor,
            path: key.to_string(),
            size: column(size),
            received: 0,
            metadata: metadata.to_owned(),
            expires_at: database.clock().now().saturating_add(self.expires_after),
        };
        let id = Id::from_uuid(id.as_uuid());
        let row = tx.repo::<UploadRow>().insert_as(id, new).await?;
        tx.commit().await?;
        if size == 0 {
            self.finish(scope, &row).await?;
        }
        row.upload()
    }

    /// Looks an upload up. One that has all bytes and was cut off before its file could be seen is finished
    /// first, unless that is being done.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is none, its time is over, or somebody else began it; those of
    /// [`append`](Self::append).
    pub async fn find(&self, scope: &Scope, id: Id<Upload>) -> Result<Upload, Error> {
        let mut tx = self.files.database().read_primary(scope);
        let row = self.row(&mut tx, id).await?;
        drop(tx);
        if row.received == row.size {
            self.finish(scope, &row).await?;
        }
        row.upload()
    }

    /// Ends an upload before its time, and removes what was received. A file that is complete stays.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], as [`find`](Self::find); [`Error::Backend`].
    pub async fn cancel(&self, scope: &Scope, id: Id<Upload>) -> Result<(), Error> {
        let mut tx = self.files.database().read_primary(scope);
        let row = self.row(&mut tx, id).await?;
        drop(tx);
        self.files.end_upload(scope, row.id).await
    }

    /// Gives the row of an upload of the caller's that goes on still.
    async fn row(&self, tx: &mut TenantTx, id: Id<Upload>) -> Result<UploadRow, Error> {
        let id = Id::from_uuid(id.as_uuid());
        let row = tx.repo::<UploadRow>().find(id).await?;
        let row = row.ok_or(Error::NotFound)?;
        let now = tx.database().clock().now();
        let ours = row.actor == tx.scope().actor().to_string();
        if ours && now < row.expires_at {
            Ok(row)
        } else {
            Err(Error::NotFound)
        }
    }
}

impl Files {
    /// Removes an upload, and of its file what is not complete.
    pub(crate) async fn end_upload(&self, scope: &Scope, id: Id<UploadRow>) -> Result<(), Error> {
        let file: Id<FileRow> = Id::from_uuid(id.as_uuid());
        // In one step, so that nothing goes on without the other. What is left is swept, if this is cut off.
        let mut tx = self.database().write(scope);
        tx.lock(FILES).await?;
        tx.lock(LOCK).await?;
        let row = tx.repo::<FileRow>().find(file).await?;
        let unfinished = |row: FileRow| [STAGED, UPLOADING].contains(&row.state.as_str());
        let unfinished = row.is_some_and(unfinished);
        if unfinished {
            unname(&mut tx, file).await?;
        }
        tx.drop_parts(id).await?;
        tx.drop_upload(id).await?;
        tx.commit().await?;
        if unfinished {
            self.remove(scope, file).await?;
        }
        self.storage().delete_all(scope, &parts_of(id)?).await?;
        Ok(())
    }
}

/// Gives the folder of the parts of an upload.
fn parts_of(upload: Id<UploadRow>) -> Result<Prefix, Error> {
    let folder = format!("{}{upload}", sweep::PARTS).parse();
    folder.map_err(|_| Error::Backend("an id that is no name".into()))
}

fn part_key(upload: Id<UploadRow>, part: Id<PartRow>) -> Result<Key, Error> {
    let key = format!("{}{upload}/{part}", sweep::PARTS).parse();
    key.map_err(|_| Error::Backend("an id that is no name".into()))
}

fn column(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}

fn number(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}
