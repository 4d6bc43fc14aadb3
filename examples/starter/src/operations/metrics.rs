//! What the service does, in the text format of Prometheus. No tenant is named in it, unless to who has the token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::State;
use http::{HeaderMap, HeaderName};
use saas_core::{Secret, metrics::MetricsText};
use saas_edge::CacheMetrics;
use saas_tenancy::{ConnectionAudit, Database};
use tokio::sync::Mutex;

use crate::state::AppState;

/// How long an audit is shown again. It asks every idle connection, so nobody may have one for each request.
const SHOWN_FOR: Duration = Duration::from_millis(250);

/// How long the connections are asked. Those of a database that does not answer have nothing to show, and the rest is told
/// before anybody finds that it takes too long.
const PATIENCE: Duration = Duration::from_millis(250);

/// How many tenants are named.
const NAMED: usize = 20;

/// Where the token is sent: `http_headers` of Prometheus. `Authorization` is for callers of tenants.
const TOKEN: HeaderName = HeaderName::from_static("x-metrics-token");

/// The last audit of the connections, and when it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastAudit(Arc<Mutex<Option<Taken>>>);

/// When, and what came of it.
type Taken = (Instant, Option<ConnectionAudit>);

impl LastAudit {
    /// Gives the last audit, or takes one. Of many callers at once one takes it.
    async fn take(&self, database: &Database) -> Option<ConnectionAudit> {
        let mut last = self.0.lock().await;
        if let Some((at, audit)) = *last
            && at.elapsed() < SHOWN_FOR
        {
            return audit;
        }
        let audit = tokio::time::timeout(PATIENCE, database.audit_connections()).await;
        let audit = audit.ok().and_then(Result::ok);
        *last = Some((Instant::now(), audit));
        audit
    }
}

#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The text format of Prometheus.", body = String))
)]
pub(crate) async fn metrics(State(state): State<AppState>, headers: HeaderMap) -> MetricsText {
    let now = state.database.state();
    let idle = state.audit.take(&state.database).await;
    let caches = [state.settings.counts()];
    let mut text = MetricsText::default()
        .with(&now)
        .with(&state.storage_metrics)
        .with(&state.requests)
        .with(&state.fair_share)
        .with(&CacheMetrics(&caches))
        .with(&state.outbox)
        .with(&state.background);
    if let Some(redis) = &state.redis {
        text = text.with(redis);
    }
    // What else the service does is told also while its database is away.
    if let Some(idle) = idle {
        text = text.with(&idle);
    }
    if is_trusted(&state, &headers) {
        state.requests.write_busiest(NAMED, &mut text);
    }
    text
}

/// Tells whether the caller has the token that the configuration names.
fn is_trusted(state: &AppState, headers: &HeaderMap) -> bool {
    let sent = headers.get(TOKEN).and_then(|value| value.to_str().ok());
    match (&state.metrics_token, sent) {
        // None at all is not one that everybody has.
        (Some(token), Some(sent)) => !sent.is_empty() && *token == Secret::from(sent),
        _ => false,
    }
}
