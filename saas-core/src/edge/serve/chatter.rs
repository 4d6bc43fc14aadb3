//! Frames of HTTP/2 that ask for nothing: PING, SETTINGS, `WINDOW_UPDATE` and their like (RFC 9113, section 10.5).
//!
//! The protocol has each of them answered or noted, and sets no bound to their number. Who sends many more than
//! requests and answers account for is read more slowly, so that it is the sender who waits.

use std::{
    future::Future as _,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// How many may come at once.
const BURST: i64 = 1000;

/// Every so often one more may come.
const EACH: Duration = Duration::from_millis(5);

/// How many each request brings along, such as its cancellation.
const OF_REQUEST: i64 = 4;

/// How many each piece of an answer brings along: what its reader says about the windows of the stream and of all.
const OF_PIECE: usize = 2;

/// One more for so many bytes that are written: a reader with a small window takes a piece in many frames.
const BYTES: usize = 256;

/// It is looked at least so often whether answers have brought something.
const LONGEST: u32 = 200;

/// Counts what comes in on a connection.
#[derive(Debug)]
pub(super) struct Chatter {
    reading: Reading,
    /// How many more may come. Below zero it is to rest.
    left: i64,
    /// Until when `left` is counted.
    counted: Instant,
    /// Bytes of answers that have brought nothing yet.
    written: usize,
    /// The last stream that was begun.
    stream: u32,
    rest: Option<Pin<Box<Sleep>>>,
}

/// What the next byte belongs to.
#[derive(Debug)]
enum Reading {
    /// So much of the preface has come.
    Preface(usize),
    /// The head of a frame, of which so much has come.
    Head([u8; 9], usize),
    /// So much of a frame is still to come.
    Payload(usize),
    /// It is not HTTP/2.
    Other,
}

impl Chatter {
    pub(super) fn new() -> Self {
        Self {
            reading: Reading::Preface(0),
            left: BURST,
            counted: Instant::now(),
            written: 0,
            stream: 0,
            rest: None,
        }
    }

    /// Whether it is of HTTP/2, or may be.
    pub(super) const fn counts(&self) -> bool {
        !matches!(self.reading, Reading::Other)
    }

    /// Waits until more may be read.
    pub(super) fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while self.left < 0 {
            self.count();
            let missing = u32::try_from(-self.left).unwrap_or(u32::from(self.left < 0));
            if missing == 0 {
                break;
            }
            let rest = self
                .rest
                .get_or_insert_with(|| Box::pin(sleep(EACH * missing.min(LONGEST))));
            if rest.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            self.rest = None;
        }
        self.rest = None;
        Poll::Ready(())
    }

    /// Notes how many pieces of answers and how many bytes were written. Tells whether that ends a rest.
    pub(super) fn wrote(&mut self, pieces: usize, bytes: usize) -> bool {
        let written = self.written + bytes;
        let brought = (pieces * OF_PIECE).saturating_add(written / BYTES);
        self.add(i64::try_from(brought).unwrap_or(BURST));
        self.written = written % BYTES;
        self.left >= 0 && self.rest.is_some()
    }

    /// Notes what has been read.
    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        if !self.counts() {
            return;
        }
        self.count();
        while !bytes.is_empty() {
            match &mut self.reading {
                Reading::Other => return,
                Reading::Preface(come) => {
                    let wanted = PREFACE.get(*come..).unwrap_or_default();
                    let (part, rest) = bytes.split_at(wanted.len().min(bytes.len()));
                    if !wanted.starts_with(part) {
                        self.reading = Reading::Other;
                        return;
                    }
                    *come += part.len();
                    bytes = rest;
                    if *come == PREFACE.len() {
                        self.reading = Reading::Head([0; 9], 0);
                    }
                }
                Reading::Head(head, come) => {
                    let (part, rest) = bytes.split_at((head.len() - *come).min(bytes.len()));
                    for (to, from) in head.iter_mut().skip(*come).zip(part) {
                        *to = *from;
                    }
                    *come += part.len();
                    bytes = rest;
                    if *come == head.len() {
                        let [a, b, c, kind, _, stream @ ..] = *head;
                        let length = u32::from_be_bytes([0, a, b, c]) as usize;
                        // Its first bit is reserved.
                        let stream = u32::from_be_bytes(stream) & (u32::MAX >> 1);
                        self.reading = Reading::Payload(length);
                        match Kind::of(kind, length, stream > self.stream) {
                            Kind::Asks => {
                                self.stream = stream;
                                self.add(OF_REQUEST);
                            }
                            Kind::Carries => {}
                            Kind::Says => self.left = self.left.saturating_sub(1),
                        }
                    }
                }
                Reading::Payload(left) => {
                    let (part, rest) = bytes.split_at((*left).min(bytes.len()));
                    *left -= part.len();
                    bytes = rest;
                }
            }
            if matches!(self.reading, Reading::Payload(0)) {
                self.reading = Reading::Head([0; 9], 0);
            }
        }
    }

    fn add(&mut self, more: i64) {
        self.left = self.left.saturating_add(more).min(BURST);
    }

    /// Counts what the time since the last count has brought.
    fn count(&mut self) {
        let now = Instant::now();
        let passed = now.duration_since(self.counted);
        let more = u32::try_from(passed.as_millis() / EACH.as_millis()).unwrap_or(u32::MAX);
        self.add(i64::from(more));
        // What is left of the time is counted the next time.
        self.counted += EACH * more;
    }
}

/// What a frame does.
enum Kind {
    /// A request begins.
    Asks,
    /// It carries a part of one.
    Carries,
    /// Neither.
    Says,
}

impl Kind {
    /// Goes by RFC 9113, section 6.
    const fn of(kind: u8, length: usize, begins: bool) -> Self {
        const DATA: u8 = 0;
        const HEADERS: u8 = 1;
        const CONTINUATION: u8 = 9;
        match kind {
            // On a stream that was there before they are trailers, or nothing that anybody looks at.
            HEADERS if begins => Self::Asks,
            DATA if length > 0 => Self::Carries,
            // Those of one head are bounded by hyper.
            CONTINUATION => Self::Carries,
            _ => Self::Says,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(kind: u8, stream: u32, payload: usize) -> Vec<u8> {
        let length = u32::try_from(payload).unwrap().to_be_bytes();
        let mut frame = length[1..].to_vec();
        frame.extend([kind, 0]);
        frame.extend(stream.to_be_bytes());
        frame.resize(frame.len() + payload, 0);
        frame
    }

    /// How long it rests before it reads on.
    async fn rests(chatter: &mut Chatter) -> Duration {
        let begun = Instant::now();
        std::future::poll_fn(|context| chatter.poll_ready(context)).await;
        begun.elapsed()
    }

    fn begun() -> Chatter {
        let mut chatter = Chatter::new();
        chatter.read(PREFACE);
        chatter
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_only_talks_is_read_slowly() {
        let mut chatter = begun();
        let pings = frame(6, 0, 8).repeat(100);
        let before = Instant::now();
        for _ in 0..100 {
            chatter.read(&pings);
            rests(&mut chatter).await;
        }
        // A thousand at once, and nine thousand one after the other.
        let took = before.elapsed();
        assert!(took >= EACH * 8_900 && took <= EACH * 9_100, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_made_up_for_and_no_time_is_lost_between_reads() {
        let mut chatter = begun();
        chatter.read(&frame(6, 0, 8).repeat(1000));
        // Two every 9.9 ms are more than 200 a second, and none of the time between is forgotten.
        for _ in 0..1000 {
            tokio::time::sleep(Duration::from_micros(9_900)).await;
            chatter.read(&frame(6, 0, 8).repeat(2));
        }
        assert!(chatter.left >= -21, "{}", chatter.left);
        tokio::time::sleep(Duration::from_secs(60)).await;
        chatter.read(&frame(6, 0, 8).repeat(1000));
        assert_eq!(rests(&mut chatter).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_bodies_and_answers_are_read_as_they_come() {
        let mut chatter = begun();
        for request in 0..10_000 {
            // A request, its body in pieces of every size, and the window and the end of its answer.
            let stream = 2 * request + 1;
            chatter.read(&frame(1, stream, 500));
            chatter.read(&frame(0, stream, 1000));
            chatter.read(&frame(0, stream, 1).repeat(100));
            chatter.read(&frame(0, stream, 0));
            chatter.read(&frame(8, stream, 4));
            chatter.read(&frame(3, stream, 4));
            assert_eq!(rests(&mut chatter).await, Duration::ZERO);
        }
        for _ in 0..10_000 {
            // One long answer to a reader with a small window.
            chatter.wrote(0, 512);
            chatter.read(&frame(8, 1, 4).repeat(2));
            // Events of a few bytes, and the windows of the stream and of the connection after each.
            chatter.wrote(1, 20);
            chatter.read(&frame(8, 1, 4).repeat(2));
            assert_eq!(rests(&mut chatter).await, Duration::ZERO);
        }
        // HTTP/1 is none of it.
        let mut other = Chatter::new();
        other.read(b"POST / HTTP/1.1\r\n");
        other.read(&frame(6, 0, 8).repeat(100_000));
        assert_eq!(rests(&mut other).await, Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn heads_on_a_stream_that_was_there_before_and_empty_pieces_bring_nothing() {
        for kind in [0, 1] {
            let mut chatter = begun();
            chatter.read(&frame(1, 7, 100));
            for stream in [7, 5, 7 | 1 << 31] {
                chatter.read(&frame(kind, stream, 0).repeat(1000));
            }
            let rested = rests(&mut chatter).await;
            assert_eq!(rested, EACH * 2000, "{kind}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_answers_bring_ends_a_rest() {
        let mut chatter = begun();
        chatter.read(&frame(6, 0, 8).repeat(1100));
        let mut poll = || {
            let mut context = Context::from_waker(std::task::Waker::noop());
            chatter.poll_ready(&mut context).is_ready()
        };
        assert!(!poll());
        assert!(!chatter.wrote(0, 99 * BYTES));
        assert!(chatter.wrote(0, BYTES));
        assert_eq!(rests(&mut chatter).await, Duration::ZERO);
    }

    proptest! {
        /// However the bytes are cut, the same frames are counted.
        #[test]
        fn pieces_do_not_matter(
            frames in prop::collection::vec((0..12_u8, 0..9_u32, 0..200_usize), 0..50),
            cuts in prop::collection::vec(1..100_usize, 1..200),
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = { runtime }.enable_time().start_paused(true).build().unwrap();
            let _entered = runtime.enter();
            let mut all = PREFACE.to_vec();
            for (kind, stream, payload) in frames {
                all.extend(frame(kind, stream, payload));
            }
            let (mut whole, mut parts) = (Chatter::new(), Chatter::new());
            whole.read(&all);
            let mut rest = &all[..];
            for cut in cuts.iter().cycle() {
                let (part, after) = rest.split_at((*cut).min(rest.len()));
                parts.read(part);
                rest = after;
                if rest.is_empty() {
                    break;
                }
            }
            prop_assert_eq!((whole.left, whole.stream), (parts.left, parts.stream));
        }
    }
}
