//! The body of an answer, which tells its connection how it fares.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

use super::seat::{Sending, UnderWay};

/// So much is handed over at a time over HTTP/2. The connection takes a piece as soon as the client has room for one byte,
/// and holds the rest of it.
const PIECE: usize = 16 << 10;

/// A body that is being sent.
#[derive(Debug)]
pub(super) struct Answer {
    body: Body,
    over: Over,
    /// Ends with it.
    _under_way: UnderWay,
}

#[derive(Debug)]
enum Over {
    Http1,
    Http2 {
        sending: Arc<Sending>,
        /// What the client has no room for yet.
        rest: Bytes,
    },
}

impl Answer {
    /// Over HTTP/1, where the socket shows whether anything is taken; and bodies with nothing in them.
    pub(super) const fn new(body: Body, under_way: UnderWay) -> Self {
        Self {
            body,
            over: Over::Http1,
            _under_way: under_way,
        }
    }

    /// Over HTTP/2, as one stream of many.
    pub(super) const fn watched(body: Body, under_way: UnderWay, sending: Arc<Sending>) -> Self {
        let rest = Bytes::new();
        Self {
            body,
            over: Over::Http2 { sending, rest },
            _under_way: under_way,
        }
    }
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, over, .. } = &mut *self;
        let Over::Http2 { sending, rest } = over else {
            return Pin::new(body).poll_frame(context);
        };
        if rest.is_empty() {
            let frame = match Pin::new(body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => frame,
                Poll::Pending => {
                    sending.is_waited_for();
                    return Poll::Pending;
                }
                ended => return ended,
            };
            match frame.into_data() {
                Ok(data) => *rest = data,
                Err(frame) => return Poll::Ready(Some(Ok(frame))),
            }
        }
        sending.handed_over();
        // The last byte goes by itself: it waits here until the client has taken everything before it.
        let piece = rest.split_to(rest.len().saturating_sub(1).clamp(1, PIECE).min(rest.len()));
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.over {
            Over::Http1 => self.body.is_end_stream(),
            Over::Http2 { rest, .. } => rest.is_empty() && self.body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.over {
            Over::Http1 => self.body.size_hint(),
            Over::Http2 { rest, .. } => {
                let (body, rest) = (self.body.size_hint(), rest.len() as u64);
                let mut hint = SizeHint::new();
                hint.set_lower(body.lower().saturating_add(rest));
                if let Some(upper) = body.upper() {
                    hint.set_upper(upper.saturating_add(rest));
                }
                hint
            }
        }
    }
}
