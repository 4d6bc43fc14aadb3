//! Traces by OTLP over HTTP (OpenTelemetry), with the context of W3C Trace Context.

use std::{
    collections::BTreeMap,
    error::Error,
    fmt,
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use opentelemetry::{propagation::TextMapPropagator as _, trace::TracerProvider as _};
use opentelemetry_http::{HeaderInjector, HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracerProvider},
};
use serde::{Deserialize, Serialize};
use tokio::runtime::Handle;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{Layer, registry::LookupSpan};

use super::TelemetryError;
use crate::{
    Secret,
    config::{Period, masked},
};

/// How much of an answer of the collector is read, in bytes.
const MAX_ANSWER: usize = 64 << 10;

/// How long the end of the process waits for what is left.
const LAST: Duration = Duration::from_secs(2);

/// Says where traces go.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct OtlpConfig {
    /// Where the collector takes them, such as `http://collector:4318/v1/traces`. Without it there are none.
    #[serde(serialize_with = "masked")]
    pub endpoint: Option<String>,
    /// Headers that the collector asks for.
    #[serde(serialize_with = "masked")]
    pub headers: BTreeMap<String, Secret<String>>,
    /// The name of this service.
    pub service: String,
    /// Which part of the traces is sent, from 0 to 1. It is decided by the id of the trace, alike in all services that
    /// do so. A caller who begins a trace chooses its id: what he sends is bounded by the limits of traffic, and what is
    /// exported by the queue.
    pub ratio: f64,
    /// How long the collector may take to answer. Nobody waits for it; what does not fit into its queue is lost.
    pub timeout: Period,
}

impl Default for OtlpConfig {
    fn default() -> Self {
        Self {
            endpoint: None,
            headers: BTreeMap::new(),
            service: "saas".to_owned(),
            ratio: 1.0,
            timeout: Duration::from_secs(10).into(),
        }
    }
}

/// Writes the context of the current span into the headers of a request that leaves this service (`traceparent`, W3C
/// Trace Context), so that its trace goes on there. Without a trace it writes nothing.
pub fn propagate(headers: &mut HeaderMap) {
    let context = Span::current().context();
    TraceContextPropagator::new().inject_context(&context, &mut HeaderInjector(headers));
}

#[derive(Debug)]
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    pub(super) fn open(config: &OtlpConfig) -> Result<Option<Self>, TelemetryError> {
        let Some(endpoint) = &config.endpoint else {
            return Ok(None);
        };
        let wrong = |key, message: String| TelemetryError::Target { key, message };
        if !(0.0..=1.0).contains(&config.ratio) {
            let message = "has to be from 0 to 1".to_owned();
            return Err(wrong("log.otlp.ratio", message));
        }
        let no_url = || "is not a URL such as `http://collector:4318/v1/traces`".to_owned();
        let uri: http::Uri = endpoint
            .parse()
            .map_err(|_| wrong("log.otlp.endpoint", no_url()))?;
        if !matches!(uri.scheme_str(), Some("http" | "https")) {
            return Err(wrong("log.otlp.endpoint", no_url()));
        }
        let headers = config.headers.iter();
        let headers = headers.map(|(name, value)| (name.clone(), value.expose().clone()));
        let client = Client::new(config.timeout.into())
            .map_err(|error| wrong("log.otlp", error.to_string()))?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(endpoint)
            .with_headers(headers.collect())
            .with_timeout(config.timeout.into())
            .build()
            .map_err(|error| wrong("log.otlp.endpoint", error.to_string()))?;
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(Sampler::TraceIdRatioBased(config.ratio))
            .with_resource(
                Resource::builder()
                    .with_service_name(config.service.clone())
                    .build(),
            )
            .build();
        Ok(Some(Self(provider)))
    }

    pub(super) fn layer<S>(&self) -> Box<dyn Layer<S> + Send + Sync>
    where
        S: Subscriber + for<'a> LookupSpan<'a> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("saas"))
            .with_location(false)
            .with_threads(false)
            .boxed()
    }

    pub(super) fn shutdown(self) {
        if let Err(error) = self.0.shutdown_with_timeout(LAST) {
            tracing::debug!(%error, "some traces were not sent");
        }
    }
}

/// Sends on the runtime of the service. The exporter has a thread of its own, which has none.
struct Client {
    runtime: Handle,
    client: reqwest::Client,
    /// Whether the last were not taken, so that the log says it once.
    fails: AtomicBool,
}

impl Client {
    fn new(timeout: Duration) -> Result<Self, HttpError> {
        let client = reqwest::Client::builder()
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let runtime = Handle::try_current()?;
        Ok(Self {
            runtime,
            client,
            fails: AtomicBool::new(false),
        })
    }

    /// Says when traces begin to be lost, and when they are not any more.
    fn note(&self, refusal: Option<String>) {
        let failed = self.fails.swap(refusal.is_some(), Ordering::Relaxed);
        match refusal {
            Some(reason) if !failed => {
                tracing::warn!(reason, "the collector does not take traces: they are lost");
            }
            None if failed => tracing::info!("the collector takes traces again"),
            _ => {}
        }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, HttpError> {
        let client = self.client.clone();
        let sent = async move {
            let mut answer = client.execute(request.try_into()?).await?;
            let mut response = http::Response::builder().status(answer.status());
            if let Some(headers) = response.headers_mut() {
                headers.extend(answer.headers().clone());
            }
            let mut body = Vec::new();
            while let Some(piece) = answer.chunk().await? {
                if body.len() + piece.len() > MAX_ANSWER {
                    return Err(HttpError::from("the collector answers too much"));
                }
                body.extend_from_slice(&piece);
            }
            Ok(response.body(Bytes::from(body))?)
        };
        let answer: Result<http::Response<Bytes>, HttpError> = self.runtime.spawn(sent).await?;
        self.note(match &answer {
            Ok(answer) if answer.status().is_success() => None,
            Ok(answer) => Some(format!("it answers {}", answer.status())),
            Err(error) => Some(what_failed(&**error)),
        });
        answer
    }
}

/// Tells what failed without an address, which may have a password in it.
fn what_failed(error: &(dyn Error + 'static)) -> String {
    let what = match error.downcast_ref::<reqwest::Error>() {
        Some(error) if error.is_timeout() => "it does not answer in time",
        Some(error) if error.is_connect() => "it cannot be reached",
        _ => "its answer cannot be read",
    };
    what.to_owned()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client")
    }
}
