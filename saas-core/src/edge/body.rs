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

/// How many bytes a second a body has to bring after its first pause, as Apache asks for with `MinRate`:
/// otherwise one byte in each pause would hold a connection for as long as its client likes.
const RATE: f64 = 500.0;

/// Counts a body, and watches the pauses in it.
pub(super) struct Limited {
    inner: Body,
    limits: Limits,
    announced: Option<u64>,
    read: u64,
    pause: Duration,
    patience: Pin<Box<Sleep>>,
    /// Since when it is waited for the next piece.
    waiting: Option<Instant>,
    /// For how long it was waited in all.
    waited: Duration,
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
            waiting: None,
            waited: Duration::ZERO,
        }
    }

    /// How long the next piece may take: a pause, and not longer than what has come is worth.
    fn allowance(&self) -> Duration {
        let worth = Duration::from_secs_f64(self.read as f64 / RATE);
        let left = self.pause.saturating_add(worth).saturating_sub(self.waited);
        left.min(self.pause)
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
                if let Some(since) = self.waiting.take() {
                    self.waited += since.elapsed();
                }
                let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                self.read = self.read.saturating_add(length);
                if self.read > limit {
                    return Poll::Ready(Some(Err(BodyFault::TooLarge.into())));
                }
                if self.inner.is_end_stream() {
                    self.limits.set_read();
                }
                Poll::Ready(Some(Ok(frame)))
            }
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(error.into()))),
            Poll::Ready(None) => {
                self.limits.set_read();
                Poll::Ready(None)
            }
            Poll::Pending => {
                if self.waiting.is_none() {
                    let now = Instant::now();
                    self.waiting = Some(now);
                    let until = now + self.allowance();
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

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::{StreamExt as _, stream};
    use http_body_util::BodyExt as _;

    use super::*;

    /// Reads a body of which so many bytes come after each pause.
    async fn read(bytes: usize, pause: Duration, pieces: usize) -> Result<usize, BodyFault> {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from(vec![1; bytes]))
        });
        let limits = Limits::unbounded();
        let patience = Duration::from_secs(15);
        let body = Limited::new(Body::from_stream(pieces), limits, None, patience);
        let read = body.collect().await;
        read.map(|all| all.to_bytes().len())
            .map_err(|error| BodyFault::of(&*error))
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_body_is_waited_for_and_one_that_drips_is_not() {
        let second = Duration::from_secs(1);
        assert_eq!(read(1_000, second, 1_000).await, Ok(1_000_000));
        assert_eq!(read(10_000, second * 14, 3).await, Ok(30_000));
        assert_eq!(read(10_000, second * 16, 3).await, Err(BodyFault::TooSlow));
        let begun = Instant::now();
        assert_eq!(read(1, second, 1_000).await, Err(BodyFault::TooSlow));
        assert!(begun.elapsed() < second * 17, "{:?}", begun.elapsed());
    }
}
