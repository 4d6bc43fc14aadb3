//! A link to a server that can be broken.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{oneshot, watch},
};

/// A TCP proxy between a service and its database, whose faults are those of networks.
///
/// It listens on 127.0.0.1 as long as it lives, on a thread of its own: a test may block its own.
///
/// # Examples
///
/// ```no_run
/// use saas_testkit::{FaultyLink, TestDatabase};
///
/// # async fn run() {
/// let world = TestDatabase::postgres(&[&saas_tenancy::MODULE]).await;
/// let server = FaultyLink::to("127.0.0.1:5432");
/// // … the service connects to the link …
/// server.freeze();
/// // … and answers 503 …
/// server.restore();
/// # drop(world);
/// # }
/// ```
#[derive(Debug)]
pub struct FaultyLink {
    address: SocketAddr,
    state: watch::Sender<State>,
    commits: Arc<AtomicI64>,
    /// Its end ends the link.
    _alive: oneshot::Sender<()>,
}

/// What the link does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// It passes everything on, so late.
    Open(Duration),
    /// It ends every connection.
    Cut,
    /// It accepts connections, and passes nothing on.
    Frozen,
}

const COMMIT: &[u8] = b"COMMIT";

impl FaultyLink {
    /// Begins to pass everything on to a server, such as `127.0.0.1:5432`.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub fn to(server: impl Into<String>) -> Self {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.expect("a free port");
        listener.set_nonblocking(true).expect("a socket");
        let address = listener.local_addr().expect("an address");
        let (state, seen) = watch::channel(State::Open(Duration::ZERO));
        let commits = Arc::new(AtomicI64::new(i64::MAX));
        let (alive, ended) = oneshot::channel::<()>();
        let (counted, server) = (Arc::clone(&commits), server.into());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let runtime = runtime.expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).expect("a listener");
                let accepting = async {
                    while let Ok((client, _)) = listener.accept().await {
                        let (server, seen) = (server.clone(), seen.clone());
                        tokio::spawn(pass(client, server, seen, Arc::clone(&counted)));
                    }
                };
                tokio::select! {
                    () = accepting => {}
                    _ = ended => {}
                }
            });
        });
        Self {
            address,
            state,
            commits,
            _alive: alive,
        }
    }

    /// Gives the address to connect to.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends all connections, and those that come, as when the server is stopped.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Passes nothing on any more and says nothing, as when a cable is pulled.
    pub fn freeze(&self) {
        self.state.send_replace(State::Frozen);
    }

    /// Passes everything on, each piece so late.
    pub fn delay(&self, by: Duration) {
        self.state.send_replace(State::Open(by));
    }

    /// Passes everything on again.
    pub fn restore(&self) {
        self.delay(Duration::ZERO);
    }

    /// Lets the server do the next `COMMIT` but so many, and ends that connection before its answer: whoever sent it
    /// does not learn whether it took place. Those after it are passed on.
    pub fn lose_commit(&self, after: u32) {
        self.commits
            .store(i64::from(after).saturating_add(1), Ordering::SeqCst);
    }
}

/// Passes one connection on until a side or the link ends it.
async fn pass(
    client: TcpStream,
    server: String,
    mut state: watch::Receiver<State>,
    commits: Arc<AtomicI64>,
) {
    let ended = state.clone();
    let through = async {
        // A frozen network answers no knock.
        if state
            .wait_for(|state| *state != State::Frozen)
            .await
            .is_err()
        {
            return;
        }
        let Ok(server) = TcpStream::connect(server).await else {
            return;
        };
        let ((from_client, to_client), (from_server, to_server)) =
            (client.into_split(), server.into_split());
        let (lost, losing) = watch::channel(false);
        let up = forward(from_client, to_server, state.clone(), |piece| {
            let has_commit = piece.windows(COMMIT.len()).any(|part| part == COMMIT);
            if has_commit && commits.fetch_sub(1, Ordering::SeqCst) == 1 {
                lost.send_replace(true);
            }
            true
        });
        // The first answer after that commit is the commit's.
        let down = forward(from_server, to_client, state.clone(), |_| !*losing.borrow());
        tokio::select! {
            () = up => {}
            () = down => {}
        }
    };
    tokio::select! {
        () = through => {}
        () = cut(ended) => {}
    }
}

async fn cut(mut state: watch::Receiver<State>) {
    let _ = state.wait_for(|state| *state == State::Cut).await;
}

/// Passes on what comes, as long as it may.
async fn forward(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
    may: impl Fn(&[u8]) -> bool,
) {
    let mut piece = vec![0; 64 << 10];
    loop {
        let Ok(length @ 1..) = from.read(&mut piece).await else {
            return;
        };
        let open = state.wait_for(|state| matches!(state, State::Open(_)));
        let Ok(State::Open(late)) = open.await.map(|state| *state) else {
            return;
        };
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        let Some(piece) = piece.get(..length) else {
            return;
        };
        if !may(piece) || to.write_all(piece).await.is_err() {
            return;
        }
    }
}
