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

/// A body that is being sent.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) body: Body,
    /// Over HTTP/2.
    pub(super) sending: Option<Arc<Sending>>,
    /// Ends with it.
    pub(super) _under_way: UnderWay,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        if let Some(sending) = &self.sending {
            match &polled {
                Poll::Pending => sending.is_waited_for(),
                Poll::Ready(_) => sending.handed_over(),
            }
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
