//! What instances of a service tell each other, so that each forgets what another has changed.
//!
//! What a signal is worth stands in [`saas_core::bus`].
//!
//! On PostgreSQL it travels by LISTEN and NOTIFY and arrives with the commit of the transaction that sent it.
//! On SQLite, where there is one process, it stays inside of it. The database is the bus on purpose: what
//! changed is there, so the message cannot come before it and is not sent without it. Behind a transaction
//! pooler, which cannot pass messages on, [another bus](Database::with_bus) takes its place.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use saas_core::bus::{EventBus, Signal, Subscription};
#[cfg(feature = "postgres")]
use sqlx::postgres::PgListener;
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{Database, Dialect, Error, SystemTx, TenantTx, Value};
#[cfg(feature = "postgres")]
use crate::{database::Pools, database::postgres::Pool};

const NOTIFY: &str = "SELECT pg_notify($1, $2)";

/// How long to wait before a lost connection is tried again.
const PAUSE: Duration = Duration::from_secs(1);

/// How often another bus is tried, for one message.
const TRIES: u32 = 60;

/// Stands for all the messages that another bus did not take.
const GAP: &str = "saas_tenancy:gap";

/// After how long without a message the connection is asked whether it still lives, and how long it may take
/// to answer.
#[cfg(feature = "postgres")]
const SILENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(2));

/// How many signals wait in this process for one who is slow; later ones are a gap for him.
const WAITING: usize = 1024;

/// The signals of a topic, made by [`Database::signals`].
#[derive(Debug)]
pub struct Signals {
    database: Database,
    topic: &'static str,
    source: Source,
}

#[derive(Debug)]
enum Source {
    /// Nothing is followed yet, or not any more.
    Lost,
    Process(broadcast::Receiver<Sent>),
    Bus(Box<dyn Subscription>),
    #[cfg(feature = "postgres")]
    Server(Box<PgListener>),
}

/// A topic and a message.
type Sent = (&'static str, String);

/// The signals inside of a process.
#[derive(Debug)]
pub(crate) struct Local(broadcast::Sender<Sent>);

impl Default for Local {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Database {
    /// Follows a topic: what this instance and others send with [`TenantTx::signal`].
    ///
    /// It listens on a connection of its own. Behind a transaction pooler, which cannot pass such messages
    /// on, nothing arrives without [another bus](Self::with_bus): whoever remembers something needs a time after
    /// which it is read again.
    #[must_use]
    pub fn signals(&self, topic: &'static str) -> Signals {
        let source = match self.bus() {
            Some(bus) => Source::Bus(bus.follow(topic)),
            None => Source::Lost,
        };
        Signals {
            database: self.clone(),
            topic,
            source,
        }
    }

    /// Sends with a commit: by the bus, if there is one, or in this process.
    fn tell(&self, topic: &'static str, message: String) {
        match self.bus() {
            Some(bus) => drop(tokio::spawn(Arc::clone(bus).publish(topic, message))),
            None => self.local().send(topic, message),
        }
    }

    fn tells_by_itself(&self) -> bool {
        self.bus().is_none() && self.dialect() == Dialect::Postgres
    }
}

impl TenantTx {
    /// Sends a message of up to 7,999 bytes to everybody who follows the topic, with the commit.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when it is longer; otherwise as the database answers.
    pub async fn signal(&mut self, topic: &'static str, message: String) -> Result<(), Error> {
        if self.database().tells_by_itself() {
            let values = [Value::Text(topic.to_owned()), Value::Text(message)];
            self.fetch_all(crate::sql::literal(NOTIFY), &values).await?;
            return Ok(());
        }
        let database = self.database().clone();
        self.after_possible_commit(move || database.tell(topic, message))
            .await
    }
}

impl SystemTx {
    /// As [`TenantTx::signal`].
    ///
    /// # Errors
    ///
    /// As [`TenantTx::signal`].
    pub async fn signal(&mut self, topic: &'static str, message: String) -> Result<(), Error> {
        if self.database().tells_by_itself() {
            let values = [Value::Text(topic.to_owned()), Value::Text(message)];
            self.fetch_all(NOTIFY, &values).await?;
            return Ok(());
        }
        let database = self.database().clone();
        self.after_possible_commit(move || database.tell(topic, message))
            .await
    }
}

/// Another bus, and what it has yet to be told.
#[derive(Debug)]
pub(crate) struct Carrier {
    bus: Arc<dyn EventBus>,
    /// The topics of which messages were given up.
    gaps: Mutex<BTreeSet<&'static str>>,
}

impl Carrier {
    pub(crate) fn new(bus: Arc<dyn EventBus>) -> Self {
        Self {
            bus,
            gaps: Mutex::default(),
        }
    }

    fn follow(&self, topic: &str) -> Box<dyn Subscription> {
        self.bus.follow(topic)
    }

    /// Publishes what is committed. The process may end before it got through: then whoever remembers something does so
    /// for as long as he is allowed to.
    async fn publish(self: Arc<Self>, topic: &'static str, message: String) {
        for _ in 0..TRIES {
            match self.bus.publish(topic, &message).await {
                Ok(()) => return,
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        // Messages are not held for ever. Whoever follows is told once that he has missed some.
        if !self.gaps().insert(topic) {
            return;
        }
        tracing::warn!(
            topic,
            "the bus takes no messages: a gap is told when it does"
        );
        loop {
            // What is given up from here on has a gap of its own.
            self.gaps().remove(topic);
            if self.bus.publish(topic, GAP).await.is_ok() || !self.gaps().insert(topic) {
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn gaps(&self) -> std::sync::MutexGuard<'_, BTreeSet<&'static str>> {
        self.gaps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Local {
    fn send(&self, topic: &'static str, message: String) {
        // Nobody may be listening.
        let _ = self.0.send((topic, message));
    }
}

impl Signals {
    /// Waits for the next signal. When the connection is lost it is made again, and a gap is reported.
    ///
    /// # Cancel safety
    ///
    /// No signal is lost when the future is dropped, but that of a gap may come again.
    pub async fn next(&mut self) -> Signal {
        loop {
            if let Some(signal) = self.receive().await {
                return signal;
            }
        }
    }

    async fn receive(&mut self) -> Option<Signal> {
        match &mut self.source {
            Source::Lost => {
                self.source = follow(&self.database, self.topic).await?;
                Some(Signal::Gap)
            }
            Source::Bus(subscription) => Some(match subscription.next().await {
                Signal::Message(message) if message == GAP => Signal::Gap,
                signal => signal,
            }),
            Source::Process(receiver) => match receiver.recv().await {
                Ok((topic, message)) if topic == self.topic => Some(Signal::Message(message)),
                Ok(_) => None,
                Err(RecvError::Lagged(_)) => Some(Signal::Gap),
                // The database holds the other end, and we hold the database.
                Err(RecvError::Closed) => std::future::pending().await,
            },
            #[cfg(feature = "postgres")]
            Source::Server(listener) => match message(listener).await {
                Ok(message) => message.map(Signal::Message),
                Err(error) => {
                    self.source = Source::Lost;
                    lost(self.topic, &error).await;
                    None
                }
            },
        }
    }
}

#[cfg_attr(
    not(feature = "postgres"),
    expect(clippy::unused_async, reason = "a server has to be waited for")
)]
async fn follow(database: &Database, topic: &'static str) -> Option<Source> {
    match database.pools() {
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) if pool.settings().is_some() => std::future::pending().await,
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => match listen(pool, topic).await {
            Ok(listener) => Some(Source::Server(Box::new(listener))),
            Err(error) => {
                lost(topic, &error).await;
                None
            }
        },
        #[cfg(feature = "sqlite")]
        _ => Some(Source::Process(database.local().0.subscribe())),
    }
}

#[cfg(feature = "postgres")]
async fn listen(pool: &Pool, topic: &str) -> Result<PgListener, Error> {
    let mut listener = pool.listener().await?;
    listener.listen(topic).await?;
    Ok(listener)
}

/// Waits for a message; none after a time in which there was none.
#[cfg(feature = "postgres")]
async fn message(listener: &mut PgListener) -> Result<Option<String>, Error> {
    let (silence, patience) = SILENCE;
    match tokio::time::timeout(silence, listener.try_recv()).await {
        Ok(message) => match message? {
            Some(message) => Ok(Some(message.payload().to_owned())),
            None => Err(Error::from(sqlx::Error::PoolTimedOut)),
        },
        // The other end of a connection can be gone without a word.
        Err(_) => {
            let answer = sqlx::raw_sql("SELECT 1").execute(listener);
            match tokio::time::timeout(patience, answer).await {
                Ok(answer) => Ok(answer.map(|_| None)?),
                Err(_) => Err(Error::from(sqlx::Error::PoolTimedOut)),
            }
        }
    }
}

#[cfg(feature = "postgres")]
async fn lost(topic: &str, error: &Error) {
    tracing::warn!(
        error = error as &dyn std::error::Error,
        topic,
        "changes of other instances are not followed at the moment"
    );
    tokio::time::sleep(PAUSE).await;
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use async_trait::async_trait;
    use saas_core::bus::NotSent;

    use super::*;

    /// A bus that takes nothing for a while.
    #[derive(Debug, Default)]
    struct Away {
        is_back: AtomicBool,
        taken: Mutex<Vec<String>>,
    }

    #[async_trait]
    impl EventBus for Away {
        async fn publish(&self, topic: &str, message: &str) -> Result<(), NotSent> {
            if !self.is_back.load(Ordering::SeqCst) {
                return Err(NotSent::new());
            }
            let message = format!("{topic} {message}");
            self.taken.lock().unwrap().push(message);
            Ok(())
        }

        fn follow(&self, _: &str) -> Box<dyn Subscription> {
            unreachable!("nobody follows")
        }
    }

    #[tokio::test(start_paused = true)]
    async fn messages_that_were_given_up_are_one_gap_of_their_topic() {
        let bus = Arc::new(Away::default());
        let carrier = Arc::new(Carrier::new(bus.clone()));
        for (topic, message) in [("a", "1"), ("a", "2"), ("b", "3")] {
            tokio::spawn(Arc::clone(&carrier).publish(topic, message.to_owned()));
        }
        tokio::time::sleep(PAUSE * (TRIES + 10)).await;
        // One that is not that old.
        tokio::spawn(Arc::clone(&carrier).publish("a", "4".to_owned()));
        tokio::time::sleep(PAUSE * 2).await;
        bus.is_back.store(true, Ordering::SeqCst);
        tokio::time::sleep(PAUSE * 2).await;
        let mut taken = bus.taken.lock().unwrap().clone();
        taken.sort();
        assert_eq!(taken, ["a 4", "a saas_tenancy:gap", "b saas_tenancy:gap"]);
        assert!(carrier.gaps().is_empty());
    }
}
