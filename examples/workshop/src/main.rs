//! The program of the tutorial.

mod accounts;
mod app;
mod files;
mod members;
mod mfa;
mod projects;
#[cfg(test)]
mod tests;

use std::error::Error;

use app::{App, MODULES};
use saas_core::{
    KeyRing, Secret, SystemClock,
    edge::{self, ServeConfig},
    telemetry::{self, TelemetryConfig},
};
use saas_tenancy::{Database, DatabaseConfig, migrate};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // The log goes to standard output. Why a request has failed stands there, and not in its answer.
    let _telemetry = telemetry::init(&TelemetryConfig::default())?;
    let key = std::env::var("MASTER_KEY").map_err(|_| "MASTER_KEY is not set")?;
    let keys = KeyRing::from_text(&Secret::new(key))?;
    let config = DatabaseConfig::new("sqlite://data/workshop.db");
    let database = Database::connect(&config, keys, SystemClock::shared()).await?;
    migrate(&database, MODULES, None).await?;
    let app = App::open(&database, "fs://data/files").await?;
    // What other instances end, and new keys. It goes on for ever; the guide "Around the handlers"
    // has a supervisor that begins it again should it fail.
    tokio::spawn(app.identity.clone().watch());
    let service = app::build(app)?;
    let listener = edge::listen("127.0.0.1:8080").await?;
    // Ctrl-C, or SIGTERM: what is under way may finish.
    let stop = edge::stop_signal()?;
    edge::serve(listener, service, ServeConfig::default(), stop).await?;
    database.close().await;
    Ok(())
}
