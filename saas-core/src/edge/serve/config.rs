//! Bounds of the connections.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use tokio::sync::Semaphore;

#[cfg(feature = "tls")]
use super::TlsConfig;
use crate::config::{Period, positive};

/// Bounds of the connections.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServeConfig {
    /// How long the head of a request may take to arrive. A connection on which no request came in this
    /// time is closed.
    #[serde(deserialize_with = "positive")]
    pub header_timeout: Period,
    /// How long a client may take no byte of an answer before the connection is closed; over HTTP/2, for how
    /// long it may not make room for the next 16 KiB of any one of its answers.
    #[serde(deserialize_with = "positive")]
    pub write_timeout: Period,
    /// How many connections are served at a time. Whoever comes when there are so many takes the place of the one that
    /// has been idle for the longest; where all have a request under way, he waits until one ends. At least one.
    #[serde(deserialize_with = "places")]
    pub max_connections: usize,
    /// The largest head of a request, in bytes. At least 8192.
    #[serde(deserialize_with = "head")]
    pub header_limit: usize,
    /// How many headers a request may have.
    #[serde(deserialize_with = "positive")]
    pub header_count: usize,
    /// How long requests that are under way may take to finish after the order to stop.
    pub drain_timeout: Period,
    /// Speaks TLS; for a service without a proxy in front of it.
    #[cfg(feature = "tls")]
    pub tls: Option<TlsConfig>,
}

/// What hyper wants to have for the head of a request.
const SMALLEST_HEAD: usize = 8 << 10;

fn places<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let places = usize::deserialize(deserializer)?;
    let wrong = || {
        D::Error::custom(format!(
            "{places} is not from 1 to {}",
            Semaphore::MAX_PERMITS
        ))
    };
    (1..=Semaphore::MAX_PERMITS)
        .contains(&places)
        .then_some(places)
        .ok_or_else(wrong)
}

fn head<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let bytes = usize::deserialize(deserializer)?;
    let wrong = || D::Error::custom(format!("{bytes} is less than {SMALLEST_HEAD} bytes"));
    (bytes >= SMALLEST_HEAD).then_some(bytes).ok_or_else(wrong)
}

impl ServeConfig {
    /// Who writes the values in code, and not in a configuration, gets the nearest that there can be.
    pub(super) fn places(&self) -> usize {
        self.max_connections.clamp(1, Semaphore::MAX_PERMITS)
    }

    pub(super) fn head(&self) -> usize {
        self.header_limit.max(SMALLEST_HEAD)
    }
}

impl Default for ServeConfig {
    fn default() -> Self {
        let seconds = |seconds| Period::from(Duration::from_secs(seconds));
        Self {
            header_timeout: seconds(10),
            write_timeout: seconds(30),
            max_connections: 10_000,
            header_limit: 32 << 10,
            header_count: 100,
            drain_timeout: seconds(20),
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}
