//! The connections, and what each is doing.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep},
};

/// One part of the idle connections gives way at a time, so that looking for them is rare.
const PART: usize = 64;

/// It is not looked more often than this for answers that nobody takes, however short the patience.
const OFTEN: Duration = Duration::from_millis(10);

/// All connections. When the places are taken, those that have been idle for the longest give way: whoever opens many
/// and asks for nothing keeps nobody out with them.
#[derive(Debug, Clone, Default)]
pub(super) struct Seats(Arc<Mutex<BTreeMap<u64, Arc<Seat>>>>);

/// What one connection is doing. Requests touch nothing that other connections touch.
#[derive(Debug)]
pub(super) struct Seat {
    begun: Instant,
    asked: AtomicBool,
    under_way: AtomicUsize,
    /// In milliseconds since it began.
    idle_since: AtomicU64,
    /// Whether its client still has to take what was written.
    writing: AtomicBool,
    /// Whether nobody has seen the end of what its client sends.
    unfinished: AtomicBool,
    /// Whether what is written over HTTP/1 may be of an answer to a request.
    answering: AtomicBool,
    /// Pieces of answers of HTTP/2 that nobody has counted yet.
    pieces: AtomicUsize,
    /// Whether it is of HTTP/2, which says by itself where a request ends.
    of_many: AtomicBool,
    /// Its place is needed.
    needed: Notify,
    /// Answers of HTTP/2 that are being sent.
    answers: Mutex<Vec<Weak<Sending>>>,
}

/// A place that is taken, for as long as the connection is.
#[derive(Debug)]
pub(super) struct Taken {
    seats: Seats,
    number: u64,
    pub(super) seat: Arc<Seat>,
}

/// A request, until the last of its answer is handed over.
#[derive(Debug)]
pub(super) struct UnderWay(Arc<Seat>);

/// An answer that one stream of many carries. Its socket may be read while this stream is not, so that nobody but the
/// answer itself knows.
#[derive(Debug)]
pub(super) struct Sending {
    seat: Arc<Seat>,
    /// Since when the client has taken nothing of what is there for it; 0 while there is nothing.
    waits_since: AtomicU64,
}

impl Seats {
    pub(super) fn take(&self, number: u64) -> Taken {
        let seat = Arc::new(Seat {
            begun: Instant::now(),
            asked: AtomicBool::new(false),
            under_way: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
            writing: AtomicBool::new(false),
            unfinished: AtomicBool::new(false),
            answering: AtomicBool::new(false),
            pieces: AtomicUsize::new(0),
            of_many: AtomicBool::new(false),
            needed: Notify::new(),
            answers: Mutex::default(),
        });
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(number, Arc::clone(&seat));
        let seats = self.clone();
        Taken {
            seats,
            number,
            seat,
        }
    }

    /// Tells those that have been idle for the longest that their places are needed.
    pub(super) fn end_idle(&self) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = all.values().filter(|seat| seat.is_idle());
        let mut idle: Vec<_> = idle.map(|seat| (seat.idle_since(), seat)).collect();
        let part = idle.len().div_ceil(PART);
        if part > 0 {
            idle.select_nth_unstable_by_key(part - 1, |(since, _)| *since);
        }
        for (_, seat) in idle.into_iter().take(part) {
            seat.needed.notify_one();
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut all = self.seats.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.remove(&self.number);
    }
}

impl Seat {
    pub(super) fn ask(self: &Arc<Self>) -> UnderWay {
        self.asked.store(true, Ordering::Relaxed);
        self.answering.store(true, Ordering::Relaxed);
        self.under_way.fetch_add(1, Ordering::AcqRel);
        UnderWay(Arc::clone(self))
    }

    pub(super) fn send(self: &Arc<Self>) -> Arc<Sending> {
        let sending = Arc::new(Sending {
            seat: Arc::clone(self),
            waits_since: AtomicU64::new(self.now()),
        });
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        // There are no more than streams.
        answers.retain(|answer| answer.strong_count() > 0);
        answers.push(Arc::downgrade(&sending));
        sending
    }

    /// Waits until the connection is not worth its place any more, and tells why.
    pub(super) async fn until_unwanted(
        &self,
        header_timeout: Duration,
        write_timeout: Duration,
    ) -> &'static str {
        // Until the version of HTTP is known no timer of hyper runs.
        let silent = async {
            sleep(header_timeout).await;
            if self.asked.load(Ordering::Relaxed) {
                pending::<()>().await;
            }
        };
        let stalled = async {
            while !self.is_stalled(write_timeout) {
                sleep((write_timeout / 4).max(OFTEN)).await;
            }
        };
        let needed = async {
            loop {
                self.needed.notified().await;
                if self.is_idle() {
                    return;
                }
            }
        };
        tokio::select! {
            () = silent => "no request came on it",
            () = stalled => "its client takes nothing of an answer",
            () = needed => "its place is needed and it is idle",
        }
    }

    fn is_stalled(&self, patience: Duration) -> bool {
        let (now, patience) = (self.now(), millis(patience));
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let mut answers = answers.iter().filter_map(Weak::upgrade);
        answers.any(|answer| {
            let since = answer.waits_since.load(Ordering::Relaxed);
            since > 0 && now.saturating_sub(since) >= patience
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.under_way.load(Ordering::Acquire) == 0 && !self.writing.load(Ordering::Relaxed)
    }

    /// Notes whether a write waits for the client. hyper is done with an answer of HTTP/1 before the last of it is written.
    pub(super) fn writes(&self, waits: bool) {
        if self.writing.swap(waits, Ordering::Relaxed) && !waits {
            self.idle_since.store(self.now(), Ordering::Relaxed);
        }
    }

    /// Something came, and until it is known what it belongs to, more of it may.
    pub(super) fn note_input(&self) {
        if !self.of_many.load(Ordering::Relaxed) {
            self.set_unfinished(true);
        }
    }

    pub(super) fn set_of_many(&self) {
        self.of_many.store(true, Ordering::Relaxed);
        self.set_unfinished(false);
    }

    /// Notes whether more of a body has to come.
    pub(super) fn set_unfinished(&self, unfinished: bool) {
        self.unfinished.store(unfinished, Ordering::Relaxed);
    }

    pub(super) fn is_unfinished(&self) -> bool {
        self.unfinished.load(Ordering::Relaxed)
    }

    /// Whether what is written may be an answer to a request, and not what the library says by itself.
    pub(super) fn is_answering(&self) -> bool {
        self.of_many.load(Ordering::Relaxed) || self.answering.load(Ordering::Relaxed)
    }

    /// Notes that everything is written, and tells whether that ends an answer. hyper is done with one before that, but never
    /// before it has all of it.
    pub(super) fn flushed(&self) -> bool {
        self.under_way.load(Ordering::Acquire) == 0
            && self.answering.load(Ordering::Relaxed)
            && self.answering.swap(false, Ordering::Relaxed)
    }

    /// Gives how many pieces of answers were handed over since this was asked.
    pub(super) fn pieces(&self) -> usize {
        self.pieces.swap(0, Ordering::Relaxed)
    }

    fn idle_since(&self) -> Instant {
        self.begun + Duration::from_millis(self.idle_since.load(Ordering::Relaxed))
    }

    /// Never 0.
    fn now(&self) -> u64 {
        millis(self.begun.elapsed()).max(1)
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.idle_since.store(self.0.now(), Ordering::Relaxed);
        self.0.under_way.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Sending {
    /// Something was handed over, and the client has to take it.
    pub(super) fn handed_over(&self) {
        self.waits_since.store(self.seat.now(), Ordering::Relaxed);
        self.seat.pieces.fetch_add(1, Ordering::Relaxed);
    }

    /// The client has taken everything, and waits for more.
    pub(super) fn is_waited_for(&self) {
        self.waits_since.store(0, Ordering::Relaxed);
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_patience_at_all_does_not_keep_the_processor_busy() {
        let taken = Seats::default().take(0);
        let silent = Duration::from_secs(1);
        let why = taken.seat.until_unwanted(silent, Duration::ZERO).await;
        assert_eq!(why, "no request came on it");
    }
}
