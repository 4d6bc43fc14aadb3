//! Logs of a service, and what leaves it: traces (OpenTelemetry), reports of errors (Sentry).
//!
//! ```
//! use saas_core::telemetry::{self, TelemetryConfig};
//!
//! let mut config = TelemetryConfig::default();
//! config.filter = "info,sqlx=warn".to_owned();
//! // Whoever holds it can change the filter, and sends what is left when he ends it.
//! let telemetry = telemetry::init(&config)?;
//! tracing::info!("started");
//! telemetry.set_filter("debug")?;
//! telemetry.shutdown();
//! # Ok::<(), telemetry::TelemetryError>(())
//! ```

mod config;
#[cfg(feature = "otlp")]
mod otlp;
#[cfg(feature = "sentry")]
mod reports;

use std::io::IsTerminal as _;

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry, fmt,
    layer::SubscriberExt as _,
    registry::LookupSpan,
    reload::{self, Handle},
    util::SubscriberInitExt as _,
};

pub use config::{LogFormat, TelemetryConfig};
#[cfg(feature = "otlp")]
pub use otlp::{OtlpConfig, propagate};
#[cfg(feature = "sentry")]
pub use reports::SentryConfig;

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
    /// Traces, or reports of errors, have nowhere to go.
    #[error("{key} {message}")]
    Target {
        /// The key of the configuration.
        key: &'static str,
        /// What is wrong with it.
        message: String,
    },
}

/// What was set up. When it is dropped, nothing more is exported.
#[must_use = "traces and reports are sent for as long as this is held"]
#[derive(Debug)]
pub struct Telemetry {
    filter: Handle<EnvFilter, Registry>,
    #[cfg(feature = "otlp")]
    traces: Option<otlp::Traces>,
    #[cfg(feature = "sentry")]
    reports: Option<reports::Reports>,
}

/// Sends log lines to standard output, filtered by directives such as `info,sqlx=warn`, and what else the configuration
/// names to where it says.
///
/// # Errors
///
/// [`TelemetryError::Filter`] when a directive cannot be read; [`TelemetryError::Target`] when an address cannot;
/// [`TelemetryError::Twice`].
pub fn init(config: &TelemetryConfig) -> Result<Telemetry, TelemetryError> {
    let (filter, handle) = reload::Layer::new(read(&config.filter)?);
    #[cfg_attr(
        not(any(feature = "otlp", feature = "sentry")),
        expect(unused_mut, reason = "nothing is added")
    )]
    let mut layers: Vec<Box<dyn Layer<_> + Send + Sync>> = vec![lines(config.format)];
    #[cfg(feature = "otlp")]
    let traces = otlp::Traces::open(&config.otlp)?;
    #[cfg(feature = "otlp")]
    layers.extend(traces.as_ref().map(otlp::Traces::layer));
    #[cfg(feature = "sentry")]
    let reports = reports::Reports::open(&config.sentry)?;
    #[cfg(feature = "sentry")]
    if reports.is_some() {
        layers.extend(reports::layers());
    }
    tracing_subscriber::registry()
        .with(filter)
        .with(layers)
        .try_init()
        .map_err(|_| TelemetryError::Twice)?;
    Ok(Telemetry {
        filter: handle,
        #[cfg(feature = "otlp")]
        traces,
        #[cfg(feature = "sentry")]
        reports,
    })
}

impl Telemetry {
    /// Changes which lines are logged, from now on.
    ///
    /// # Errors
    ///
    /// [`TelemetryError::Filter`] when a directive cannot be read; the filter stays what it was.
    pub fn set_filter(&self, filter: &str) -> Result<(), TelemetryError> {
        let filter = read(filter)?;
        self.filter
            .reload(filter)
            .map_err(|error| TelemetryError::Filter(error.to_string()))
    }

    /// Sends what is left, for up to two seconds each. It blocks meanwhile.
    pub fn shutdown(self) {
        #[cfg(feature = "otlp")]
        if let Some(traces) = self.traces {
            traces.shutdown();
        }
        #[cfg(feature = "sentry")]
        if let Some(reports) = self.reports {
            reports.shutdown();
        }
    }
}

fn read(filter: &str) -> Result<EnvFilter, TelemetryError> {
    EnvFilter::try_new(filter).map_err(|error| TelemetryError::Filter(error.to_string()))
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Json => fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false)
            .boxed(),
        LogFormat::Pretty => fmt::layer()
            .with_ansi(std::io::stdout().is_terminal())
            .with_target(false)
            .boxed(),
    }
}
