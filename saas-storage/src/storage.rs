//! What can be done with files.

use std::{fmt, ops::Range, sync::Arc};

use saas_tenancy::Scope;

use crate::{
    Backend, ByteStream, Error, FileInfo, FilePage, Key, Prefix, PutOptions, StorageConfig,
    open_backend,
};

/// Keeps the files of all tenants, each in a space of its own; cheap to clone.
///
/// # Examples
///
/// ```
/// use bytes::Bytes;
/// use futures_util::TryStreamExt as _;
/// use saas_storage::{ByteStream, Error, Storage};
/// use saas_tenancy::Scope;
///
/// async fn keep(storage: &Storage, scope: &Scope) -> Result<(), Error> {
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
#[derive(Clone)]
pub struct Storage {
    backend: Arc<dyn Backend>,
    max_size: u64,
}

impl Storage {
    /// How many files a page can have.
    pub const MAX_LIMIT: usize = 1000;

    /// Opens the place that the configuration names, and makes its folder when there is none.
    ///
    /// # Errors
    ///
    /// [`Error::Config`].
    pub fn open(config: &StorageConfig) -> Result<Self, Error> {
        Ok(Self::on(open_backend(&config.url)?, config.max_file_size))
    }

    /// Keeps files in a backend of the caller's, none of them larger than so many bytes.
    #[must_use]
    pub fn on(backend: Arc<dyn Backend>, max_size: u64) -> Self {
        Self { backend, max_size }
    }

    /// Gives the size of the largest file that is accepted, in bytes.
    #[must_use]
    pub const fn max_size(&self) -> u64 {
        self.max_size
    }

    /// Writes a file, over an older one if there is one. Nobody sees it before its end.
    ///
    /// # Errors
    ///
    /// [`Error::Source`] when the stream fails, [`Error::TooLarge`], [`Error::Conflict`] when the path
    /// is a folder or leads through a file. Nothing was kept then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the older file or none, and nothing that was received, unless the
    /// stream had ended: then the file may still take its place.
    pub async fn put(&self, scope: &Scope, key: &Key, body: ByteStream) -> Result<FileInfo, Error> {
        self.put_with(scope, key, body, PutOptions::default()).await
    }

    /// Writes a file as [`put`](Self::put) does, with a bound of its own or without writing over
    /// another.
    ///
    /// # Errors
    ///
    /// Those of [`put`](Self::put), and [`Error::Exists`].
    ///
    /// # Cancel safety
    ///
    /// That of [`put`](Self::put).
    pub async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let options = options.max_size(options.limit().min(self.max_size));
        self.backend.put(scope, key, body, options).await
    }

    /// Describes a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        self.backend.stat(scope, key).await
    }

    /// Reads a file, or a range of it. The description is that of the very file that is read, also
    /// when it is being written over.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`]; [`Error::Range`] when the range does not lie inside the file.
    pub async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        self.backend.get(scope, key, range).await
    }

    /// Deletes a file. Gives whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`].
    ///
    /// # Cancel safety
    ///
    /// The file is there or it is not.
    pub async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        self.backend.delete(scope, key).await
    }

    /// Lists the files of a folder and of the folders in it, by name, 1 to
    /// [`MAX_LIMIT`](Self::MAX_LIMIT) at a time.
    ///
    /// Names are ordered by their bytes, so `a-b` comes before `a/b`. A page goes on after a name
    /// and not at a number: nothing is seen twice or left out when files come and go meanwhile, and
    /// the name is looked for in the caller's own space only.
    ///
    /// # Errors
    ///
    /// [`Error::Backend`].
    pub async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let limit = limit.clamp(1, Self::MAX_LIMIT);
        self.backend.list(scope, prefix, after, limit).await
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("backend", &self.backend)
            .field("max_size", &self.max_size)
            .finish()
    }
}
