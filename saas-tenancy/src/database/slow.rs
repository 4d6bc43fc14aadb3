//! Statements that take long.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use sqlx::SqlStr;

use super::Monitor;
use crate::sql::Statement;

/// A statement that is under way. When it ends, also because nobody waits for it any more, it is logged if it took long:
/// its text, which holds no values, and never those.
#[derive(Debug)]
pub(super) struct Timed {
    monitor: Arc<Monitor>,
    sql: SqlStr,
    begun: Instant,
}

impl Timed {
    pub(super) fn begin(monitor: &Arc<Monitor>, statement: &Statement) -> Option<Self> {
        (monitor.slow_statement() > Duration::ZERO).then(|| Self {
            monitor: Arc::clone(monitor),
            sql: statement.sql.clone(),
            begun: Instant::now(),
        })
    }
}

impl Drop for Timed {
    fn drop(&mut self) {
        let took = self.begun.elapsed();
        if took >= self.monitor.slow_statement() {
            self.monitor.was_slow();
            let millis = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            tracing::warn!(
                statement = self.sql.as_str(),
                millis,
                "a statement was slow"
            );
        }
    }
}
