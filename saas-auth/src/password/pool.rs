//! A few threads for slow work, and a bounded queue before them.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use tokio::sync::Semaphore;

use crate::{Error, PasswordConfig};

pub(super) struct Pool {
    slots: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    queue: usize,
}

impl Pool {
    pub(super) fn new(config: &PasswordConfig) -> Self {
        let slots = match config.slots {
            0 => (std::thread::available_parallelism().map_or(1, usize::from) / 2).max(1),
            slots => slots,
        };
        Self {
            slots: Arc::new(Semaphore::new(slots)),
            waiting: Arc::default(),
            queue: config.queue.max(1),
        }
    }

    /// Runs work when a slot is free.
    ///
    /// The slot is held by the work itself: a caller that goes away cannot let more run at once.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Error> {
        let _place = Place::take(&self.waiting, self.queue)?;
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| Error::Busy)?;
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(slot);
            result
        });
        done.await
            .map_err(|_| Error::Crypto("hashing was interrupted"))
    }
}

/// A place in the queue, given back when it is dropped.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(waiting: &Arc<AtomicUsize>, queue: usize) -> Result<Self, Error> {
        let place = Self(Arc::clone(waiting));
        if waiting.fetch_add(1, Ordering::Relaxed) < queue {
            Ok(place)
        } else {
            Err(Error::Busy)
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("free", &self.slots.available_permits())
            .field("queue", &self.queue)
            .finish()
    }
}
