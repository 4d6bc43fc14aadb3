//! What is learnt about a file while it passes by: size, digest, type, and whether there is room for it.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::sniff;
use crate::{ByteStream, Error, object::Room};

/// Room is asked for by so much at a time, so that the database is not asked for every piece.
const STEP: u64 = 8 << 20;

/// What is known of a file that has passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) size: u64,
    pub(crate) sha256: [u8; 32],
    pub(crate) media_type: &'static str,
}

/// Filled when the last byte has passed.
pub(crate) type Passed = Arc<Mutex<Option<Seen>>>;

struct Intake {
    body: ByteStream,
    room: Room,
    allowed: Arc<[String]>,
    hash: Sha256,
    size: u64,
    head: Vec<u8>,
    media_type: Option<&'static str>,
    passed: Passed,
    ended: bool,
}

/// Lets a body pass. It ends with an error of this crate where the file is not to be kept.
pub(crate) fn watch(body: ByteStream, room: Room, allowed: Arc<[String]>) -> (ByteStream, Passed) {
    let passed = Passed::default();
    let intake = Intake {
        body,
        room,
        allowed,
        hash: Sha256::new(),
        size: 0,
        head: Vec::new(),
        media_type: None,
        passed: Arc::clone(&passed),
        ended: false,
    };
    let watched = stream::unfold(intake, |mut intake| async move {
        if intake.ended {
            return None;
        }
        let next = intake.next().await;
        intake.ended = !matches!(next, Ok(Some(_)));
        let item = next.map_err(Error::into_stream);
        Some((item.transpose()?, intake))
    });
    (Box::pin(watched), passed)
}

impl Intake {
    async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let Some(piece) = self.body.next().await else {
            self.judge()?;
            let hash = std::mem::take(&mut self.hash);
            *self.passed.lock() = Some(Seen {
                size: self.size,
                sha256: hash.finalize().into(),
                media_type: self.media_type.unwrap_or_default(),
            });
            return Ok(None);
        };
        let piece = piece.map_err(Error::Source)?;
        self.size = self.size.saturating_add(piece.len() as u64);
        self.room.make(self.size, STEP).await?;
        self.hash.update(&piece);
        if self.media_type.is_none() {
            let missing = sniff::HEAD.saturating_sub(self.head.len());
            self.head.extend(piece.iter().take(missing));
            if self.head.len() >= sniff::HEAD {
                self.judge()?;
            }
        }
        Ok(Some(piece))
    }

    /// Tells the type, once enough is there.
    fn judge(&mut self) -> Result<(), Error> {
        if self.media_type.is_some() {
            return Ok(());
        }
        let found = sniff::media_type(&self.head);
        self.head = Vec::new();
        self.media_type = Some(found);
        if sniff::is_allowed(found, &self.allowed) {
            Ok(())
        } else {
            Err(Error::MediaType(found))
        }
    }
}
