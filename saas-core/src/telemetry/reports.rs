//! Reports of errors to a service that speaks the protocol of Sentry.

use std::{sync::Arc, time::Duration};

use sentry::{
    ClientInitGuard, ClientOptions,
    integrations::tracing::{ErrorLayer, SpanLayer},
};
use serde::{Deserialize, Serialize};
use tracing::{Level, Subscriber};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, filter_fn},
    registry::LookupSpan,
};

use super::TelemetryError;
use crate::{Secret, config::masked};

/// How long the end of the process waits for what is left.
const LAST: Duration = Duration::from_secs(2);

/// Says where errors are reported.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SentryConfig {
    /// Where, and as whom: `https://key@sentry.example/1`. Without it nothing is reported.
    #[serde(serialize_with = "masked")]
    pub dsn: Option<Secret<String>>,
    /// Which version this is.
    pub release: Option<String>,
    /// Where it runs, such as `production`.
    pub environment: Option<String>,
}

pub(super) struct Reports(ClientInitGuard);

impl Reports {
    pub(super) fn open(config: &SentryConfig) -> Result<Option<Self>, TelemetryError> {
        let Some(dsn) = &config.dsn else {
            return Ok(None);
        };
        let dsn = dsn.expose().parse().map_err(|_| TelemetryError::Target {
            key: "log.sentry.dsn",
            message: "is not a DSN such as `https://key@sentry.example/1`".to_owned(),
        })?;
        let mut options = ClientOptions::default();
        options.dsn = Some(dsn);
        options.release = config.release.clone().map(Into::into);
        options.environment = config.environment.clone().map(Into::into);
        // What a line says is reported, and nothing else that somebody could have sent.
        options.max_breadcrumbs = 0;
        options.send_default_pii = false;
        options.default_integrations = false;
        options.before_send = Some(Arc::new(|mut event| {
            event.server_name = None;
            Some(event)
        }));
        Ok(Some(Self(sentry::init(options))))
    }

    pub(super) fn shutdown(self) {
        self.0.close(Some(LAST));
    }
}

impl std::fmt::Debug for Reports {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Reports")
    }
}

/// Reports lines of the level ERROR, with the fields of their spans: the id of the request, tenant and user.
pub(super) fn layers<S>() -> [Box<dyn Layer<S> + Send + Sync>; 2]
where
    S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
{
    let errors = filter_fn(|line| line.is_span() || *line.level() == Level::ERROR);
    [
        SpanLayer::new().with_filter(LevelFilter::INFO).boxed(),
        ErrorLayer::new()
            .enable_span_attributes()
            .with_filter(errors)
            .boxed(),
    ]
}
