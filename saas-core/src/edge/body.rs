//! A request body that is neither too large nor too slow.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep};

use super::Limits;
use crate::{Code, Problem};

/// Says why a body could not be read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BodyFault {
    /// It is larger than the route accepts.
    TooLarge,
    /// The client sends too slowly.
    TooSlow,
    /// The connection ended before the body did.
    Incomplete,
}

impl BodyFault {
    /// Finds the fault behind an error that reading a body gave.
    #[must_use]
    pub fn of(error: &(dyn Error + 'static)) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(fault) = error.downcast_ref::<Self>() {
                return *fault;
            }
            next = error.source();
        }
        // Everything else that a transport reports means that no more will come.
        Self::Incomplete
    }

    /// Gives the problem to answer with.
    pub fn problem(self) -> Problem {
        Problem::new(match self {
            Self::TooLarge => Code::BODY_TOO_LARGE,
            Self::TooSlow => Code::TIMEOUT,
            Self::Incomplete => Code::BODY_INCOMPLETE,
        })
    }
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body comes too slowly",
            Self::Incomplete => "the body ended early",
        })
    }
}

impl Error for BodyFault {}

/// Counts a body, and watches the pauses in it.
pub(super) struct Limited {
    inner: Body,
    limits: Limits,
    announced: Option<u64>,
    read: u64,
    pause: Duration,
    patience: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Limited {
    pub(super) fn new(
        inner: Body,
        limits: Limits,
        announced: Option<u64>,
        pause: Duration,
    ) -> Self {
        let patience = Box::pin(tokio::time::sleep(pause));
        Self {
            inner,
            limits,
            announced,
            read: 0,
            pause,
            patience,
            waiting: false,
        }
    }
}

impl HttpBody for Limited {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let limit = self.limits.body();
        // What the client announces to be too large is not read at all.
        if self.announced.is_some_and(|length| length > limit) {
            return Poll::Ready(Some(Err(BodyFault::TooLarge.into())));
        }
        match Pin::new(&mut self.inner).poll_frame(context) {
            Poll::Ready(Some(Ok(frame))) => {
                self.waiting = false;
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.read = self.read.saturating_add(length);
                if self.read > limit {
                    return Poll::Ready(Some(Err(BodyFault::TooLarge.into())));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                if !self.waiting {
                    self.waiting = true;
                    let until = Instant::now() + self.pause;
                    self.patience.as_mut().reset(until);
                }
                self.patience
                    .as_mut()
                    .poll(context)
                    .map(|()| Some(Err(BodyFault::TooSlow.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
