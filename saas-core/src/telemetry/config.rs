//! What is logged, and where it goes.

use serde::{Deserialize, Serialize};

#[cfg(feature = "otlp")]
use super::OtlpConfig;
#[cfg(feature = "sentry")]
use super::SentryConfig;

/// Says what is logged, and what leaves the process.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TelemetryConfig {
    /// How log lines look.
    pub format: LogFormat,
    /// Which are written: directives such as `info,sqlx=warn`.
    pub filter: String,
    /// Where traces go.
    #[cfg(feature = "otlp")]
    pub otlp: OtlpConfig,
    /// Where errors are reported.
    #[cfg(feature = "sentry")]
    pub sentry: SentryConfig,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            filter: "info,sqlx=warn".to_owned(),
            #[cfg(feature = "otlp")]
            otlp: OtlpConfig::default(),
            #[cfg(feature = "sentry")]
            sentry: SentryConfig::default(),
        }
    }
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// For people at a terminal.
    #[default]
    Pretty,
    /// One JSON object a line, with the fields of the request's span.
    Json,
}
