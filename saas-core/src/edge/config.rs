//! Bounds and headers of the edge.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cors;
use crate::config::{ConfigError, Period, positive};

/// Configures the edge. The default is safe for an API on the open internet.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EdgeConfig {
    /// How long a handler may take before the answer is 503; zero for as long as it likes.
    pub handler_timeout: Period,
    /// How long the next piece of a body may take before the answer is 408. All pauses together may take so long, and
    /// two seconds for each thousand bytes that have come.
    #[serde(deserialize_with = "positive")]
    pub body_timeout: Period,
    /// The largest body in bytes, where a route does not say otherwise.
    #[serde(deserialize_with = "positive")]
    pub body_limit: u64,
    /// The longest request target in bytes.
    #[serde(deserialize_with = "positive")]
    pub uri_limit: usize,
    /// How long browsers remember to use HTTPS only; zero turns the header off.
    pub hsts: Period,
    /// Whether they do so for all hosts below, too. On a tenant's own domain those are not ours.
    pub hsts_subdomains: bool,
    /// From how many bytes on answers of JSON are compressed; 0 turns it off.
    pub compress_from: u64,
    /// Which other origins may call from a browser.
    pub cors: CorsConfig,
}

/// Says which other origins may call from a browser. None, unless named.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct CorsConfig {
    /// Exact origins, such as `https://app.example`.
    pub origins: Vec<String>,
}

impl EdgeConfig {
    /// Looks for what would refuse every request, and for what cannot be an origin, as [`stack`](super::stack) does.
    ///
    /// # Errors
    ///
    /// The first key that is wrong.
    pub fn check(&self) -> Result<(), ConfigError> {
        for origin in &self.cors.origins {
            cors::read(origin)?;
        }
        let nothing = |key, message: &str| Err(ConfigError::value(key, message.to_owned()));
        if self.uri_limit < SHORTEST_LIMIT {
            return nothing("edge.uri_limit", "is less than 256 bytes");
        }
        if Duration::from(self.body_timeout).is_zero() {
            return nothing("edge.body_timeout", "is no time at all");
        }
        Ok(())
    }
}

/// The addresses of routes are not longer.
const SHORTEST_LIMIT: usize = 256;

impl Default for EdgeConfig {
    fn default() -> Self {
        Self {
            handler_timeout: Period::from(Duration::from_secs(30)),
            body_timeout: Period::from(Duration::from_secs(15)),
            body_limit: 1 << 20,
            uri_limit: 8 << 10,
            hsts: Period::from(Duration::from_secs(365 * 86_400)),
            hsts_subdomains: false,
            compress_from: 1 << 10,
            cors: CorsConfig::default(),
        }
    }
}
