//! What can be done with files.

use std::{collections::BTreeSet, fmt, ops::Range, pin::Pin};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _};
use opendal::{EntryMode, Metadata};
use saas_core::Timestamp;
use saas_tenancy::Scope;
use serde::Serialize;

use crate::{Error, Key, Prefix, StorageConfig, backend::Backend, key::space};

/// The contents of a file, piece by piece.
pub type ByteStream =
    Pin<Box<dyn Stream<Item = Result<Bytes, Box<dyn std::error::Error + Send + Sync>>> + Send>>;

/// Describes a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FileInfo {
    /// Its name.
    pub path: Key,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last written, where the backend knows.
    pub modified_at: Option<Timestamp>,
}

impl FileInfo {
    /// Gives a weak validator (RFC 9110, section 8.8.3), where the backend knows when the file was
    /// written.
    #[must_use]
    pub fn etag(&self) -> Option<String> {
        self.modified_at
            .map(|time| format!("W/\"{:x}-{:x}\"", self.size, time.as_micros()))
    }
}

/// A page of files, in the order of their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FilePage {
    /// The files.
    pub items: Vec<FileInfo>,
    /// The name to go on after; absent on the last page.
    pub next: Option<Key>,
}

/// Keeps the files of all tenants, each in a space of its own; cheap to clone.
#[derive(Clone)]
pub struct Storage {
    backend: Backend,
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
        Ok(Self {
            backend: Backend::open(&config.url)?,
            max_size: config.max_file_size,
        })
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
    /// A dropped future leaves the older file, or none. On a file system a remainder may stay in the
    /// staging folder.
    pub async fn put(
        &self,
        scope: &Scope,
        key: &Key,
        mut body: ByteStream,
    ) -> Result<FileInfo, Error> {
        let object = self.object(scope, key).await?;
        self.no_file_above(scope, key).await?;
        if self.is_folder(&object).await? {
            return Err(Error::Conflict);
        }
        let mut writer = self.backend.operator.writer(&object).await?;
        let mut size: u64 = 0;
        let result = loop {
            match body.next().await {
                None => break Ok(()),
                Some(Err(error)) => break Err(Error::Source(error)),
                Some(Ok(piece)) => {
                    size = size.saturating_add(piece.len() as u64);
                    if size > self.max_size {
                        break Err(Error::TooLarge {
                            limit: self.max_size,
                        });
                    }
                    if let Err(error) = writer.write(piece).await {
                        break Err(error.into());
                    }
                }
            }
        };
        if let Err(error) = result {
            let _ = writer.abort().await;
            return Err(error);
        }
        writer.close().await?;
        self.stat(scope, key).await
    }

    /// Describes a file.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`].
    pub async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let object = self.object(scope, key).await.map_err(nothing_there)?;
        match self.backend.operator.stat(&object).await {
            Ok(found) if found.mode() == EntryMode::FILE => Ok(info(key.clone(), &found)),
            Ok(_) => Err(Error::NotFound),
            Err(error) => Err(nothing_there(error.into())),
        }
    }

    /// Reads a file, or a range of it.
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
        let info = self.stat(scope, key).await?;
        let range = range.unwrap_or(0..info.size);
        if range.start > range.end || range.end > info.size {
            return Err(Error::Range { size: info.size });
        }
        if range.is_empty() {
            return Ok((info, Box::pin(futures_util::stream::empty())));
        }
        let object = key.object(scope.tenant().id());
        let reader = self
            .backend
            .operator
            .reader(&object)
            .await
            .map_err(|error| nothing_there(error.into()))?;
        let stream = reader.into_bytes_stream(range).await?;
        Ok((info, Box::pin(stream.map_err(Into::into))))
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
        match self.stat(scope, key).await {
            Ok(_) => {}
            Err(Error::NotFound) => return Ok(false),
            Err(error) => return Err(error),
        }
        self.backend
            .operator
            .delete(&key.object(scope.tenant().id()))
            .await?;
        Ok(true)
    }

    /// Lists the files of a folder and of the folders in it, by name.
    ///
    /// The memory that it takes depends on the page, not on the number of files; the time depends on
    /// the number of files, because no backend here keeps them in order.
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
        let tenant = scope.tenant().id();
        let (folder, space) = (prefix.object(tenant), space(tenant));
        match self.backend.check(folder.trim_end_matches('/')).await {
            Ok(()) => {}
            Err(Error::NotFound | Error::Conflict) => {
                return Ok(FilePage {
                    items: Vec::new(),
                    next: None,
                });
            }
            Err(error) => return Err(error),
        }
        let mut names = BTreeSet::new();
        let mut found = self
            .backend
            .operator
            .lister_with(&folder)
            .recursive(true)
            .await?;
        while let Some(entry) = found.try_next().await? {
            let key = entry
                .path()
                .strip_prefix(&space)
                .and_then(|name| name.parse::<Key>().ok());
            let Some(key) = key.filter(|_| entry.metadata().mode() != EntryMode::DIR) else {
                continue;
            };
            if after.is_none_or(|after| key > *after) {
                names.insert(key);
                if names.len() > limit + 1 {
                    names.pop_last();
                }
            }
        }
        let more = names.len() > limit;
        let mut items = Vec::new();
        for key in names.into_iter().take(limit) {
            match self.stat(scope, &key).await {
                Ok(info) => items.push(info),
                // Deleted meanwhile, or a link that is not followed.
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        let next = if more {
            items.last().map(|info| info.path.clone())
        } else {
            None
        };
        Ok(FilePage { items, next })
    }

    async fn object(&self, scope: &Scope, key: &Key) -> Result<String, Error> {
        let object = key.object(scope.tenant().id());
        self.backend.check(&object).await?;
        Ok(object)
    }

    /// Refuses a path that leads through a file. Object stores would allow it and file systems do
    /// not, so nobody does.
    async fn no_file_above(&self, scope: &Scope, key: &Key) -> Result<(), Error> {
        let mut path = key.as_str();
        while let Some((folder, _)) = path.rsplit_once('/') {
            let object = format!("{}{folder}", space(scope.tenant().id()));
            match self.backend.operator.stat(&object).await {
                Ok(found) if found.mode() == EntryMode::FILE => return Err(Error::Conflict),
                _ => path = folder,
            }
        }
        Ok(())
    }

    async fn is_folder(&self, object: &str) -> Result<bool, Error> {
        let mut inside = match self
            .backend
            .operator
            .lister_with(&format!("{object}/"))
            .recursive(true)
            .await
        {
            Ok(inside) => inside,
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => return Ok(false),
            Err(error) if error.kind() == opendal::ErrorKind::NotADirectory => return Ok(false),
            Err(error) => return Err(error.into()),
        };
        while let Some(entry) = inside.next().await {
            match entry {
                Ok(entry) if entry.metadata().mode() == EntryMode::FILE => return Ok(true),
                Ok(_) => {}
                Err(_) => return Ok(false),
            }
        }
        Ok(false)
    }
}

/// A path that leads through a file holds nothing to read.
fn nothing_there(error: Error) -> Error {
    match error {
        Error::Conflict => Error::NotFound,
        other => other,
    }
}

fn info(path: Key, found: &Metadata) -> FileInfo {
    let modified = found.last_modified().and_then(|time| {
        let micros = time.into_inner().as_microsecond();
        Timestamp::from_micros(micros).ok()
    });
    FileInfo {
        path,
        size: found.content_length(),
        modified_at: modified,
    }
}

impl fmt::Debug for Storage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Storage")
            .field("max_size", &self.max_size)
            .finish_non_exhaustive()
    }
}
