//! Whether the server answers.

use std::time::Duration;

use saas_core::health::Outage;
use sqlx::{Connection as _, PgConnection};
use tokio::time::{sleep, timeout};

use super::Pool;

/// How often it is asked.
const EVERY: Duration = Duration::from_millis(500);

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_millis(750);

/// How soon it is asked again after it did not answer.
const AGAIN: Duration = Duration::from_millis(250);

/// How often it does not answer before it counts as away: a server that has much to do may be late once.
const MISSED: u32 = 2;

/// After so many questions without an answer another connection is tried: what stands between may have forgotten this one.
const LOST: u32 = 8;

impl Pool {
    /// Notes when the server does not answer any more, and when it does again, on a connection of its own: that all
    /// others are in use says nothing.
    pub(crate) async fn watch(&self, outage: &Outage) -> ! {
        let (mut link, mut missed) = (None, 0_u32);
        loop {
            if self.answers(&mut link).await {
                if missed >= MISSED {
                    tracing::info!("the database answers again");
                }
                missed = 0;
                outage.end();
                sleep(EVERY).await;
                continue;
            }
            missed = missed.saturating_add(1);
            if missed == MISSED {
                tracing::error!("the database does not answer, and nobody waits for it");
                outage.begin();
            }
            if missed.is_multiple_of(LOST) {
                link = None;
            }
            sleep(AGAIN).await;
        }
    }

    /// Asks on the connection, or opens one, which takes many more trips to a server that is far away.
    async fn answers(&self, link: &mut Option<PgConnection>) -> bool {
        let Some(connection) = link else {
            let opened = timeout(self.patience(), self.open_one()).await;
            *link = opened.ok().and_then(Result::ok);
            return link.is_some();
        };
        // What was asked in vain before is answered first.
        match timeout(PATIENCE, connection.ping()).await {
            Ok(Ok(())) => true,
            Ok(Err(_)) => {
                *link = None;
                false
            }
            Err(_) => false,
        }
    }
}
