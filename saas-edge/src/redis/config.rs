//! Where Redis is, and how long it is waited for.

use std::time::Duration;

use saas_core::{
    Secret,
    config::{Period, masked, positive},
};
use serde::{Deserialize, Serialize};

/// Says which Redis the instances of a service share.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct RedisConfig {
    /// `redis://user:password@host:6379/0`, or `rediss://…` for TLS with the authorities that the system trusts. It
    /// holds a password, so it is a secret. Without it, every instance is by itself.
    #[serde(serialize_with = "masked")]
    pub url: Option<Secret<String>>,
    /// What every key begins with, so that several services can use one server.
    pub prefix: String,
    /// How long an answer is waited for. A request may wait for several.
    #[serde(deserialize_with = "positive")]
    pub timeout: Period,
    /// How long a connection may take to be made.
    #[serde(deserialize_with = "positive")]
    pub connect_timeout: Period,
    /// After how long Redis is tried again when it has not answered. Nobody asks it meanwhile.
    #[serde(deserialize_with = "positive")]
    pub pause: Period,
}

impl Default for RedisConfig {
    fn default() -> Self {
        Self {
            url: None,
            prefix: "saas:".to_owned(),
            timeout: Duration::from_millis(75).into(),
            connect_timeout: Duration::from_secs(2).into(),
            pause: Duration::from_secs(1).into(),
        }
    }
}
