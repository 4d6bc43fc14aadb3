//! What can be done with files.

use std::{fmt, ops::Range};

use async_trait::async_trait;
use futures_util::future::{join_all, try_join_all};
use saas_tenancy::Scope;

use crate::{
    ByteStream, Error, FileInfo, FilePage, Key, MAX_PAGE, Prefix, Presigned, PutOptions,
    SignRequest,
};

/// How many files of a bulk operation are worked on at the same time.
const AT_ONCE: usize = 8;

/// Keeps the files of all tenants, each in a space of its own.
///
/// [`open`](crate::open) gives the one that a configuration names. Whoever has another place for files
/// implements it, or wraps one.
///
/// # Contract
///
/// - **Space.** What is put in the scope of a tenant is reached in the scope of that tenant only.
///   For another tenant it is as if it did not exist.
/// - **Whole or not at all.** A file appears in one step, with all its bytes, after its stream has
///   ended without an error. Whatever happens before, the older file stays, and nothing that was
///   received is kept for long.
/// - **Cancellation.** Each future may be dropped at any point. What it began is then undone or
///   finished, in the background if need be.
/// - **Bounded.** Memory depends neither on the size of a file nor on how many there are. A slow
///   backend slows the stream down.
/// - **Conditions hold.** Of many that create a file with [`Existing::Keep`](crate::Existing::Keep) at
///   the same time one does, and [`Existing::Match`](crate::Existing::Match) never writes over another
///   version than the one that was named.
/// - **One version.** The description that `get` returns belongs to the bytes in its stream.
/// - **Order.** `list` gives names in the order of their bytes, each once.
/// - **File or folder.** `a` and `a/b` are not there at the same time: the later `put` is refused
///   with [`Error::Conflict`]. A folder is there as long as there is a file in it. An object store
///   looks before it writes; there two that come at the very same time can both be kept, and both stay
///   reachable.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use futures_util::TryStreamExt as _;
/// use saas_storage::{ByteStream, Error, Storage};
/// use saas_tenancy::Scope;
///
/// async fn keep(storage: &dyn Storage, scope: &Scope) -> Result<(), Error> {
///     let key = "greetings/hello.txt".parse().expect("a name");
///     let body: ByteStream = Box::pin(futures_util::stream::iter([Ok(Bytes::from("hello"))]));
///     storage.put(scope, &key, body).await?;
///
///     let (info, contents) = storage.get(scope, &key, Some(0..4)).await?;
///     let pieces: Vec<Bytes> = contents.try_collect().await.map_err(Error::Source)?;
///     assert_eq!((info.size, pieces.concat().as_slice()), (5, b"hell".as_slice()));
///     Ok(())
/// }
/// ```
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync + 'static {
    /// Writes a file. Nobody sees it before its end.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when the stream fails, [`Error::TooLarge`], [`Error::Conflict`] when the path
    /// is a folder or leads through a file, [`Error::Exists`] and [`Error::Changed`] as the options
    /// say. Nothing was kept then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the older file or none, and nothing that was received, unless the
    /// stream had ended: then the file may still take its place.
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error>;

    /// Reads a file, or a range of it. The description is that of the very file that is read, also
    /// when it is being written over.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Range`] when the range does not lie inside the file.
    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error>;

    /// Describes a file. A folder is no file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error>;

    /// Deletes a file. Gives whether there was one; of several callers at once, one is told so.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`].
    ///
    /// # Cancel safety
    ///
    /// The file is there or it is not.
    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error>;

    /// Lists the files of a folder and of the folders in it, by name, 1 to [`MAX_PAGE`] at a time.
    ///
    /// Names are ordered by their bytes, so `a-b` comes before `a/b`. A page goes on after a name
    /// and not at a number: nothing is seen twice or left out when files come and go meanwhile, and
    /// the name is looked for in the caller's own space only.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`]. A folder that does not exist is empty.
    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error>;

    /// Gives the size of the largest file that is accepted, in bytes.
    fn max_size(&self) -> u64 {
        u64::MAX
    }

    /// Asks the service for an address that it answers itself, or gives none where it has no such
    /// thing. [`UrlSigner`](crate::UrlSigner) calls it.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`].
    async fn presign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<Option<Presigned>, Error> {
        let _ = (scope, key, request);
        Ok(None)
    }

    /// Writes a file as [`put_with`](Self::put_with) does, over an older one if there is one.
    ///
    /// # Errors
    ///
    /// Those of [`put_with`](Self::put_with).
    ///
    /// # Cancel safety
    ///
    /// That of [`put_with`](Self::put_with).
    async fn put(&self, scope: &Scope, key: &Key, body: ByteStream) -> Result<FileInfo, Error> {
        self.put_with(scope, key, body, PutOptions::default()).await
    }

    /// Tells whether there is a file of that name.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`].
    async fn exists(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        match self.stat(scope, key).await {
            Ok(_) => Ok(true),
            Err(Error::NotFound) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Copies a file inside its tenant's space; the service does it where it can.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`], and those of [`put_with`](Self::put_with).
    ///
    /// # Cancel safety
    ///
    /// That of [`put_with`](Self::put_with).
    async fn copy(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let (info, contents) = self.get(scope, from, None).await?;
        if from == to {
            options.check(Some(&info))?;
            return Ok(info);
        }
        self.put_with(scope, to, contents, options).await
    }

    /// Gives a file another name. On a disk that is one step; elsewhere it is a copy, and what was
    /// copied is then deleted.
    ///
    /// # Errors
    ///
    /// Those of [`copy`](Self::copy).
    ///
    /// # Cancel safety
    ///
    /// Dropped in the middle, or after a crash, the file may be there under both names; never under
    /// none.
    async fn rename(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let info = self.copy(scope, from, to, options).await?;
        if from != to {
            self.delete(scope, from).await?;
        }
        Ok(info)
    }

    /// Writes several files, some at the same time. Gives what became of each, in their order.
    ///
    /// # Cancel safety
    ///
    /// That of [`put_with`](Self::put_with), for each.
    async fn put_many(
        &self,
        scope: &Scope,
        files: Vec<(Key, ByteStream)>,
        options: PutOptions,
    ) -> Vec<Result<FileInfo, Error>> {
        let (mut files, mut results) = (files.into_iter(), Vec::new());
        loop {
            let some: Vec<_> = files.by_ref().take(AT_ONCE).collect();
            if some.is_empty() {
                return results;
            }
            let puts = some.into_iter().map(|(key, body)| {
                let options = options.clone();
                async move { self.put_with(scope, &key, body, options).await }
            });
            results.extend(join_all(puts).await);
        }
    }

    /// Deletes several files. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`]: some may be there still, and to do it again is right.
    ///
    /// # Cancel safety
    ///
    /// Each file is there or it is not.
    async fn delete_many(&self, scope: &Scope, keys: &[Key]) -> Result<(), Error> {
        for some in keys.chunks(AT_ONCE) {
            try_join_all(some.iter().map(|key| self.delete(scope, key))).await?;
        }
        Ok(())
    }

    /// Deletes all files of a folder, or of the tenant. Gives how many it found.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`]: some may be there still, and to do it again is right.
    ///
    /// # Cancel safety
    ///
    /// Each file is there or it is not.
    async fn delete_all(&self, scope: &Scope, prefix: &Prefix) -> Result<u64, Error> {
        let mut deleted = 0;
        loop {
            let page = self.list(scope, prefix, None, MAX_PAGE).await?;
            let keys: Vec<Key> = page.items.into_iter().map(|info| info.path).collect();
            if keys.is_empty() {
                return Ok(deleted);
            }
            self.delete_many(scope, &keys).await?;
            deleted += keys.len() as u64;
        }
    }
}
