//! What the service does, in the text format of Prometheus. No tenant is named in it, unless to who has the token.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use axum::extract::State;
use http::{HeaderMap, HeaderName, header};
use saas_core::{Problem, Secret, task::TaskState};
use saas_edge::{
    CacheCounts,
    requests::{RequestMetrics, RouteCounts},
};
use saas_storage::{OperationCounts, StorageMetrics};
use saas_tenancy::{ConnectionAudit, Database};
use tokio::sync::Mutex;

use crate::state::AppState;

/// How long an audit is shown again. It asks every idle connection, so nobody may have one for each request.
const SHOWN_FOR: Duration = Duration::from_millis(250);

/// The last audit of the connections, and when it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastAudit(Arc<Mutex<Option<(Instant, ConnectionAudit)>>>);

impl LastAudit {
    /// Gives the last audit, or takes one. Of many callers at once one takes it.
    async fn take(&self, database: &Database) -> Result<ConnectionAudit, saas_tenancy::Error> {
        let mut last = self.0.lock().await;
        if let Some((at, audit)) = *last
            && at.elapsed() < SHOWN_FOR
        {
            return Ok(audit);
        }
        let audit = database.audit_connections().await?;
        *last = Some((Instant::now(), audit));
        Ok(audit)
    }
}

#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The text format of Prometheus.", body = String))
)]
pub(crate) async fn metrics(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let now = state.database.state();
    let idle = state.audit.take(&state.database).await?;
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, value: i64| {
        text.push_str(&format!(
            "# HELP saas_db_{name} {help}\n# TYPE saas_db_{name} gauge\nsaas_db_{name} {value}\n"
        ));
    };
    gauge("connections", "Open connections.", now.connections.into());
    gauge(
        "idle_connections",
        "Open connections that nobody uses.",
        now.idle.into(),
    );
    gauge(
        "open_transactions",
        "Transactions that have begun and not ended.",
        now.open_transactions,
    );
    gauge(
        "recovered_transactions",
        "Transactions rolled back after their caller went away.",
        now.recovered.cast_signed(),
    );
    gauge(
        "discarded_connections",
        "Connections closed because they could not be recovered.",
        now.discarded.cast_signed(),
    );
    gauge(
        "slow_statements",
        "Statements that took longer than `database.slow_statement`.",
        now.slow.cast_signed(),
    );
    gauge(
        "idle_in_transaction",
        "Idle connections that sit in a transaction.",
        idle.in_transaction.into(),
    );
    gauge(
        "idle_with_tenant",
        "Idle connections that still carry a tenant.",
        idle.with_tenant.into(),
    );
    gauge(
        "idle_advisory_locks",
        "Advisory locks held by idle connections.",
        idle.advisory_locks.into(),
    );
    gauge(
        "idle_temporary_tables",
        "Temporary tables left on idle connections.",
        idle.temporary_tables.into(),
    );
    text.push_str(&storage(&state.storage_metrics));
    text.push_str(&requests(&state.requests));
    text.push_str(&problems(&state.requests));
    text.push_str(&cache(state.settings.counts()));
    text.push_str(&tasks(&state.background.states()));
    if is_trusted(&state, &headers) {
        text.push_str(&busiest(&state.requests));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text))
}

/// What was done with files. The labels are the operations, so there are as many series as there are of those.
fn storage(metrics: &StorageMetrics) -> String {
    type Read = fn(&OperationCounts) -> f64;
    #[expect(
        clippy::cast_precision_loss,
        reason = "the text format has floating-point numbers"
    )]
    let series: [(&str, &str, Read); 4] = [
        ("operations_total", "Calls of the store.", |counts| {
            counts.count as f64
        }),
        (
            "errors_total",
            "Calls in which the store failed.",
            |counts| counts.errors as f64,
        ),
        ("bytes_total", "Bytes written or read.", |counts| {
            counts.bytes as f64
        }),
        ("seconds_total", "Time in the store.", |counts| {
            counts.time.as_secs_f64()
        }),
    ];
    let (counts, mut text) = (metrics.counts(), String::new());
    for (name, help, read) in series {
        text.push_str(&format!(
            "# HELP saas_storage_{name} {help}\n# TYPE saas_storage_{name} counter\n"
        ));
        for counts in &counts {
            let (operation, value) = (counts.operation.as_str(), read(counts));
            text.push_str(&format!(
                "saas_storage_{name}{{operation=\"{operation}\"}} {value}\n"
            ));
        }
    }
    text
}

/// What was asked. The labels are the routes of the table.
#[expect(
    clippy::cast_precision_loss,
    reason = "the text format has floating-point numbers"
)]
fn requests(metrics: &RequestMetrics) -> String {
    type Read = fn(&RouteCounts) -> f64;
    let series: [(&str, &str, Read); 4] = [
        (
            "requests_total",
            "Requests that were answered, or given up by their client.",
            |counts| counts.requests as f64,
        ),
        (
            "refused_total",
            "Requests answered with a status from 400 to 499.",
            |counts| counts.refused as f64,
        ),
        (
            "failed_total",
            "Requests answered with a status from 500 on.",
            |counts| counts.failed as f64,
        ),
        (
            "seconds_total",
            "Time until the heads of the answers.",
            |counts| counts.time.as_secs_f64(),
        ),
    ];
    let (counts, mut text) = (metrics.counts(), String::new());
    for (name, help, read) in series {
        text.push_str(&format!(
            "# HELP saas_http_{name} {help}\n# TYPE saas_http_{name} counter\n"
        ));
        for counts in counts.iter().filter(|counts| counts.requests > 0) {
            let (route, value) = (&counts.route, read(counts));
            text.push_str(&format!("saas_http_{name}{{route=\"{route}\"}} {value}\n"));
        }
    }
    let time: f64 = counts.iter().map(|counts| counts.time.as_secs_f64()).sum();
    let name = "saas_http_duration_seconds";
    text.push_str(&format!(
        "# HELP {name} Time until the head of an answer.\n# TYPE {name} histogram\n"
    ));
    let mut all = 0;
    for (limit, count) in metrics.times() {
        let limit = match limit {
            Duration::MAX => "+Inf".to_owned(),
            limit => limit.as_secs_f64().to_string(),
        };
        text.push_str(&format!("{name}_bucket{{le=\"{limit}\"}} {count}\n"));
        all = count;
    }
    text.push_str(&format!("{name}_sum {time}\n{name}_count {all}\n"));
    text
}

/// How many tenants are named.
const NAMED: usize = 20;

/// Where the token is sent: `http_headers` of Prometheus. `Authorization` is for callers of tenants.
const TOKEN: HeaderName = HeaderName::from_static("x-metrics-token");

/// Tells whether the caller has the token that the configuration names.
fn is_trusted(state: &AppState, headers: &HeaderMap) -> bool {
    let sent = headers.get(TOKEN).and_then(|value| value.to_str().ok());
    match (&state.metrics_token, sent) {
        (Some(token), Some(sent)) => *token == Secret::from(sent),
        _ => false,
    }
}

/// Writes counters of one name, one for each value of a label.
fn counters<'a>(
    name: &str,
    help: &str,
    label: &str,
    values: impl Iterator<Item = (&'a str, u64)>,
) -> String {
    let mut text = format!("# HELP {name} {help}\n# TYPE {name} counter\n");
    for (value, count) in values {
        text.push_str(&format!("{name}{{{label}=\"{value}\"}} {count}\n"));
    }
    text
}

/// Refusals and failures by their codes: limits, overload, networks. There are as many series as there are codes.
fn problems(metrics: &RequestMetrics) -> String {
    let problems = metrics.problems();
    let values = problems.iter().map(|(code, count)| (code.name(), *count));
    let help = "Requests answered with a problem.";
    counters("saas_http_problems_total", help, "code", values)
}

fn cache(counts: CacheCounts) -> String {
    let (name, entries) = (counts.name, counts.entries);
    let series = [
        ("here", counts.here),
        ("shared", counts.shared),
        ("stale", counts.stale),
        ("loaded", counts.loads),
        ("waited", counts.waited),
    ];
    let mut text = String::from(
        "# HELP saas_cache_lookups_total Look-ups in a cache, by where the value came from.\n\
         # TYPE saas_cache_lookups_total counter\n",
    );
    for (from, count) in series {
        text.push_str(&format!(
            "saas_cache_lookups_total{{cache=\"{name}\",from=\"{from}\"}} {count}\n"
        ));
    }
    text.push_str(&format!(
        "# HELP saas_cache_entries Values in this process.\n# TYPE saas_cache_entries gauge\n\
         saas_cache_entries{{cache=\"{name}\"}} {entries}\n"
    ));
    text
}

/// What runs beside the requests.
fn tasks(states: &[TaskState]) -> String {
    let each = |read: fn(&TaskState) -> u64| states.iter().map(move |task| (task.name, read(task)));
    [
        counters(
            "saas_task_runs_total",
            "How often a task was begun.",
            "task",
            each(|task| task.runs),
        ),
        counters(
            "saas_task_failures_total",
            "How often a task ended as it should not.",
            "task",
            each(|task| task.failures),
        ),
    ]
    .concat()
}

/// The tenants with the most requests, and all others together.
fn busiest(metrics: &RequestMetrics) -> String {
    let (tenants, rest) = metrics.busiest(NAMED);
    let mut text = String::from(
        "# HELP saas_tenant_requests Requests of the busiest tenants since the start, about.\n\
         # TYPE saas_tenant_requests gauge\n",
    );
    for (tenant, requests) in tenants {
        text.push_str(&format!(
            "saas_tenant_requests{{tenant=\"{tenant}\"}} {requests}\n"
        ));
    }
    text.push_str(&format!(
        "saas_tenant_requests{{tenant=\"(others)\"}} {rest}\n"
    ));
    text
}
