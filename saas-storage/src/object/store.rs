//! What can be done with files that have rows.

use std::ops::Range;

use async_trait::async_trait;
use saas_core::failpoint::Failpoint;
use saas_tenancy::Scope;

use super::{
    File, FileFacts, Files, Room, Usage,
    listing::between,
    row::{FileRow, FileRows as _},
    steps::object_key,
};
use crate::{
    ByteStream, Error, Existing, FileInfo, FilePage, Key, MAX_PAGE, Prefix, Presigned, PutOptions,
    SignRequest, SignedMethod, Storage, upload::watch,
};

/// A file that is written over while it is being opened is looked at again this often.
const ATTEMPTS: usize = 16;

impl Files {
    /// Writes a file with what the application says about it.
    ///
    /// # Errors
    ///
    /// Those of [`Storage::put_with`]; [`Error::Quota`] when there is no room for it, and
    /// [`Error::MediaType`] when it is of a kind that is not accepted, both as soon as that is known.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the older file or none. What was received goes with the next sweep.
    pub async fn put_file(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        facts: FileFacts,
        options: PutOptions,
    ) -> Result<File, Error> {
        let room = self.stage(scope, key, facts, &options).await?;
        let id = room.id;
        match self.receive(scope, key, body, room, &options).await {
            Ok(file) => Ok(file),
            Err(error) => {
                match self.give_up(scope, id).await {
                    Ok(true) => self.try_remove(scope, id).await,
                    Ok(false) => {}
                    Err(error) => {
                        let error = &error as &dyn std::error::Error;
                        tracing::warn!(error, "an upload that failed stays until the next sweep");
                    }
                }
                Err(error)
            }
        }
    }

    /// Receives the bytes of a version that is staged, and gives it its name.
    pub(crate) async fn receive(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        room: Room,
        options: &PutOptions,
    ) -> Result<File, Error> {
        let id = room.id;
        let (body, passed) = watch(body, room, self.allowed.clone());
        // The object is new in any case; what the options say is about the name.
        let fresh = options.clone().existing(Existing::Replace).named_by_us();
        let object = object_key(id)?;
        let put = self.storage().put_with(scope, &object, body, fresh);
        put.await.map_err(Error::out_of_stream)?;
        Failpoint::FileReceived.reach().await;
        let seen = passed.lock().take();
        let seen = seen.ok_or_else(|| Error::Backend("the storage kept half a file".into()))?;
        if let Some(scanner) = &self.scanner {
            scanner.look(self, scope, key, &object, &seen).await?;
        }
        let (file, before) = self.keep(scope, id, key, &seen, options).await?;
        Failpoint::FileKept.reach().await;
        if let Some(before) = before {
            self.try_remove(scope, before).await;
        }
        Ok(file)
    }

    /// Says what is known about a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub async fn describe(&self, scope: &Scope, key: &Key) -> Result<File, Error> {
        File::of(self.row(scope, key).await?)
    }

    /// Deletes a file, where it is of the version that has this validator. Gives whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Changed`] when there is another version, or none where one was expected.
    ///
    /// # Cancel safety
    ///
    /// The file is there or it is not. Its bytes go with the next sweep, if not before.
    pub async fn delete_file(
        &self,
        scope: &Scope,
        key: &Key,
        expected: Option<&str>,
    ) -> Result<bool, Error> {
        let Some(id) = self.unlink(scope, key, expected).await? else {
            return Ok(false);
        };
        self.try_remove(scope, id).await;
        Ok(true)
    }

    /// Says how much a tenant has.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn usage(&self, scope: &Scope) -> Result<Usage, Error> {
        let mut tx = self.database().read(scope);
        let (bytes, files) = tx.files_used().await?;
        Ok(Usage {
            bytes: u64::try_from(bytes).unwrap_or(0),
            files: u64::try_from(files).unwrap_or(0),
        })
    }

    async fn row(&self, scope: &Scope, key: &Key) -> Result<FileRow, Error> {
        let mut tx = self.database().read(scope);
        let row = tx.file_named(key.as_str()).await?;
        row.ok_or(Error::NotFound)
    }
}

#[async_trait]
impl Storage for Files {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let facts = FileFacts::default();
        let file = self.put_file(scope, key, body, facts, options).await?;
        Ok(file.info())
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        for _ in 0..ATTEMPTS {
            let row = self.row(scope, key).await?;
            let object = object_key(row.id)?;
            match self.storage().get(scope, &object, range.clone()).await {
                Ok((_, contents)) => return Ok((File::of(row)?.info(), contents)),
                // It was written over since, and its object is gone; or it is lost.
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Backend("the object of a file is not there".into()))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        Ok(self.describe(scope, key).await?.info())
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        self.delete_file(scope, key, None).await
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut tx = self.database().read(scope);
        let after = after.map(Key::as_str);
        let mut rows = between(&mut tx, prefix, after, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let items = rows.into_iter().map(|row| Ok(File::of(row)?.info()));
        let items: Vec<_> = items.collect::<Result<_, Error>>()?;
        let next = items.last().map(|info| info.path.clone()).filter(|_| more);
        Ok(FilePage::new(items, next))
    }

    async fn rename(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let (file, before) = self.give_name(scope, from, to, &options).await?;
        if let Some(before) = before {
            self.try_remove(scope, before).await;
        }
        Ok(file.info())
    }

    fn max_size(&self) -> u64 {
        self.storage().max_size()
    }

    async fn presign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<Option<Presigned>, Error> {
        // Uploads come through here, or there would be objects without rows.
        if request.method != SignedMethod::Get {
            return Ok(None);
        }
        let row = match self.row(scope, key).await {
            Ok(row) => row,
            Err(Error::NotFound) => return Ok(None),
            Err(error) => return Err(error),
        };
        let request = request.clone().file_name(key.file_name());
        self.storage()
            .presign(scope, &object_key(row.id)?, &request)
            .await
    }
}
