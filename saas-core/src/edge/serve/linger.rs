//! The end of a connection whose client still writes (RFC 9112, 9.6).
//!
//! Whoever closes a socket with input in it resets the connection, and the client loses what it has not read yet: the very
//! answer that says why it need not write on.

use std::{
    future::Future as _,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, ReadBuf},
    time::{Instant, Sleep, sleep, sleep_until},
};

/// A client that has written nothing for so long is done.
const QUIET: Duration = Duration::from_secs(1);

/// A client that writes on for longer does not read.
const LONGEST: Duration = Duration::from_secs(10);

/// So much is read at a time.
const PIECE: usize = 8 << 10;

/// Forgets what a client writes after its last answer.
#[derive(Debug)]
pub(super) struct Linger {
    ends: Instant,
    /// Until when it is waited for more.
    quiet: Option<Pin<Box<Sleep>>>,
}

impl Linger {
    /// `expects` is whether something is still to come; else only what is there already makes it wait.
    pub(super) fn new(expects: bool) -> Self {
        Self {
            ends: Instant::now() + LONGEST,
            quiet: expects.then(|| Box::pin(sleep(QUIET))),
        }
    }

    /// Reads until the client has closed its side, is quiet, or has gone on for too long.
    pub(super) fn poll<S>(&mut self, socket: &mut S, context: &mut Context<'_>) -> Poll<()>
    where
        S: AsyncRead + Unpin,
    {
        loop {
            let mut piece = [MaybeUninit::uninit(); PIECE];
            let mut piece = ReadBuf::uninit(&mut piece);
            match Pin::new(&mut *socket).poll_read(context, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    let now = Instant::now();
                    if now >= self.ends {
                        return Poll::Ready(());
                    }
                    let until = self.ends.min(now + QUIET);
                    match &mut self.quiet {
                        Some(quiet) => quiet.as_mut().reset(until),
                        none => *none = Some(Box::pin(sleep_until(until))),
                    }
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => {
                    return match &mut self.quiet {
                        Some(quiet) => quiet.as_mut().poll(context),
                        None => Poll::Ready(()),
                    };
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    async fn linger(expects: bool, mut socket: DuplexStream) -> Duration {
        let begun = Instant::now();
        let mut linger = Linger::new(expects);
        std::future::poll_fn(|context| linger.poll(&mut socket, context)).await;
        begun.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn it_lasts_until_the_client_closes_and_no_longer_than_it_is_good_for() {
        let (socket, client) = duplex(16);
        drop(client);
        assert_eq!(linger(true, socket).await, Duration::ZERO);

        // Nothing is there, and nothing is to come.
        let (socket, _client) = duplex(16);
        assert_eq!(linger(false, socket).await, Duration::ZERO);

        let (socket, _client) = duplex(16);
        assert_eq!(linger(true, socket).await, QUIET);

        for expects in [true, false] {
            let (socket, mut client) = duplex(16);
            client.write_all(b"there already").await.unwrap();
            let closes = tokio::spawn(async move {
                sleep(QUIET / 2).await;
                client.write_all(&[1; 1000]).await.unwrap();
                sleep(QUIET / 2).await;
            });
            assert_eq!(linger(expects, socket).await, QUIET);
            closes.await.unwrap();
        }

        let (socket, mut client) = duplex(16);
        let endless = tokio::spawn(async move {
            while client.write_all(&[1]).await.is_ok() {
                sleep(QUIET / 3).await;
            }
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).await.unwrap();
        });
        let lasted = linger(true, socket).await;
        assert!(lasted >= LONGEST && lasted <= LONGEST + QUIET, "{lasted:?}");
        endless.await.unwrap();
    }
}
