//! The digest of what a request brings.

use axum::response::{IntoResponse as _, Response};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, StatusCode, header};
use saas_core::{Problem, edge::RequestId};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::headers::{self, Name, wrong};
use crate::{ByteStream, Error};

/// The protocol demands SHA-1. It finds what went wrong on the way, and nobody relies on it for more.
pub(super) const ALGORITHMS: &str = "sha1,sha256";

/// The digest that was announced.
#[derive(Debug, Clone)]
pub(super) struct Announced {
    hash: Hash,
    wanted: Vec<u8>,
}

#[derive(Debug, Clone)]
enum Hash {
    Sha1(Sha1),
    Sha256(Sha256),
}

impl Announced {
    /// Reads `Upload-Checksum`.
    pub(super) fn read(headers: &HeaderMap) -> Result<Option<Self>, Problem> {
        let Some(text) = headers::text(headers, Name::Checksum)? else {
            return Ok(None);
        };
        let malformed = || {
            wrong(
                Name::Checksum,
                "is neither `sha1` nor `sha256` and a digest in base64",
            )
        };
        let (algorithm, digest) = text.split_once(' ').ok_or_else(malformed)?;
        let wanted = STANDARD.decode(digest.trim()).map_err(|_| malformed())?;
        let (hash, length) = match algorithm {
            "sha1" => (Hash::Sha1(Sha1::new()), 20),
            "sha256" => (Hash::Sha256(Sha256::new()), 32),
            _ => return Err(malformed()),
        };
        if wanted.len() != length {
            return Err(malformed());
        }
        Ok(Some(Self { hash, wanted }))
    }

    /// Lets a body pass. It ends with an error where it is another one.
    pub(super) fn watch(self, body: ByteStream) -> ByteStream {
        Box::pin(stream::unfold(Some((self, body)), |state| async move {
            let (mut announced, mut body) = state?;
            match body.next().await {
                Some(Ok(piece)) => {
                    announced.update(&piece);
                    Some((Ok(piece), Some((announced, body))))
                }
                Some(Err(error)) => Some((Err(error), None)),
                None if announced.holds() => None,
                None => Some((Err(Error::Digest.into_stream()), None)),
            }
        }))
    }

    fn update(&mut self, piece: &Bytes) {
        match &mut self.hash {
            Hash::Sha1(hash) => hash.update(piece),
            Hash::Sha256(hash) => hash.update(piece),
        }
    }

    fn holds(self) -> bool {
        match self.hash {
            Hash::Sha1(hash) => hash.finalize().as_slice() == self.wanted,
            Hash::Sha256(hash) => hash.finalize().as_slice() == self.wanted,
        }
    }
}

/// Answers with the status of the protocol, which HTTP does not define and no problem has.
pub(super) fn mismatch(problem: Problem, id: Option<&RequestId>) -> Response {
    const STATUS: u16 = 460;
    let problem = match id {
        Some(id) => problem.request_id(id.as_str()),
        None => problem,
    };
    let Ok(status) = StatusCode::from_u16(STATUS) else {
        return problem.into_response();
    };
    let mut body = serde_json::to_value(&problem).unwrap_or_default();
    if let Some(body) = body.as_object_mut() {
        body.insert("status".to_owned(), STATUS.into());
    }
    let kind = [(header::CONTENT_TYPE, Problem::MEDIA_TYPE)];
    (status, kind, body.to_string()).into_response()
}
