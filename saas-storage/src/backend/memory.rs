//! Files in memory, for tests and for a first look. They end with the process.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use futures_util::TryStreamExt as _;
use opendal::{Operator, services};
use saas_tenancy::Scope;
use tokio::sync::Mutex;

use super::{Backend, check_range, receive::receive};
use crate::{
    ByteStream, Error, FileInfo, FilePage, Key, Prefix, PutOptions,
    error::from_opendal,
    key::{object, space},
};

/// A map from names to contents.
#[derive(Debug, Clone)]
pub(super) struct Memory {
    operator: Operator,
    /// Held while a file is added or removed: whether its path is free is a question about others.
    changes: Arc<Mutex<()>>,
}

impl Memory {
    pub(super) fn open() -> Result<Self, Error> {
        let operator = Operator::new(services::Memory::default())
            .map_err(|error| Error::Config(format!("cannot be opened: {}", error.kind())))?;
        Ok(Self {
            operator,
            changes: Arc::default(),
        })
    }

    async fn find(&self, object: &str) -> Result<Option<u64>, Error> {
        match self.operator.stat(object).await {
            Ok(found) => Ok(Some(found.content_length())),
            Err(error) if error.kind() == opendal::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(from_opendal(error)),
        }
    }

    /// Refuses a path that a file system could not have beside what is there.
    async fn check_free(&self, scope: &Scope, key: &Key, options: PutOptions) -> Result<(), Error> {
        for folder in key.folders() {
            if self.find(&object(scope, folder)).await?.is_some() {
                return Err(Error::Conflict);
            }
        }
        let path = object(scope, key.as_str());
        if self
            .names(&format!("{path}/"))
            .await?
            .try_next()
            .await
            .map_err(from_opendal)?
            .is_some()
        {
            return Err(Error::Conflict);
        }
        if options.keeps_existing() && self.find(&path).await?.is_some() {
            return Err(Error::Exists);
        }
        Ok(())
    }

    async fn names(&self, folder: &str) -> Result<opendal::Lister, Error> {
        let lister = self.operator.lister_with(folder).recursive(true).await;
        lister.map_err(from_opendal)
    }
}

#[async_trait]
impl Backend for Memory {
    async fn put(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        self.check_free(scope, key, options).await?;
        let (place, scope, key) = (self.clone(), scope.clone(), key.clone());
        receive(body, options.limit(), move |mut body| async move {
            let mut writer = place
                .operator
                .writer(&object(&scope, key.as_str()))
                .await
                .map_err(from_opendal)?;
            while let Some(block) = body.next().await? {
                writer.write(block).await.map_err(from_opendal)?;
            }
            let _alone = place.changes.lock().await;
            place.check_free(&scope, &key, options).await?;
            let size = writer.close().await.map_err(from_opendal)?.content_length();
            Ok(FileInfo::new(key, size, None))
        })
        .await
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        // Cheap: the pieces of the contents are counted references.
        let found = self
            .operator
            .read(&object(scope, key.as_str()))
            .await
            .map_err(from_opendal)?;
        let size = found.len() as u64;
        let range = check_range(range, size)?;
        let bounds = (usize::try_from(range.start), usize::try_from(range.end));
        let (Ok(start), Ok(end)) = bounds else {
            return Err(Error::Range { size });
        };
        let pieces = found.slice(start..end).map(Ok);
        let contents: ByteStream = Box::pin(futures_util::stream::iter(pieces));
        Ok((FileInfo::new(key.clone(), size, None), contents))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let size = self.find(&object(scope, key.as_str())).await?;
        let size = size.ok_or(Error::NotFound)?;
        Ok(FileInfo::new(key.clone(), size, None))
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let path = object(scope, key.as_str());
        let _alone = self.changes.lock().await;
        if self.find(&path).await?.is_none() {
            return Ok(false);
        }
        self.operator.delete(&path).await.map_err(from_opendal)?;
        Ok(true)
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let space = space(scope);
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
