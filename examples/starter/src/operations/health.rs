//! Whether the service works.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use axum::extract::State;
use saas_core::{
    edge::Json,
    health::{Check, Report},
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
pub(crate) async fn health(State(state): State<AppState>) -> Report {
    state.health.report().await
}
