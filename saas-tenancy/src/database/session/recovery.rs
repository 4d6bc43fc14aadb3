//! What happens to a session whose caller went away.

use std::time::Duration;

#[cfg(feature = "postgres")]
use super::super::{Pools, Replica};
use super::{ENDED, Session};
use crate::Error;

/// How long to wait for the effect of a cancellation before it is sent again.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(5),
    Duration::from_millis(20),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(500),
];

/// How long a cancellation may take to be delivered by a pooler, which knows whose statement it means.
const PATIENCE: Duration = Duration::from_millis(100);

impl Session {
    /// Stops what the server is still doing for an exchange whose caller went away.
    ///
    /// A cancellation that arrives before the statement has begun has no effect, so it is sent again until
    /// the connection is quiet.
    pub(super) async fn stop(&mut self) -> Result<(), Error> {
        let connection = self.connection.as_mut().ok_or(ENDED)?;
        #[cfg(feature = "postgres")]
        if let (Pools::Postgres(primary), Some(process)) = (self.database.pools(), self.process) {
            let replica = self.database.replica().filter(|_| self.replicated);
            let pool = replica.map_or(primary, Replica::pool);
            for pause in PAUSES {
                if pool.settings().is_none() {
                    // Waited for to its end: one that arrived later would hit the next user of the
                    // connection. The time for the whole recovery bounds it.
                    pool.cancel(process).await?;
                } else if let Ok(sent) = tokio::time::timeout(PATIENCE, pool.cancel(process)).await
                {
                    // Behind a pooler the cancellation waits for a server like any other statement, and
                    // all of them may be held by transactions that wait for their cancellation.
                    sent?;
                }
                if tokio::time::timeout(pause, connection.settle())
                    .await
                    .is_ok()
                {
                    break;
                }
            }
        }
        connection.settle().await;
        self.in_flight = false;
        Ok(())
    }

    /// Brings a connection back to rest whose caller went away.
    async fn recover(mut self) {
        let half_way = self.in_flight;
        let timeout = self.database.monitor().recovery_timeout();
        let recovered = tokio::time::timeout(timeout, async {
            if half_way {
                self.stop().await?;
            }
            if self.begun {
                self.connection()?.rest().await?;
            }
            Ok::<_, Error>(())
        })
        .await;
        let Some(connection) = self.connection.take() else {
            return;
        };
        let monitor = self.database.monitor();
        match recovered {
            Ok(Ok(())) => {
                // Returned first, so that whoever sees the count sees a connection that can be used.
                drop(connection);
                if half_way {
                    monitor.recovered();
                } else {
                    monitor.ended();
                }
            }
            Ok(Err(_)) | Err(_) => {
                tracing::warn!(
                    "a cancelled transaction could not be rolled back; its connection is closed"
                );
                connection.discard();
                monitor.discarded();
            }
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        if !self.begun && !self.in_flight {
            // Nothing was begun, so nothing stays open; the connection may go back as it is.
            drop(connection);
            self.database.monitor().ended();
            return;
        }
        // Behind a pooler a statement outside a transaction runs who knows where.
        let known = self.begun || self.process.is_some() || !connection.is_remote();
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if known && !self.recovering => {
                let session = Self {
                    database: self.database.clone(),
                    connection: Some(connection),
                    access: self.access,
                    context: self.context,
                    begun: self.begun,
                    failed: self.failed,
                    in_flight: self.in_flight,
                    recovering: true,
                    marks: std::mem::take(&mut self.marks),
                    process: self.process,
                    replicated: self.replicated,
                    after_commit: Vec::new(),
                    #[cfg(feature = "postgres")]
                    share: self.share.take(),
                };
                drop(runtime.spawn(session.recover()));
            }
            // Without a runtime nothing can be sent. Closing the socket makes the server roll back.
            _ => {
                connection.discard();
                self.database.monitor().discarded();
            }
        }
    }
}
