//! Files in a folder of this machine.
//!
//! ```text
//! root/tenants/{tenant}/{key}     the files
//! root/staging/{id}               what is being received; no key can name it
//! root/lock                       held by whoever gives or takes a name
//! ```
//!
//! OpenDAL moves the bytes. The names are handled here, because its `fs` service follows symbolic
//! links, makes the folders of a file before the file has arrived, names its temporary files after
//! the target (so that a name of 219 bytes or more fails), leaves them behind when a future is
//! dropped, calls `fsync` on an async worker, and asks for the metadata of each entry that it lists.
//!
//! An acknowledged file has been synced before it got its name, so a power cut leaves the file, or
//! in the last moments before it the older one, but never half of one.

mod place;
mod walk;

use std::{ops::Range, path::Path};

use async_trait::async_trait;
use futures_util::{StreamExt as _, stream};
use opendal::{Operator, services};
use saas_tenancy::Scope;

use self::place::{Found, Place};
use super::{check_range, receive::receive};
use crate::{
    ByteStream, Error, FileInfo, FilePage, Key, MAX_PAGE, Prefix, PutOptions, Storage,
    error::from_opendal,
    key::{object, space},
};

/// A download holds one such piece, however large the file is. Without it OpenDAL takes 2 MiB.
const PIECE: usize = 1024 * 1024;

/// So much is read at once: most files are small, and each step of OpenDAL is a trip to another thread.
const SMALL: u64 = 64 * 1024;

/// A file that is written over while it is being opened is looked at again this often.
const ATTEMPTS: usize = 16;

/// A folder of this machine.
#[derive(Debug, Clone)]
pub(super) struct Disk {
    place: Place,
    operator: Operator,
    max_size: u64,
}

impl Disk {
    pub(super) fn open(folder: &Path, max_size: u64) -> Result<Self, Error> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::Config(format!("`{}` cannot be used: {error}", folder.display()))
        };
        let place = Place::open(folder).map_err(|error| failed(&error))?;
        let root = place.root().to_str();
        let root = root.ok_or_else(|| failed(&"the path is not UTF-8"))?;
        let service = services::Fs::default().root(root);
        let operator = Operator::new(service).map_err(|error| failed(&error.kind()))?;
        Ok(Self {
            place,
            operator,
            max_size,
        })
    }

    async fn look(&self, object: &str) -> Result<Found, Error> {
        let (place, object) = (self.place.clone(), object.to_owned());
        blocking(move || place.look(&object)).await
    }
}

#[async_trait]
impl Storage for Disk {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let (place, target) = (self.place.clone(), object(scope, key.as_str()));
        // Refused before the body is received, where that can be known; decided when it is moved.
        if !options.is_named_by_us() {
            let early = (place.clone(), target.clone(), key.clone(), options.clone());
            blocking(move || early.0.check_free(&early.1, &early.2, &early.3)).await?;
        }
        let (operator, key) = (self.operator.clone(), key.clone());
        receive(
            body,
            &options.clone(),
            self.max_size,
            move |mut body| async move {
                let first = body.next().await?;
                let staged = place.stage();
                if body.has_ended() {
                    // Most files are small, and each step of OpenDAL is a trip to another thread.
                    return blocking(move || {
                        let contents = first.unwrap_or_default();
                        Ok(staged
                            .keep(&contents, &target, &key, &options)?
                            .describe(key))
                    })
                    .await;
                }
                // To append is the way in OpenDAL that neither duplicates the file handle for each
                // block nor calls `fsync` on an async worker.
                let written = async {
                    let writer = operator.writer_with(staged.object()).append(true);
                    let mut writer = writer.await.map_err(from_opendal)?;
                    let mut next = first;
                    while let Some(block) = next {
                        writer.write(block).await.map_err(from_opendal)?;
                        next = body.next().await?;
                    }
                    writer.close().await.map_err(from_opendal)
                };
                let written = written.await;
                // On this thread also when nothing is kept, because dropping it removes a file.
                let file = blocking(move || {
                    written?;
                    Ok(staged.commit(&target, &key, &options)?.describe(key))
                });
                file.await
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
        let (place, object, asked) = (self.place.clone(), path.clone(), range.clone());
        let described = key.clone();
        let (mut found, small) = blocking(move || {
            let found = place.look(&object)?.file()?;
            let range = check_range(asked, found.describe(described).size)?;
            let small = place.read(&object, &found, &range, SMALL)?;
            Ok((found, small))
        })
        .await?;
        if let Some(small) = small {
            let info = found.describe(key.clone());
            return Ok((info, Box::pin(stream::iter([Ok(small.into())]))));
        }
        for _ in 0..ATTEMPTS {
            let info = found.describe(key.clone());
            let range = check_range(range.clone(), info.size)?;
            if range.is_empty() {
                return Ok((info, Box::pin(stream::empty())));
            }
            let reader = self.operator.reader_with(&path).chunk(PIECE).await;
            let contents = reader.map_err(from_opendal)?.into_bytes_stream(range).await;
            let mut contents = contents.map_err(from_opendal)?;
            // The file is opened at the first piece and then stays open, so all pieces are of one
            // version. If the name still means the file that was described, it is this one.
            let first = contents.next().await;
            let after = self.look(&path).await?.file()?;
            if after == found {
                let first = first.ok_or(Error::Range { size: info.size })?;
                let first = first.map_err(Error::backend)?;
                let rest = contents.map(|piece| piece.map_err(Into::into));
                return Ok((info, Box::pin(stream::iter([Ok(first)]).chain(rest))));
            }
            found = after;
        }
        Err(Error::backend("the file is written over all the time"))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        let found = self.look(&object(scope, key.as_str())).await?;
        Ok(found.file()?.describe(key.clone()))
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        let (place, path) = (self.place.clone(), object(scope, key.as_str()));
        let depth = key.segments().count();
        blocking(move || place.remove(&path, depth)).await
    }

    fn max_size(&self) -> u64 {
        self.max_size
    }

    async fn rename(
        &self,
        scope: &Scope,
        from: &Key,
        to: &Key,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let (place, key) = (self.place.clone(), to.clone());
        let (source, target) = (object(scope, from.as_str()), object(scope, to.as_str()));
        let depth = from.segments().count();
        blocking(move || {
            let file = place.rename(&source, depth, &target, &key, &options)?;
            Ok(file.describe(key))
        })
        .await
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let (place, space) = (self.place.clone(), space(scope));
        let limit = limit.clamp(1, MAX_PAGE);
        let (prefix, after) = (prefix.to_string(), after.map(Key::to_string));
        blocking(move || walk::page(&place, &space, &prefix, after, limit)).await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(Error::backend)?
}
