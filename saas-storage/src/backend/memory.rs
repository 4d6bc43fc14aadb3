//! Files in memory, for tests and for a first look. They end with the process.

use std::{collections::HashMap, ops::Range, sync::Arc};

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use opendal::{Operator, services};
use saas_tenancy::Scope;
use tokio::sync::Mutex;

use super::{check_range, receive::receive};
use crate::{
    ByteStream, Error, FileInfo, FilePage, Key, MAX_PAGE, Prefix, PutOptions, Storage,
    error::from_opendal,
    key::{object, space},
};

/// A map from names to contents.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    operator: Operator,
    max_size: u64,
    /// Held while a file is added or removed: whether its path is free is a question about others.
    versions: Arc<Mutex<Versions>>,
}

/// Tells versions of a file apart.
#[derive(Debug, Default)]
struct Versions {
    last: u64,
    of: HashMap<String, u64>,
}

impl Memory {
    pub(super) fn open(max_size: u64) -> Result<Self, Error> {
        let operator = Operator::new(services::Memory::default())
            .map_err(|error| Error::Config(format!("cannot be opened: {}", error.kind())))?;
        Ok(Self {
            operator,
            max_size,
            versions: Arc::default(),
        })
    }

    async fn find(&self, object: &str) -> Result<Option<u64>, Error> {
        match self.operator.stat(object).await {
            Ok(found) => Ok(Some(found.content_length())),
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(from_opendal(error)),
        }
    }

    /// Refuses a path that a file system could not have beside what is there, and what the options
    /// refuse.
    async fn check_free(
        &self,
        scope: &Scope,
        key: &Key,
        options: &PutOptions,
        versions: &Versions,
    ) -> Result<(), Error> {
        for folder in key.folders() {
            if self.find(&object(scope, folder)).await?.is_some() {
                return Err(Error::Conflict);
            }
        }
        let path = object(scope, key.as_str());
        let mut inside = self.names(&format!("{path}/")).await?;
        if inside.try_next().await.map_err(from_opendal)?.is_some() {
            return Err(Error::Conflict);
        }
        let found = self.find(&path).await?;
        let found = found.map(|size| versions.describe(&path, key.clone(), size));
        options.check(found.as_ref())
    }

    async fn names(&self, folder: &str) -> Result<opendal::Lister, Error> {
        let lister = self.operator.lister_with(folder).recursive(true).await;
        lister.map_err(from_opendal)
    }
}

impl Versions {
    fn describe(&self, path: &str, key: Key, size: u64) -> FileInfo {
        let info = FileInfo::new(key, size, None);
        match self.of.get(path) {
            Some(version) => info.with_etag(format!("\"{version:x}\"")),
            None => info,
        }
    }

    fn renew(&mut self, path: &str) {
        self.last += 1;
        self.of.insert(path.to_owned(), self.last);
    }
}

#[async_trait]
impl Storage for Memory {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        {
            let versions = self.versions.lock().await;
            self.check_free(scope, key, &options, &versions).await?;
        }
        let (place, scope, key) = (self.clone(), scope.clone(), key.clone());
        receive(
            body,
            &options.clone(),
            self.max_size,
            move |mut body| async move {
                let path = object(&scope, key.as_str());
                let writer = place.operator.writer(&path).await;
                let mut writer = writer.map_err(from_opendal)?;
                while let Some(block) = body.next().await? {
                    writer.write(block).await.map_err(from_opendal)?;
                }
                let mut versions = place.versions.lock().await;
                place.check_free(&scope, &key, &options, &versions).await?;
                let size = writer.close().await.map_err(from_opendal)?.content_length();
                versions.renew(&path);
                Ok(versions.describe(&path, key, size))
            },
        )
        .await
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        let path = object(scope, key.as_str());
        let versions = self.versions.lock().await;
        // Cheap: the pieces of the contents are counted references.
        let found = self.operator.read(&path).await.map_err(from_opendal)?;
        let size = found.len() as u64;
        let range = check_range(range, size)?;
        let bounds = (usize::try_from(range.start), usize::try_from(range.end));
        let (Ok(start), Ok(end)) = bounds else {
            return Err(Error::Range { size });
        };
        let pieces = found.slice(start..end).map(Ok);
        let contents: ByteStream = Box::pin(futures_util::stream::iter(pieces));
        Ok((versions.describe(&path, key.clone(), size), contents))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let path = object(scope, key.as_str());
        let versions = self.versions.lock().await;
        let size = self.find(&path).await?.ok_or(Error::NotFound)?;
        Ok(versions.describe(&path, key.clone(), size))
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let path = object(scope, key.as_str());
        let mut versions = self.versions.lock().await;
        if self.find(&path).await?.is_none() {
            return Ok(false);
        }
        self.operator.delete(&path).await.map_err(from_opendal)?;
        versions.of.remove(&path);
        Ok(true)
    }

    fn max_size(&self) -> u64 {
        self.max_size
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let (limit, space) = (limit.clamp(1, MAX_PAGE), space(scope));
        // The map is ordered, and so is what comes out of it.
        let mut names = self.names(&format!("{space}{prefix}")).await?;
        let mut items: Vec<FileInfo> = Vec::new();
        while let Some(entry) = names.try_next().await.map_err(from_opendal)? {
            let name = entry.path().strip_prefix(&space);
            let Some(key) = name.and_then(|name| name.parse::<Key>().ok()) else {
                continue;
            };
            if after.is_some_and(|after| key <= *after) {
                continue;
            }
            if items.len() == limit {
                let next = items.last().map(|info| info.path.clone());
                return Ok(FilePage::new(items, next));
            }
            match self.stat(scope, &key).await {
                Ok(info) => items.push(info),
                // Deleted meanwhile.
                Err(Error::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(FilePage::new(items, None))
    }
}
