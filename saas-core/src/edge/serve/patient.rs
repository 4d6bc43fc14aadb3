//! A socket that does not wait for ever for its client to read.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Buf as _, Bytes};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{chatter::Chatter, linger::Linger, refusal, seat::Seat};

/// Fails a write that makes no progress for so long, says what was refused before there was a request, and takes its time to
/// close.
#[derive(Debug)]
pub(super) struct Patient<S> {
    inner: S,
    patience: Duration,
    /// Whose socket it is.
    seat: Arc<Seat>,
    chatter: Chatter,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Whether what came after the last answer begins as a request for a head does.
    of_head: Option<bool>,
    /// What is still to be written instead of an answer.
    instead: Option<Bytes>,
    /// Its own side is closed.
    linger: Option<Linger>,
}

impl<S> Patient<S> {
    pub(super) fn new(inner: S, patience: Duration, seat: Arc<Seat>) -> Self {
        Self {
            inner,
            patience,
            seat,
            chatter: Chatter::new(),
            waiting: None,
            of_head: None,
            instead: None,
            linger: None,
        }
    }

    /// Passes on what a write came to, unless it waits for too long.
    fn bounded<T>(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if wrote.is_ready() {
            if self.waiting.take().is_some() {
                self.seat.writes(false);
            }
            return wrote;
        }
        if self.waiting.is_none() {
            self.seat.writes(true);
        }
        let patience = self.patience;
        let waiting = self
            .waiting
            .get_or_insert_with(|| Box::pin(sleep(patience)));
        ready!(waiting.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S> Patient<S> {
    fn noted(
        &mut self,
        context: &mut Context<'_>,
        wrote: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(bytes)) = &wrote
            && self.chatter.counts()
            && self.chatter.wrote(self.seat.pieces(), *bytes)
        {
            // Whoever reads may go on.
            context.waker().wake_by_ref();
        }
        self.bounded(context, wrote)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.chatter.poll_ready(context));
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        let come = buffer.filled().get(before..).unwrap_or_default();
        if !come.is_empty() {
            self.seat.note_input();
            self.of_head.get_or_insert(come.starts_with(b"HEAD "));
            self.chatter.read(come);
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> Patient<S> {
    /// Writes what tells more than an answer that hyper makes by itself; nothing, where it is another's.
    fn poll_instead(&mut self, context: &mut Context<'_>, answer: &[u8]) -> Poll<io::Result<bool>> {
        if self.instead.is_none() {
            if self.seat.is_answering() {
                return Poll::Ready(Ok(false));
            }
            let Some(told) = refusal::told(answer, self.of_head == Some(true)) else {
                return Poll::Ready(Ok(false));
            };
            self.instead = Some(told);
        }
        while let Some(left) = self.instead.as_ref().filter(|left| !left.is_empty()) {
            let wrote = Pin::new(&mut self.inner).poll_write(context, left);
            let wrote = ready!(self.bounded(context, wrote))?;
            if wrote == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            if let Some(left) = &mut self.instead {
                left.advance(wrote);
            }
        }
        self.instead = None;
        Poll::Ready(Ok(true))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if ready!(self.poll_instead(context, bytes))? {
            return Poll::Ready(Ok(bytes.len()));
        }
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.noted(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [only] = pieces
            && ready!(self.poll_instead(context, only))?
        {
            return Poll::Ready(Ok(only.len()));
        }
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.noted(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
        // hyper flushes when it has written everything.
        if flushed.is_ready() && self.seat.flushed() {
            self.of_head = None;
        }
        self.bounded(context, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.linger.is_none() {
            let shut = Pin::new(&mut self.inner).poll_shutdown(context);
            ready!(self.bounded(context, shut))?;
        }
        let Self {
            inner,
            seat,
            linger,
            ..
        } = &mut *self;
        linger
            .get_or_insert_with(|| Linger::new(seat.is_unfinished()))
            .poll(inner, context)
            .map(Ok)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::{super::seat::Seats, *};

    #[tokio::test(start_paused = true)]
    async fn whoever_reads_slowly_is_waited_for_and_whoever_does_not_is_left() {
        let (socket, mut client) = tokio::io::duplex(16);
        let taken = Seats::default().take(0);
        let seat = Arc::clone(&taken.seat);
        let mut socket = Patient::new(socket, Duration::from_secs(30), Arc::clone(&seat));
        let reads = tokio::spawn(async move {
            for _ in 0..10 {
                sleep(Duration::from_secs(29)).await;
                let mut piece = [0; 16];
                client.read_exact(&mut piece).await.unwrap();
            }
            // It stays and reads nothing more.
            sleep(Duration::from_secs(3600)).await;
            drop(client);
        });
        assert!(seat.is_idle());
        {
            let mut all = std::pin::pin!(socket.write_all(&[1; 160]));
            let waits =
                |context: &mut Context<'_>| Poll::Ready(all.as_mut().poll(context).is_pending());
            assert!(std::future::poll_fn(waits).await);
            assert!(!seat.is_idle());
            all.await.unwrap();
        }
        assert!(seat.is_idle());
        let failed = socket.write_all(&[1; 160]).await.unwrap_err();
        assert_eq!(failed.kind(), io::ErrorKind::TimedOut);
        reads.abort();
    }
}
