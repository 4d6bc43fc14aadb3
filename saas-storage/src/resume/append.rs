//! Adding to an upload.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use saas_core::Id;
use saas_tenancy::Scope;
use tokio::sync::Mutex;
use tracing::Instrument as _;

use super::{
    LOCK, Upload, Uploads, column, number, part_key,
    row::{NewPartRow, PartRow, UploadRow, UploadRows as _},
};
use crate::{ByteStream, Error, PutOptions};

/// The most that a body may bring whose digest was announced: until it has ended nobody has the room for it.
const MOST_WHOLE: u64 = 64 << 20;

/// What is still to come of a request.
struct Source {
    body: ByteStream,
    rest: Bytes,
    ended: bool,
    failed: Option<Error>,
    /// Bytes that were taken for the part that is being written.
    taken: u64,
}

/// A part that is in the storage.
struct Written {
    id: Id<PartRow>,
    start: u64,
    size: u64,
}

impl Uploads {
    /// Adds what a body brings to an upload, from the byte on that it has reached. Whatever arrives before the
    /// body fails is kept.
    ///
    /// # Errors
    ///
    /// [`Error::Offset`] when it goes on elsewhere; [`Error::NotFound`], as [`find`](Self::find);
    /// [`Error::TooLarge`] when there is more than was announced; [`Error::Source`] when the body fails. With the
    /// last byte also those of [`Files::put_file`](crate::Files::put_file), and where those say that the file is
    /// not to be kept the upload is gone.
    ///
    /// # Cancel safety
    ///
    /// It goes on in the background as long as the body does, and what arrives is kept.
    pub async fn append(
        &self,
        scope: &Scope,
        id: Id<Upload>,
        offset: u64,
        body: ByteStream,
    ) -> Result<Upload, Error> {
        self.append_in_background(scope, id, offset, body, false)
            .await
    }

    /// Adds what a body brings where it comes to its end without an error, and nothing otherwise: for a body
    /// that fails when its digest is not the one that was announced.
    #[cfg(feature = "axum")]
    pub(super) async fn append_whole(
        &self,
        scope: &Scope,
        id: Id<Upload>,
        offset: u64,
        body: ByteStream,
    ) -> Result<Upload, Error> {
        self.append_in_background(scope, id, offset, body, true)
            .await
    }

    async fn append_in_background(
        &self,
        scope: &Scope,
        id: Id<Upload>,
        offset: u64,
        body: ByteStream,
        whole: bool,
    ) -> Result<Upload, Error> {
        let (uploads, scope) = (self.clone(), scope.clone());
        let append = async move { uploads.append_now(&scope, id, offset, body, whole).await };
        let result = tokio::spawn(append.in_current_span()).await;
        result.map_err(Error::backend)?
    }

    async fn append_now(
        &self,
        scope: &Scope,
        id: Id<Upload>,
        offset: u64,
        body: ByteStream,
        whole: bool,
    ) -> Result<Upload, Error> {
        let mut tx = self.files.database().read_primary(scope);
        let mut row = self.row(&mut tx, id).await?;
        drop(tx);
        let (received, size) = (number(row.received), number(row.size));
        if received != offset {
            return Err(Error::Offset { received });
        }
        let source = Arc::new(Mutex::new(Source {
            body,
            rest: Bytes::new(),
            ended: false,
            failed: None,
            taken: 0,
        }));
        let (mut waiting, mut at) = (Vec::new(), received);
        let failed = loop {
            // One byte more than there may be shows that there are too many.
            let most = self
                .part_size
                .min(size.saturating_sub(at).saturating_add(1));
            let part = self.write_part(scope, row.id, at, most, &source).await;
            let (written, ended, failed) = match part {
                Ok(part) => part,
                Err(error) => break Some(error),
            };
            if let Some(part) = written {
                let end = part.start.saturating_add(part.size);
                waiting.push(part);
                if end > size {
                    break Some(Error::TooLarge { limit: size });
                }
                if whole && end.saturating_sub(received) > MOST_WHOLE {
                    break Some(Error::TooLarge { limit: MOST_WHOLE });
                }
                if !whole {
                    match self.keep(scope, &row, &waiting, end).await {
                        Ok(kept) => row = kept,
                        Err(error) => break Some(error),
                    }
                    waiting.clear();
                }
                at = end;
            }
            if failed.is_some() || ended {
                break failed;
            }
        };
        let kept = match failed {
            None if !waiting.is_empty() => self.keep(scope, &row, &waiting, at).await.map(Some),
            None => Ok(None),
            Some(error) => Err(error),
        };
        match kept {
            Ok(kept) => row = kept.unwrap_or(row),
            Err(error) => {
                self.discard(scope, row.id, &waiting).await;
                return Err(error);
            }
        }
        if row.received == row.size {
            self.finish(scope, &row).await?;
        }
        row.upload()
    }

    /// Writes the next part of a body, of up to so many bytes. Gives it, whether the body has ended, and what it
    /// failed with.
    async fn write_part(
        &self,
        scope: &Scope,
        upload: Id<UploadRow>,
        start: u64,
        most: u64,
        source: &Arc<Mutex<Source>>,
    ) -> Result<(Option<Written>, bool, Option<Error>), Error> {
        // Nothing is written for a body that has nothing more.
        let first = source.lock().await.next(most).await;
        let Some(first) = first else {
            let failed = source.lock().await.failed.take();
            return Ok((None, true, failed));
        };
        let id = Id::generate();
        let rest = stream::unfold(Arc::clone(source), move |source| async move {
            let piece = source.lock().await.next(most).await?;
            Some((Ok(piece), source))
        });
        let body: ByteStream = Box::pin(stream::iter([Ok(first)]).chain(rest));
        let key = part_key(upload, id)?;
        let put = self
            .files
            .storage()
            .put_with(scope, &key, body, PutOptions::default());
        put.await?;
        let mut source = source.lock().await;
        let size = std::mem::take(&mut source.taken);
        let ended = source.ended && source.rest.is_empty();
        Ok((
            Some(Written { id, start, size }),
            ended,
            source.failed.take(),
        ))
    }

    /// Moves the upload on, by parts that are in the storage.
    async fn keep(
        &self,
        scope: &Scope,
        row: &UploadRow,
        parts: &[Written],
        received: u64,
    ) -> Result<UploadRow, Error> {
        let database = self.files.database();
        let expires_at = database.clock().now().saturating_add(self.expires_after);
        let mut tx = database.write(scope);
        tx.lock(LOCK).await?;
        let moved = tx
            .move_upload(row.id, row.received, column(received), expires_at)
            .await?;
        if moved == 0 {
            // Somebody else has moved it on, or ended it.
            let now = tx.repo::<UploadRow>().find(row.id).await?;
            let received = number(now.ok_or(Error::NotFound)?.received);
            return Err(Error::Offset { received });
        }
        for part in parts {
            let new = NewPartRow {
                upload_id: row.id,
                start: column(part.start),
                size: column(part.size),
            };
            tx.repo::<PartRow>().insert_as(part.id, new).await?;
        }
        tx.commit().await?;
        Ok(UploadRow {
            received: column(received),
            expires_at,
            ..row.clone()
        })
    }

    /// Removes parts that do not count. Those that stay go with the upload.
    async fn discard(&self, scope: &Scope, upload: Id<UploadRow>, parts: &[Written]) {
        for part in parts {
            let Ok(key) = part_key(upload, part.id) else {
                continue;
            };
            if let Err(error) = self.files.storage().delete(scope, &key).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(
                    error,
                    "a part that does not count stays as long as its upload"
                );
            }
        }
    }
}

impl Source {
    /// Gives the next piece of the part that is being written, or none where that is full, or the body has ended
    /// or failed.
    async fn next(&mut self, most: u64) -> Option<Bytes> {
        let room = usize::try_from(most.saturating_sub(self.taken)).unwrap_or(usize::MAX);
        if room == 0 || self.failed.is_some() {
            return None;
        }
        while self.rest.is_empty() {
            match self.body.next().await {
                Some(Ok(piece)) => self.rest = piece,
                Some(Err(error)) => {
                    self.failed = Some(Error::Source(error).out_of_stream());
                    self.ended = true;
                    return None;
                }
                None => {
                    self.ended = true;
                    return None;
                }
            }
        }
        let piece = self.rest.split_to(room.min(self.rest.len()));
        self.taken = self.taken.saturating_add(piece.len() as u64);
        Some(piece)
    }
}
