//! What runs beside the requests: sweepers, refreshers, followers of changes.
//!
//! A [`Supervisor`] begins each task again when it fails, panics or returns, later each time, counts that, and ends all
//! of them within a bound:
//!
//! ```
//! use std::time::Duration;
//!
//! use saas_core::task::{Supervisor, TaskConfig};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let tasks = Supervisor::new(&TaskConfig::default());
//! // One that goes on for ever, and one that is done again and again.
//! tasks.keep("follow", async || std::future::pending().await);
//! tasks.every("sweep", Duration::from_secs(3600), async || {
//!     println!("swept");
//!     Ok(())
//! });
//! assert_eq!(tasks.states().len(), 2);
//! let cut = tasks.shutdown(Duration::from_secs(5)).await;
//! assert!(cut.is_empty());
//! # }
//! ```

use std::{
    error::Error,
    fmt,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{Instant, sleep, timeout_at},
};

use crate::{
    config::Period,
    metrics::{Kind, Metrics, MetricsText},
};

/// How soon a task that failed is begun again.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TaskConfig {
    /// After the first failure; twice as long after each that follows.
    pub pause: Period,
    /// The longest.
    pub longest_pause: Period,
}

impl Default for TaskConfig {
    fn default() -> Self {
        Self {
            pause: Duration::from_secs(1).into(),
            longest_pause: Duration::from_secs(60).into(),
        }
    }
}

/// Runs tasks, and begins them again when they end; cheap to clone.
///
/// Dropping the last clone stops nothing: [`shutdown`](Self::shutdown) does.
#[derive(Clone)]
pub struct Supervisor(Arc<Inner>);

struct Inner {
    pause: Duration,
    longest_pause: Duration,
    stop: watch::Sender<bool>,
    tasks: Mutex<Vec<Supervised>>,
}

struct Supervised {
    counts: Arc<Counts>,
    handle: JoinHandle<()>,
}

struct Counts {
    name: &'static str,
    running: AtomicBool,
    runs: AtomicU64,
    failures: AtomicU64,
}

/// Nothing is begun again sooner.
const SHORTEST: Duration = Duration::from_millis(10);

/// How a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TaskState {
    /// Its name.
    pub name: &'static str,
    /// Whether it is under way, and does not wait for its next time or after a failure.
    pub running: bool,
    /// How often it was begun.
    pub runs: u64,
    /// How often it ended as it should not: with an error, by a panic, or at all where it goes on for ever.
    pub failures: u64,
}

/// What a task failed with.
pub type Failure = Box<dyn Error + Send + Sync>;

impl Metrics for Supervisor {
    fn write(&self, text: &mut MetricsText) {
        let states = self.states();
        let help = "How often a task was begun.";
        let mut runs = text.family("saas_task_runs_total", help, Kind::Counter);
        for task in &states {
            runs.count(&[("task", task.name)], task.runs);
        }
        let help = "How often a task ended as it should not.";
        let mut failures = text.family("saas_task_failures_total", help, Kind::Counter);
        for task in &states {
            failures.count(&[("task", task.name)], task.failures);
        }
    }
}

impl Supervisor {
    /// Makes one without tasks.
    #[must_use]
    pub fn new(config: &TaskConfig) -> Self {
        Self(Arc::new(Inner {
            pause: config.pause.into(),
            longest_pause: config.longest_pause.into(),
            stop: watch::Sender::new(false),
            tasks: Mutex::default(),
        }))
    }

    /// Runs a task that goes on for ever. When it returns or panics it is begun again.
    ///
    /// It is dropped where it waits when everything ends, so it has to be safe to be cancelled.
    pub fn keep<F>(&self, name: &'static str, task: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let task = move || {
            let running = task();
            async move {
                running.await;
                Err("it returned".into())
            }
        };
        self.supervise(name, None, task);
    }

    /// Runs a task again and again: the first time after a tenth of `pause`, so that not everything is done at each
    /// start, and then after every pause. After a failure it is tried again sooner.
    ///
    /// It may finish what it does when everything ends, within the bound of [`shutdown`](Self::shutdown).
    pub fn every<F>(
        &self,
        name: &'static str,
        pause: Duration,
        task: impl Fn() -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        self.supervise(name, Some(pause), task);
    }

    /// Tells how the tasks do, in the order in which they were begun.
    #[must_use]
    pub fn states(&self) -> Vec<TaskState> {
        let tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.iter().map(|task| task.counts.read()).collect()
    }

    /// Ends all tasks: those that go on for ever at once, the others when they are done with what they do. Gives the
    /// names of those that were cut off because they took longer.
    ///
    /// # Cancel safety
    ///
    /// The tasks have been told to end when it is polled for the first time. When it is dropped, none is cut off.
    pub async fn shutdown(&self, within: Duration) -> Vec<&'static str> {
        self.0.stop.send_replace(true);
        let tasks = {
            let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *tasks)
        };
        let (deadline, mut cut) = (Instant::now() + within, Vec::new());
        for mut task in tasks {
            if timeout_at(deadline, &mut task.handle).await.is_err() {
                task.handle.abort();
                cut.push(task.counts.name);
            }
        }
        cut
    }

    fn supervise<F>(
        &self,
        name: &'static str,
        every: Option<Duration>,
        task: impl Fn() -> F + Send + 'static,
    ) where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let counts = Arc::new(Counts {
            name,
            running: AtomicBool::new(false),
            runs: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        });
        let run = Run {
            every,
            pause: self.0.pause,
            longest_pause: self.0.longest_pause,
            stop: self.0.stop.subscribe(),
            _told: self.0.stop.clone(),
            counts: Arc::clone(&counts),
        };
        let handle = tokio::spawn(run.run(task));
        let mut tasks = self.0.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.push(Supervised { counts, handle });
    }
}

/// One task.
struct Run {
    every: Option<Duration>,
    pause: Duration,
    longest_pause: Duration,
    stop: watch::Receiver<bool>,
    /// Nobody else may be there to say that everything ends, and then it does not.
    _told: watch::Sender<bool>,
    counts: Arc<Counts>,
}

impl Run {
    async fn run<F>(mut self, task: impl Fn() -> F + Send + 'static)
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let mut pause = self.pause;
        if let Some(every) = self.every
            && self.waits(every / 10).await
        {
            return;
        }
        loop {
            let begun = Instant::now();
            // What makes the future may panic as well.
            let made = std::panic::catch_unwind(AssertUnwindSafe(&task));
            let Some(ended) = (match made {
                Ok(future) => self.once(future).await,
                Err(_) => Some(Err("it panicked before it began".into())),
            }) else {
                return;
            };
            let next = match ended {
                Ok(()) => {
                    pause = self.pause;
                    self.every.unwrap_or_default()
                }
                Err(failure) => {
                    self.counts.failures.fetch_add(1, Ordering::Relaxed);
                    // Whoever has run for long is not one who fails all the time.
                    if begun.elapsed() > self.longest_pause {
                        pause = self.pause;
                    }
                    let (task, again) = (self.counts.name, pause);
                    let error = &*failure as &dyn Error;
                    tracing::warn!(task, error, ?again, "a task has failed and is begun again");
                    pause = (pause * 2).min(self.longest_pause);
                    again.min(self.every.unwrap_or(Duration::MAX))
                }
            };
            if self.waits(next.max(SHORTEST)).await {
                return;
            }
        }
    }

    /// Runs the task once. Gives nothing when everything ends.
    async fn once(
        &mut self,
        task: impl Future<Output = Result<(), Failure>> + Send + 'static,
    ) -> Option<Result<(), Failure>> {
        let _running = self.counts.begin();
        // In a task of its own, so that a panic is its own.
        let mut running = Aborting(tokio::spawn(task));
        let ended = if self.every.is_some() {
            (&mut running.0).await
        } else {
            tokio::select! {
                ended = &mut running.0 => ended,
                _ = self.stop.wait_for(|stop| *stop) => return None,
            }
        };
        Some(ended.unwrap_or_else(|error| Err(error.into())))
    }

    /// Waits. Tells whether everything ends.
    async fn waits(&mut self, pause: Duration) -> bool {
        tokio::select! {
            () = sleep(pause) => false,
            _ = self.stop.wait_for(|stop| *stop) => true,
        }
    }
}

/// A task that ends with whoever waits for it.
struct Aborting(JoinHandle<Result<(), Failure>>);

impl Drop for Aborting {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Says that a task is under way.
struct Running(Arc<Counts>);

impl Counts {
    fn begin(self: &Arc<Self>) -> Running {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.running.store(true, Ordering::Relaxed);
        Running(Arc::clone(self))
    }

    fn read(&self) -> TaskState {
        TaskState {
            name: self.name,
            running: self.running.load(Ordering::Relaxed),
            runs: self.runs.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.store(false, Ordering::Relaxed);
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Supervisor").field(&self.states()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn state(tasks: &Supervisor) -> (bool, u64, u64) {
        let state = tasks.states()[0];
        (state.running, state.runs, state.failures)
    }

    #[tokio::test(start_paused = true)]
    async fn a_task_that_ends_is_begun_again_later_each_time() {
        let tasks = Supervisor::new(&TaskConfig::default());
        tasks.keep("returns", async || {});
        // At 0, 1, 3, 7, 15, 31, 63, then every 60 seconds.
        for (after, runs) in [
            (0, 1),
            (1, 2),
            (2, 3),
            (4, 4),
            (8, 5),
            (16, 6),
            (32, 7),
            (60, 8),
            (60, 9),
        ] {
            sleep(SECOND * after + SECOND / 100).await;
            assert_eq!(state(&tasks), (false, runs, runs), "after {after}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_panic_ends_nothing_else() {
        let tasks = Supervisor::new(&TaskConfig::default());
        tasks.keep("panics", async || panic!("lost"));
        tasks.keep("goes on", pending);
        let never = || -> std::future::Pending<()> { panic!("before it began") };
        tasks.keep("does not begin", never);
        sleep(SECOND * 10).await;
        let states = tasks.states();
        assert_eq!((states[0].runs, states[0].failures), (4, 4));
        assert_eq!(states[2].failures, 4);
        assert_eq!((states[1].running, states[1].runs), (true, 1));
        assert_eq!(tasks.shutdown(SECOND).await, Vec::<&str>::new());
        assert!(tasks.states().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn tasks_go_on_without_whoever_began_them() {
        let tasks = Supervisor::new(&TaskConfig::default());
        let counted = Arc::new(AtomicU64::new(0));
        let (kept, swept) = (Arc::clone(&counted), Arc::clone(&counted));
        tasks.keep("kept", move || {
            let kept = Arc::clone(&kept);
            async move {
                sleep(SECOND * 60).await;
                kept.fetch_add(1, Ordering::Relaxed);
                pending::<()>().await;
            }
        });
        tasks.every("swept", SECOND * 100, move || {
            swept.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
        drop(tasks);
        // Once after a minute, and after 10 and 110 seconds.
        sleep(SECOND * 150).await;
        assert_eq!(counted.load(Ordering::Relaxed), 3);
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_ran_for_long_is_begun_again_soon() {
        let tasks = Supervisor::new(&TaskConfig::default());
        tasks.keep("ends each hour", async || sleep(SECOND * 3600).await);
        sleep(SECOND * 3604 * 3).await;
        assert_eq!(state(&tasks), (true, 4, 3));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_done_every_hour_is_tried_again_sooner_when_it_fails() {
        let tasks = Supervisor::new(&TaskConfig::default());
        let failures = Arc::new(AtomicU64::new(2));
        tasks.every("hourly", SECOND * 3600, move || {
            let left = failures.load(Ordering::Relaxed);
            failures.store(left.saturating_sub(1), Ordering::Relaxed);
            async move {
                match left {
                    0 => Ok(()),
                    _ => Err("not yet".into()),
                }
            }
        });
        sleep(SECOND * 359).await;
        assert_eq!(state(&tasks), (false, 0, 0));
        sleep(SECOND * 5).await;
        assert_eq!(state(&tasks), (false, 3, 2));
        sleep(SECOND * 3600).await;
        assert_eq!(state(&tasks), (false, 4, 2));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_at_it_may_finish_and_is_cut_off_in_the_end() {
        for (takes, cut) in [(2, vec![]), (20, vec!["sweep"])] {
            let tasks = Supervisor::new(&TaskConfig::default());
            let done = Arc::new(AtomicBool::new(false));
            let does = Arc::clone(&done);
            tasks.every("sweep", SECOND, move || {
                let does = Arc::clone(&does);
                async move {
                    sleep(SECOND * takes).await;
                    does.store(true, Ordering::Relaxed);
                    Ok(())
                }
            });
            sleep(SECOND / 2).await;
            let begun = Instant::now();
            assert_eq!(tasks.shutdown(SECOND * 5).await, cut);
            assert!(begun.elapsed() <= SECOND * 5);
            sleep(SECOND * 60).await;
            assert_eq!(done.load(Ordering::Relaxed), cut.is_empty());
        }
    }
}
