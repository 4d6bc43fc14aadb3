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
            slots => slots.min(Semaphore::MAX_PERMITS),
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
        let place = Place::take(&self.waiting, self.queue)?;
        let slot = Arc::clone(&self.slots)
            .acquire_owned()
            .await
            .map_err(|_| Error::Busy)?;
        drop(place);
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn pool(slots: usize, queue: usize) -> Arc<Pool> {
        let config = PasswordConfig {
            slots,
            queue,
            ..PasswordConfig::default()
        };
        Arc::new(Pool::new(&config))
    }

    /// Starts work that occupies a slot until the sender is dropped, and waits until it does.
    async fn occupy(pool: &Arc<Pool>) -> (mpsc::Sender<()>, tokio::task::JoinHandle<()>) {
        let (release, released) = mpsc::channel::<()>();
        let (started, has_started) = tokio::sync::oneshot::channel();
        let here = Arc::clone(pool);
        let work = tokio::spawn(async move {
            here.run(move || {
                let _ = started.send(());
                let _ = released.recv();
            })
            .await
            .unwrap();
        });
        has_started.await.unwrap();
        (release, work)
    }

    #[tokio::test]
    async fn pwd_03_runs_as_many_as_there_are_slots_and_refuses_when_the_queue_is_full() {
        let pool = pool(1, 2);
        let (release, occupied) = occupy(&pool).await;
        let waiting: Vec<_> = (0..2)
            .map(|_| {
                let here = Arc::clone(&pool);
                tokio::spawn(async move { here.run(|| ()).await })
            })
            .collect();
        while pool.waiting.load(Ordering::Relaxed) < 2 {
            tokio::task::yield_now().await;
        }
        assert!(matches!(pool.run(|| ()).await, Err(Error::Busy)));
        drop(release);
        occupied.await.unwrap();
        for waited in waiting {
            waited.await.unwrap().unwrap();
        }
        assert_eq!(pool.waiting.load(Ordering::Relaxed), 0);
        pool.run(|| ()).await.unwrap();
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_gives_up_its_place_but_not_the_slot_of_its_work() {
        let pool = pool(1, 1);
        let (release, occupied) = occupy(&pool).await;
        occupied.abort();
        let _ = occupied.await;
        assert_eq!(pool.slots.available_permits(), 0);
        let here = Arc::clone(&pool);
        let waiting = tokio::spawn(async move { here.run(|| ()).await });
        while pool.waiting.load(Ordering::Relaxed) < 1 {
            tokio::task::yield_now().await;
        }
        waiting.abort();
        let _ = waiting.await;
        assert_eq!(pool.waiting.load(Ordering::Relaxed), 0);
        drop(release);
        pool.run(|| ()).await.unwrap();
    }
}
