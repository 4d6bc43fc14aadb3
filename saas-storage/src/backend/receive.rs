//! Receiving a file.

use std::future::Future;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use tokio::sync::oneshot;
use tracing::Instrument as _;

use crate::{ByteStream, Error, PutOptions};

/// Pieces are written in blocks of about this size. Bodies come in frames of 16 KiB or less, and a
/// write to disk is a trip to another thread.
const BLOCK: usize = 256 * 1024;

/// After a piece of this size there are more, most likely.
const FRAME: usize = 16 * 1024;

/// A body that is counted, gathered into blocks, and ends when nobody waits for the result any more.
pub(super) struct Incoming {
    body: ByteStream,
    limit: u64,
    size: u64,
    block: BytesMut,
    ended: bool,
    /// What is hashed, and what must come of it.
    digest: Option<(Sha256, [u8; 32])>,
    gone: oneshot::Receiver<()>,
}

/// Runs a write that is told when its caller has gone, instead of being dropped halfway.
///
/// A future that is dropped while a file is being opened, closed or moved cannot clean up after
/// itself. So the write is a task of its own, and a caller who goes away is seen where it waits for
/// the next piece: it then ends like any other body that is cut short.
pub(super) async fn receive<T, F>(
    body: ByteStream,
    options: &PutOptions,
    largest: u64,
    write: impl FnOnce(Incoming) -> F,
) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
{
    let (stay, gone) = oneshot::channel();
    let incoming = Incoming {
        body,
        limit: options.limit().min(largest),
        digest: options.digest().map(|wanted| (Sha256::new(), wanted)),
        size: 0,
        block: BytesMut::new(),
        ended: false,
        gone,
    };
    let result = tokio::spawn(write(incoming).in_current_span()).await;
    drop(stay);
    result.map_err(Error::backend)?
}

impl Incoming {
    /// Tells whether the last block was given.
    pub(super) const fn has_ended(&self) -> bool {
        self.ended
    }

    /// Gives the next block, or none at the end of the body.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.ended {
            let piece = tokio::select! {
                biased;
                _ = &mut self.gone => return Err(Error::Source("the caller has gone".into())),
                piece = self.body.next() => piece,
            };
            let Some(piece) = piece.transpose().map_err(Error::Source)? else {
                self.ended = true;
                if let Some((hash, wanted)) = self.digest.take()
                    && hash.finalize().as_slice() != wanted
                {
                    return Err(Error::Digest);
                }
                break;
            };
            self.size = self.size.saturating_add(piece.len() as u64);
            if self.size > self.limit {
                return Err(Error::TooLarge { limit: self.limit });
            }
            if let Some((hash, _)) = &mut self.digest {
                hash.update(&piece);
            }
            if self.block.is_empty() && piece.len() >= BLOCK {
                return Ok(Some(piece));
            }
            if !self.block.is_empty() || piece.len() >= FRAME {
                // At once, since growing moves what is there; the last piece may reach beyond the end.
                let room = BLOCK.saturating_add(piece.len());
                self.block.reserve(room.saturating_sub(self.block.len()));
            }
            self.block.extend_from_slice(&piece);
            if self.block.len() >= BLOCK {
                break;
            }
        }
        let block = self.block.split().freeze();
        Ok((!block.is_empty()).then_some(block))
    }
}
