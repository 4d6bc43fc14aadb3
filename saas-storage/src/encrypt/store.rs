//! A storage that encrypts what goes into another one.

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use saas_tenancy::Scope;
use sha2::{Digest as _, Sha256};

use super::{
    TenantKeys,
    chunk::{self, CHUNK, Sealer, TAG},
    header::{self, HEADER},
};
use crate::{ByteStream, Error, FileInfo, FilePage, Key, Prefix, PutOptions, Storage};

/// A file that is written over while it is being opened is looked at again this often.
const ATTEMPTS: usize = 16;

/// Encrypts what goes into a storage, and decrypts what comes out of it.
///
/// Sizes are those of the plain bytes, ranges are of them too, and no address of the store below is signed,
/// because the store would give what it has. Names and sizes are not hidden.
///
/// A download fails in its middle when the object was changed there; bytes that were given until then are
/// those that were put.
#[derive(Debug, Clone)]
pub struct Encrypted {
    inner: Arc<dyn Storage>,
    keys: TenantKeys,
    max_size: u64,
}

impl Encrypted {
    /// Encrypts what goes into a storage. An object is larger than its file by 84 bytes and 16 for
    /// every 64 KiB; the bound of the storage below has to have room for that.
    #[must_use]
    pub fn new(inner: Arc<dyn Storage>, keys: TenantKeys, max_size: u64) -> Self {
        Self {
            inner,
            keys,
            max_size,
        }
    }

    /// Reads the start of an object, as it was described.
    async fn head(&self, scope: &Scope, key: &Key) -> Result<(FileInfo, Vec<u8>), Error> {
        let (info, start) = self.inner.get(scope, key, Some(0..HEADER)).await?;
        let start: Vec<Bytes> = start.try_collect().await.map_err(Error::Backend)?;
        Ok((info, start.concat()))
    }

    /// Reads all of a file, with one request.
    async fn whole(&self, scope: &Scope, key: &Key) -> Result<(FileInfo, ByteStream), Error> {
        let (described, mut sealed) = self.inner.get(scope, key, None).await?;
        let info = plain(described)?;
        let mut waiting = BytesMut::new();
        while (waiting.len() as u64) < HEADER {
            let piece = sealed.next().await.ok_or(Error::Sealed)?;
            waiting.extend_from_slice(&piece.map_err(Error::Backend)?);
        }
        let header = waiting.split_to(HEADER as usize);
        let with = self.keys.opening(scope, header::key_id(&header)?).await?;
        let sealer = header::resume(scope.tenant().id(), key, &header, &with)?;
        let count = chunk::count(info.size);
        let opening = Opening {
            sealed,
            sealer,
            number: 0,
            behind: count,
            count,
            skip: 0,
            left: info.size,
            waiting,
        };
        Ok((info, opening.begin().await?))
    }
}

/// Describes the file that is in an object.
fn plain(info: FileInfo) -> Result<FileInfo, Error> {
    let sealed = info.size.checked_sub(HEADER);
    let size = sealed.and_then(chunk::plain_size).ok_or(Error::Sealed)?;
    let mut info = info;
    info.size = size;
    Ok(info)
}

#[async_trait]
impl Storage for Encrypted {
    async fn put_with(
        &self,
        scope: &Scope,
        key: &Key,
        body: ByteStream,
        options: PutOptions,
    ) -> Result<FileInfo, Error> {
        let limit = options.limit().min(self.max_size);
        let digest = options.digest();
        let (id, with) = self.keys.sealing(scope).await?;
        let (header, sealer) = header::begin(scope.tenant().id(), key, id, &with)?;
        let sealing = Sealing {
            body,
            sealer,
            limit,
            size: 0,
            number: 0,
            block: BytesMut::new(),
            piece: Bytes::new(),
            digest: digest.map(|wanted| (Sha256::new(), wanted)),
            ended: false,
            done: false,
        };
        let first = stream::iter([Ok(Bytes::from(header))]);
        let body: ByteStream = Box::pin(first.chain(sealing.into_stream()));
        let room = HEADER.saturating_add(chunk::sealed_size(limit));
        let put = self
            .inner
            .put_with(scope, key, body, options.in_place_of(room));
        plain(put.await.map_err(Error::out_of_stream)?)
    }

    async fn get(
        &self,
        scope: &Scope,
        key: &Key,
        range: Option<Range<u64>>,
    ) -> Result<(FileInfo, ByteStream), Error> {
        let Some(range) = range else {
            return self.whole(scope, key).await;
        };
        for _ in 0..ATTEMPTS {
            let (described, header) = match self.head(scope, key).await {
                Ok(found) => found,
                Err(Error::Range { .. }) => return Err(Error::Sealed),
                Err(error) => return Err(error),
            };
            let info = plain(described.clone())?;
            let wanted = range.clone();
            if wanted.start > wanted.end || wanted.end > info.size {
                return Err(Error::Range { size: info.size });
            }
            let with = self.keys.opening(scope, header::key_id(&header)?).await?;
            let sealer = header::resume(scope.tenant().id(), key, &header, &with)?;
            // An empty part too is given only where the file can be opened.
            let count = chunk::count(info.size);
            let first = (wanted.start / CHUNK).min(count - 1);
            let behind = wanted.end.div_ceil(CHUNK).clamp(first + 1, count);
            let from = HEADER + first * (CHUNK + TAG);
            let to = (HEADER + behind * (CHUNK + TAG)).min(described.size);
            let (found, sealed) = match self.inner.get(scope, key, Some(from..to)).await {
                Ok(found) => found,
                Err(Error::Range { .. }) => continue,
                Err(error) => return Err(error),
            };
            // Written over between header and chunks.
            if found != described {
                continue;
            }
            let opening = Opening {
                sealed,
                sealer,
                number: first,
                behind,
                count,
                skip: wanted.start - first * CHUNK,
                left: wanted.end - wanted.start,
                waiting: BytesMut::new(),
            };
            return Ok((info, opening.begin().await?));
        }
        Err(Error::backend("the file is written over all the time"))
    }

    async fn stat(&self, scope: &Scope, key: &Key) -> Result<FileInfo, Error> {
        plain(self.inner.stat(scope, key).await?)
    }

    async fn delete(&self, scope: &Scope, key: &Key) -> Result<bool, Error> {
        self.inner.delete(scope, key).await
    }

    async fn list(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&Key>,
        limit: usize,
    ) -> Result<FilePage, Error> {
        let page = self.inner.list(scope, prefix, after, limit).await?;
        let items = page
            .items
            .into_iter()
            .map(plain)
            .collect::<Result<_, _>>()?;
        Ok(FilePage::new(items, page.next))
    }

    fn max_size(&self) -> u64 {
        self.max_size
    }

    async fn delete_many(&self, scope: &Scope, keys: &[Key]) -> Result<(), Error> {
        self.inner.delete_many(scope, keys).await
    }
}

/// A body that is sealed while it passes.
struct Sealing {
    body: ByteStream,
    sealer: Sealer,
    limit: u64,
    size: u64,
    number: u64,
    /// The chunk that is being filled, with room for its tag.
    block: BytesMut,
    /// What comes after it.
    piece: Bytes,
    digest: Option<(Sha256, [u8; 32])>,
    /// The body has ended.
    ended: bool,
    /// The last chunk was given.
    done: bool,
}

impl Sealing {
    fn into_stream(self) -> ByteStream {
        Box::pin(stream::try_unfold(self, |mut sealing| async move {
            if sealing.done {
                return Ok(None);
            }
            let chunk = sealing.next().await.map_err(Error::into_stream)?;
            Ok(Some((chunk, sealing)))
        }))
    }

    /// Gives the next sealed chunk. One that is full waits until it is known whether it is the last.
    async fn next(&mut self) -> Result<Bytes, Error> {
        while !self.fill() && !self.ended {
            match self.body.next().await {
                Some(piece) => self.take(piece.map_err(Error::Source)?)?,
                None => self.end()?,
            }
        }
        let last = self.ended && self.piece.is_empty();
        self.done = last;
        let mut chunk = std::mem::take(&mut self.block);
        self.sealer.seal(self.number, last, &mut chunk)?;
        self.number += 1;
        Ok(chunk.freeze())
    }

    /// Moves what there is into the chunk, and tells whether there is more than it takes.
    fn fill(&mut self) -> bool {
        let full = CHUNK as usize;
        let part = self.piece.len().min(full - self.block.len());
        if part > 0 {
            if !self.block.is_empty() || part == full {
                // A short file does not fill it.
                self.block.reserve(full + TAG as usize - self.block.len());
            }
            self.block.extend_from_slice(&self.piece.split_to(part));
        }
        !self.piece.is_empty()
    }

    fn take(&mut self, piece: Bytes) -> Result<(), Error> {
        self.size = self.size.saturating_add(piece.len() as u64);
        if self.size > self.limit {
            return Err(Error::TooLarge { limit: self.limit });
        }
        if let Some((hash, _)) = &mut self.digest {
            hash.update(&piece);
        }
        self.piece = piece;
        Ok(())
    }

    fn end(&mut self) -> Result<(), Error> {
        self.ended = true;
        if let Some((hash, wanted)) = self.digest.take()
            && hash.finalize().as_slice() != wanted
        {
            return Err(Error::Digest);
        }
        Ok(())
    }
}

/// Chunks that are opened while they pass.
struct Opening {
    sealed: ByteStream,
    sealer: Sealer,
    number: u64,
    behind: u64,
    count: u64,
    skip: u64,
    left: u64,
    waiting: BytesMut,
}

impl Opening {
    /// Opens the first chunk, which tells whether the key fits, while there is an answer to give still.
    async fn begin(self) -> Result<ByteStream, Error> {
        let mut opened = self.into_stream();
        let start = opened.next().await.transpose();
        let start = start.map_err(|error| Error::out_of_stream(Error::Source(error)))?;
        Ok(Box::pin(stream::iter(start.map(Ok)).chain(opened)))
    }

    fn into_stream(self) -> ByteStream {
        Box::pin(stream::try_unfold(self, |mut opening| async move {
            if opening.number == opening.behind {
                return Ok(None);
            }
            let piece = opening.next().await.map_err(Error::into_stream)?;
            Ok(Some((piece, opening)))
        }))
    }

    async fn next(&mut self) -> Result<Bytes, Error> {
        let full = (CHUNK + TAG) as usize;
        while self.waiting.len() < full {
            match self.sealed.next().await {
                Some(piece) => self
                    .waiting
                    .extend_from_slice(&piece.map_err(Error::Source)?),
                None => break,
            }
        }
        let length = self.waiting.len().min(full);
        let mut chunk = self.waiting.split_to(length);
        let last = self.number + 1 == self.count;
        self.sealer.open(self.number, last, &mut chunk)?;
        self.number += 1;
        let mut chunk = chunk.freeze();
        let skip = usize::try_from(self.skip).unwrap_or(usize::MAX);
        let mut chunk = chunk.split_off(skip.min(chunk.len()));
        self.skip = 0;
        chunk.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= chunk.len() as u64;
        Ok(chunk)
    }
}
