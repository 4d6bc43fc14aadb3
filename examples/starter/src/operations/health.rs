//! Whether the service works.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::extract::State;
use saas_core::{
    edge::{Json, Limits},
    health::{Check, Health, Report},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::AppState;

/// Whether the service still takes new work. It says that it does not before it stops, so that whoever sends it
/// requests sends them elsewhere in time.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accepting {
    stops: Arc<AtomicBool>,
}

impl Accepting {
    pub(crate) fn stop(&self) {
        self.stops.store(true, Ordering::Relaxed);
    }
}

#[async_trait]
impl Check for Accepting {
    fn name(&self) -> &'static str {
        "accepting"
    }

    async fn check(&self) -> Result<(), String> {
        match self.stops.load(Ordering::Relaxed) {
            true => Err("the service is about to stop".to_owned()),
            false => Ok(()),
        }
    }
}

/// Says that the process runs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HealthView {
    status: &'static str,
}

#[utoipa::path(
    get, path = "/health/live", tag = "operations",
    responses((status = 200, description = "The process runs.", body = HealthView))
)]
pub(crate) async fn live() -> Json<HealthView> {
    Json(HealthView { status: "ok" })
}

#[utoipa::path(
    get, path = "/health", tag = "operations",
    responses(
        (status = 200, description = "Every part works.", body = Report),
        (status = 503, description = "A part does not work.", body = Report),
    )
)]
pub(crate) async fn health(State(state): State<AppState>, limits: Limits) -> Report {
    // Each check has a bound of its own, and what is away is what is asked about.
    limits.lift_deadline();
    state.health.report().await
}

/// Also while the service is about to stop.
#[utoipa::path(
    get, path = "/health/db", tag = "operations",
    responses(
        (status = 200, description = "The database answers.", body = Report),
        (status = 503, description = "The database does not answer.", body = Report),
    )
)]
pub(crate) async fn database(State(state): State<AppState>, limits: Limits) -> Report {
    limits.lift_deadline();
    Health::default()
        .with(state.database.clone())
        .report()
        .await
}
