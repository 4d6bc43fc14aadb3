//! A socket that does not wait for ever for its client to read.

use std::{
    future::Future as _,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::{linger::Linger, seat::Seat};

/// Fails a write that makes no progress for so long, and takes its time to close.
#[derive(Debug)]
pub(super) struct Patient<S> {
    inner: S,
    patience: Duration,
    /// Whose socket it is.
    seat: Arc<Seat>,
    /// Runs while a write waits.
    waiting: Option<Pin<Box<Sleep>>>,
    /// Its own side is closed.
    linger: Option<Linger>,
}

impl<S> Patient<S> {
    pub(super) const fn new(inner: S, patience: Duration, seat: Arc<Seat>) -> Self {
        Self {
            inner,
            patience,
            seat,
            waiting: None,
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

impl<S: AsyncRead + Unpin> AsyncRead for Patient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.seat.note_input();
        }
        read
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Patient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write(context, bytes);
        self.bounded(context, wrote)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let wrote = Pin::new(&mut self.inner).poll_write_vectored(context, pieces);
        self.bounded(context, wrote)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(context);
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
