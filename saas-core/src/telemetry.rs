//! Logs of a service.

use std::io::IsTerminal as _;

use serde::Deserialize;
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum LogFormat {
    /// For people at a terminal.
    #[default]
    Pretty,
    /// One JSON object a line, with the fields of the request's span.
    Json,
}

/// Says why logging could not be set up.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TelemetryError {
    /// The filter has a directive that cannot be read.
    #[error("the log filter cannot be read: {0}")]
    Filter(String),
    /// Logging was set up before.
    #[error("logging is set up already")]
    Twice,
}

/// Sends log lines to standard output, filtered by directives such as `info,sqlx=warn`.
///
/// # Errors
///
/// [`TelemetryError::Filter`] when a directive cannot be read; [`TelemetryError::Twice`].
pub fn init(format: LogFormat, filter: &str) -> Result<(), TelemetryError> {
    let filter =
        EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter(error.to_string()))?;
    let registry = tracing_subscriber::registry().with(filter);
    let done = match format {
        LogFormat::Json => {
            let lines = fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            registry.with(lines).try_init()
        }
        LogFormat::Pretty => {
            let lines = fmt::layer()
                .with_ansi(std::io::stdout().is_terminal())
                .with_target(false);
            registry.with(lines).try_init()
        }
    };
    done.map_err(|_| TelemetryError::Twice)
}
