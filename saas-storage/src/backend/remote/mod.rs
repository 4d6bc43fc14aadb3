//! Files in an object store.
//!
//! OpenDAL speaks the protocols, tries again, and bounds time and number of requests. Here is what
//! the services do not do alike: a file is read in the version that was described, a path is not both
//! file and folder, and a write takes place in one step whatever its size.
//!
//! Keys reach this place checked. That matters more here than on a disk: OpenDAL keeps `..` in the
//! names of objects, and the address of a request is then shortened by whoever parses it as a URL.

mod place;
#[cfg(any(feature = "s3", feature = "gcs"))]
mod sign;

use std::ops::Range;

use async_trait::async_trait;
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use opendal::{Capability, ErrorKind, Metadata, Operator};
use saas_core::Timestamp;
use saas_tenancy::Scope;

use self::place::Places;
pub(super) use self::place::{Place, Service, Signing};
use super::{check_range, receive::receive};
use crate::{
    ByteStream, Error, Existing, FileInfo, FilePage, Key, MAX_PAGE, Prefix, Presigned, PutOptions,
    SignRequest, Storage, StorageConfig,
    error::from_opendal,
    key::{object, space},
};

/// A file that is written over while it is being opened is looked at again this often.
const ATTEMPTS: usize = 16;

/// An upload holds one such part. It is the smallest that the services take, and 10,000 is the most
/// that they put together.
const PART: u64 = 5 << 20;
const PARTS: u64 = 10_000;

/// The largest object that a service takes (S3).
const LARGEST: u64 = 5 << 40;

/// Buckets of one service.
#[derive(Debug, Clone)]
pub(super) struct Remote {
    places: Places,
    max_size: u64,
}

impl Remote {
    pub(super) fn open(
        service: &'static Service,
        place: &str,
        config: &StorageConfig,
    ) -> Result<Self, Error> {
        Ok(Self {
            places: Places::open(service, place, config)?,
            max_size: config.max_file_size.min(LARGEST),
        })
    }

    /// Refuses a path that a file system could not have beside what is there, and what the options
    /// refuse. The service decides about the latter once more when it writes.
    async fn check_free(
        &self,
        scope: &Scope,
        key: &Key,
        options: &PutOptions,
    ) -> Result<(), Error> {
        if options.is_named_by_us() {
            return Ok(());
        }
        let operator = self.places.of(scope)?;
        let folders = try_join_all(key.folders().map(|folder| find(&operator, scope, folder)));
        let inside = async {
            let folder = format!("{}/", object(scope, key.as_str()));
            let lister = operator.lister_with(&folder).recursive(true).limit(1).await;
            let first = lister.map_err(from_opendal)?.try_next().await;
            first.map_err(from_opendal)
        };
        let existing = async {
            match options.on_existing() {
                Existing::Replace => Ok(None),
                _ => find(&operator, scope, key.as_str()).await,
            }
        };
        let (folders, inside, existing) = tokio::try_join!(folders, inside, existing)?;
        if inside.is_some() || folders.iter().any(Option::is_some) {
            return Err(Error::Conflict);
        }
        let existing = existing.map(|found| describe(&operator, key.clone(), &found));
        options.check(existing.as_ref())
    }
}

#[async_trait]
impl Storage for Remote {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        self.check_free(scope, key, &options).await?;
        let (operator, path, key) = (
            self.places.of(scope)?,
            object(scope, key.as_str()),
            key.clone(),
        );
        let limit = options.limit().min(self.max_size);
        receive(body, &options.clone(), limit, move |mut body| async move {
            let part = usize::try_from(limit.div_ceil(PARTS).max(PART)).unwrap_or(usize::MAX);
            let capability = operator.info().capability();
            let mut writer = operator.writer_with(&path).chunk(part);
            match options.on_existing() {
                Existing::Replace => {}
                Existing::Keep => writer = writer.if_not_exists(true),
                Existing::Match(etag) if by_version(capability) => {
                    writer = writer.if_version_match(etag.trim_matches('"'));
                }
                Existing::Match(etag) => writer = writer.if_match(etag),
            }
            let refused = |error: opendal::Error| match (error.kind(), options.on_existing()) {
                (ErrorKind::ConditionNotMatch, Existing::Match(_)) => Error::Changed,
                _ => from_opendal(error),
            };
            let mut writer = writer.await.map_err(&refused)?;
            let mut size = 0;
            let written = async {
                while let Some(block) = body.next().await? {
                    size += block.len() as u64;
                    writer.write(block).await.map_err(&refused)?;
                }
                writer.close().await.map_err(&refused)
            };
            match written.await {
                Ok(found) => {
                    let mut info = describe(&operator, key, &found);
                    // Not every answer to a write says how much was written.
                    info.size = size;
                    Ok(info)
                }
                Err(error) => {
                    // Parts that were sent would be kept, and paid for.
                    if let Err(error) = writer.abort().await {
                        tracing::warn!(kind = %error.kind(), "parts of an upload may stay");
                    }
                    Err(error)
                }
            }
        })
        .await
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        let (operator, path) = (self.places.of(scope)?, object(scope, key.as_str()));
        for _ in 0..ATTEMPTS {
            let found = operator.stat(&path).await.map_err(from_opendal)?;
            let info = describe(&operator, key.clone(), &found);
            let range = check_range(range.clone(), info.size)?;
            if range.is_empty() {
                return Ok((info, Box::pin(stream::empty())));
            }
            let mut reader = operator.reader_with(&path);
            if let Some(etag) = found.etag() {
                reader = reader.if_match(etag);
            }
            let contents = reader.await.map_err(from_opendal)?;
            let contents = contents.into_bytes_stream(range).await;
            let mut contents = contents.map_err(from_opendal)?;
            // The request is made for the first piece, and tells whether the version is there still.
            match contents.next().await {
                Some(Ok(first)) => {
                    let rest = contents.map(|piece| piece.map_err(Into::into));
                    let contents = stream::iter([Ok(first)]).chain(rest);
                    return Ok((info, Box::pin(contents)));
                }
                Some(Err(error)) if is_overtaken(&error) => {}
                Some(Err(error)) => return Err(Error::backend(error)),
                None => return Err(Error::backend("the object store gave an empty body")),
            }
        }
        Err(Error::backend("the file is written over all the time"))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let operator = self.places.of(scope)?;
        let found = find(&operator, scope, key.as_str()).await?;
        let found = found.ok_or(Error::NotFound)?;
        Ok(describe(&operator, key.clone(), &found))
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let (operator, path) = (self.places.of(scope)?, object(scope, key.as_str()));
        let conditional = operator.info().capability().delete_with_if_match;
        for _ in 0..ATTEMPTS {
            let Some(found) = find(&operator, scope, key.as_str()).await? else {
                return Ok(false);
            };
            // To delete what is gone succeeds. With the condition one caller is told that it did.
            let delete = operator.delete_with(&path);
            let deleted = match found.etag() {
                Some(etag) if conditional => delete.if_match(etag).await,
                _ => delete.await,
            };
            match deleted {
                Ok(()) => return Ok(true),
                Err(error) if error.kind() == ErrorKind::ConditionNotMatch => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
                Err(error) => return Err(from_opendal(error)),
            }
        }
        Err(Error::backend("the file is written over all the time"))
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let (operator, space) = (self.places.of(scope)?, space(scope));
        let folder = format!("{space}{prefix}");
        let mut names = operator.lister_with(&folder).recursive(true);
        let capability = operator.info().capability();
        if capability.list_with_limit {
            // One more tells whether there is another page.
            names = names.limit(limit + 1);
        }
        if let Some(after) = after.filter(|_| capability.list_with_start_after) {
            names = names.start_after(&object(scope, after.as_str()));
        }
        let mut names = names.await.map_err(from_opendal)?;
        let mut items: Vec<FileInfo> = Vec::new();
        while let Some(entry) = names.try_next().await.map_err(from_opendal)? {
            // Something else may have put files there; they have no name that a caller could use.
            let name = entry.path().strip_prefix(&space);
            let Some(key) = name.and_then(|name| name.parse::<Key>().ok()) else {
                continue;
            };
            if entry.metadata().is_dir() || after.is_some_and(|after| key <= *after) {
                continue;
            }
            if items.len() == limit {
                let next = items.last().map(|info| info.path.clone());
                return Ok(FilePage::new(items, next));
            }
            items.push(describe(&operator, key, entry.metadata()));
        }
        Ok(FilePage::new(items, None))
    }

    fn max_size(&self) -> u64 {
        self.max_size
    }

    async fn presign(
        &self,
        scope: &Scope,
        key: &Key,
        request: &SignRequest,
    ) -> Result<Option<Presigned>, Error> {
        self.places.sign(scope, key, request).await
    }

    async fn copy(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let info = self.stat(scope, from).await?;
        let limit = options.limit().min(self.max_size);
        if info.size > limit {
            return Err(Error::TooLarge { limit });
        }
        if from == to {
            options.check(Some(&info))?;
            return Ok(info);
        }
        let operator = self.places.of(scope)?;
        let capability = operator.info().capability();
        let (source, target) = (object(scope, from.as_str()), object(scope, to.as_str()));
        let copy = operator.copy_with(&source, &target);
        let copy = match options.on_existing() {
            Existing::Replace => Some(copy),
            Existing::Keep if capability.copy_with_if_not_exists => Some(copy.if_not_exists(true)),
            Existing::Match(etag) if capability.copy_with_if_match => Some(copy.if_match(etag)),
            // A service that cannot judge the condition itself is given the bytes.
            _ => None,
        };
        let Some(copy) = copy else {
            let (_, contents) = self.get(scope, from, None).await?;
            return self.put_with(scope, to, contents, options).await;
        };
        self.check_free(scope, to, &options).await?;
        copy.await
            .map_err(|error| match (error.kind(), options.on_existing()) {
                (ErrorKind::ConditionNotMatch, Existing::Match(_)) => Error::Changed,
                _ => from_opendal(error),
            })?;
        self.stat(scope, to).await
    }

    async fn delete_many(&self, scope: &Scope, keys: &[Key]) -> Result<(), Error> {
        let operator = self.places.of(scope)?;
        let paths = keys.iter().map(|key| object(scope, key.as_str()));
        let paths: Vec<String> = paths.collect();
        operator.delete_iter(paths).await.map_err(from_opendal)
    }
}

/// Looks for an object.
async fn find(operator: &Operator, scope: &Scope, name: &str) -> Result<Option<Metadata>, Error> {
    match operator.stat(&object(scope, name)).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(from_opendal(error)),
    }
}

/// Tells whether a service judges by a number of the version and not by the validator of HTTP.
fn by_version(capability: Capability) -> bool {
    !capability.write_with_if_match && capability.write_with_if_version_match
}

fn describe(operator: &Operator, key: Key, found: &Metadata) -> FileInfo {
    let modified = found.last_modified().and_then(|time| {
        let micros = time.into_inner().as_microsecond();
        Timestamp::from_micros(micros).ok()
    });
    let info = FileInfo::new(key, found.content_length(), modified);
    let version = found.version().map(|version| format!("\"{version}\""));
    let version = version.filter(|_| by_version(operator.info().capability()));
    match version.or_else(|| found.etag().map(ToOwned::to_owned)) {
        Some(etag) => info.with_etag(etag),
        None => info,
    }
}

/// Tells that a file was written over or deleted since it was described.
fn is_overtaken(error: &std::io::Error) -> bool {
    let cause = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<opendal::Error>());
    cause.is_some_and(|cause| {
        matches!(
            cause.kind(),
            ErrorKind::ConditionNotMatch | ErrorKind::NotFound | ErrorKind::RangeNotSatisfied
        )
    })
}
