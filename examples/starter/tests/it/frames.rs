//! Frames of HTTP/2 that no client sends. `cargo xtask soak` sends them for longer.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use futures_util::future::pending;
use reqwest::Method;
use saas_tenancy::Dialect;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpSocket,
};

use crate::{
    hostile::steady,
    measure::{memory, percentile, tier},
    world::{World, send},
};

/// What a client begins with (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS: u8 = 1;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// `GET http://localhost/health/live` (RFC 7541).
const ASK: &[u8] = b"\x82\x86\x04\x0c/health/live\x01\x09localhost";

/// Writes a frame (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// What is sent without end.
#[derive(Debug, Clone, Copy)]
struct Flood {
    name: &'static str,
    /// Whether the head of a request is left open, or is whole.
    open: bool,
    kind: u8,
    stream: u32,
    payload: &'static [u8],
    /// Whether what the server says is read.
    reads: bool,
    /// Whether the server has to end the connection. One that it answers more and more slowly may go on.
    must_end: bool,
}

const FLOODS: [Flood; 4] = [
    Flood {
        name: "SETTINGS",
        open: false,
        kind: SETTINGS,
        stream: 0,
        // Another size of the window of each stream.
        payload: &[0, 4, 0, 0, 255, 255],
        reads: true,
        must_end: false,
    },
    Flood {
        name: "PING",
        open: false,
        kind: PING,
        stream: 0,
        payload: &[0; 8],
        reads: true,
        must_end: false,
    },
    Flood {
        name: "SETTINGS of which no answer is read",
        open: false,
        kind: SETTINGS,
        stream: 0,
        payload: &[0, 4, 0, 0, 255, 255],
        reads: false,
        must_end: false,
    },
    Flood {
        name: "CONTINUATION",
        open: true,
        kind: CONTINUATION,
        stream: 1,
        // `a: b`, not to be remembered.
        payload: b"\x00\x01a\x01b",
        reads: true,
        must_end: true,
    },
];

/// What came of a flood.
#[derive(Debug, Default)]
struct Outcome {
    /// How many frames were sent.
    sent: u64,
    /// How many connections the server has ended.
    ended: u64,
    /// How many bytes it has answered.
    answered: u64,
}

/// Floods until then, on one connection after the other, and at least until one has ended that must.
async fn flood(address: SocketAddr, flood: Flood, until: Instant) -> Outcome {
    let mut outcome = Outcome::default();
    let Outcome {
        sent,
        ended,
        answered,
    } = &mut outcome;
    let piece = frame(flood.kind, 0, flood.stream, flood.payload).repeat(100);
    let head = if flood.open { 0 } else { END_HEADERS };
    let opening = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[]),
        frame(HEADERS, END_STREAM | head, 1, ASK),
    ];
    while Instant::now() < until {
        let socket = TcpSocket::new_v4().unwrap();
        if !flood.reads {
            socket.set_recv_buffer_size(4096).unwrap();
        }
        let (mut from, mut to) = socket.connect(address).await.unwrap().into_split();
        let reads = async {
            let mut answers = vec![0; 1 << 16];
            if !flood.reads {
                pending::<()>().await;
            }
            while let Ok(read @ 1..) = from.read(&mut answers).await {
                *answered += read as u64;
            }
        };
        let writes = async {
            if to.write_all(&opening.concat()).await.is_err() {
                return true;
            }
            loop {
                if to.write_all(&piece).await.is_err() {
                    return true;
                }
                *sent += 100;
            }
        };
        // One that need not end is left when the time is over; it may be in the midst of writing.
        let over = async {
            if flood.must_end {
                pending::<()>().await;
            }
            tokio::time::sleep_until(until.into()).await;
        };
        let either = async {
            tokio::select! {
                () = reads => true,
                ended = writes => ended,
                () = over => false,
            }
        };
        let has_ended = tokio::time::timeout(Duration::from_secs(60), either).await;
        let has_ended = has_ended.unwrap_or_else(|_| panic!("{}: it goes on", flood.name));
        *ended += u64::from(has_ended);
    }
    outcome
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn htp_08_floods_of_frames_end_or_are_read_slowly_and_the_others_are_answered() {
    let settings = [
        // Neither is what ends a flood that goes on.
        ("SAAS__SERVER__CONNECTION__HEADER_TIMEOUT", "120s"),
        ("SAAS__SERVER__CONNECTION__WRITE_TIMEOUT", "1s"),
        ("RUST_LOG", "warn,starter=info"),
    ];
    let world = World::on(Dialect::Sqlite, &settings).await;
    let address = world.url.strip_prefix("http://").unwrap().parse().unwrap();
    let phase = Duration::from_secs(tier(2, 30));
    let before = memory(&world, "VmRSS");
    let until = Instant::now() + phase;
    let floods = FLOODS.map(|kind| tokio::spawn(flood(address, kind, until)));
    let mut beside = steady(&world, phase).await;
    let grown = memory(&world, "VmRSS").saturating_sub(before);
    for (kind, flood) in FLOODS.iter().zip(floods) {
        let outcome = flood.await.unwrap();
        println!("{}: {outcome:?}", kind.name);
        assert!(outcome.sent > 0, "{}", kind.name);
        assert!(!kind.must_end || outcome.ended > 0, "{}", kind.name);
        if !kind.must_end {
            // A thousand at once, what one look at the socket finds, and two hundred a second.
            let frames = 4_000 + 200 * (phase.as_secs() + 1);
            let answer = frame(kind.kind, 1, 0, &[0; 8]).len() as u64;
            assert!(outcome.answered < frames * answer, "{}", kind.name);
        }
    }
    let slowest = percentile(&mut beside, 99);
    println!(
        "{} KiB more, p99 of {} others {slowest:?}",
        grown >> 10,
        beside.len()
    );
    assert!(grown < 32 << 20, "{grown}");
    assert!(slowest < Duration::from_secs(5), "{slowest:?}");
    let live = world.request(Method::GET, "/health/live");
    assert_eq!(send(live).await.status, 200);
}
