//! The configuration, read again.

use std::io;

use saas_core::telemetry::Telemetry;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::StarterConfig;

/// Reads the configuration again at every SIGHUP, and takes up what can change while it runs: what is logged. Everything
/// else that has changed is named, and waits for the next start; a configuration with a mistake changes nothing. New
/// certificates are found without a signal.
pub(crate) fn reload<'a>(
    config: &StarterConfig,
    arguments: &[(String, String)],
    telemetry: &'a Telemetry,
) -> io::Result<impl Future<Output = ()> + use<'a>> {
    let mut hangup = signal(SignalKind::hangup())?;
    let mut filter = config.log.filter.clone();
    let started = shown(config);
    let arguments = arguments.to_vec();
    Ok(async move {
        while hangup.recv().await.is_some() {
            let arguments = arguments.clone();
            // A mount that hangs does not hold the service.
            let load = move || StarterConfig::load(&arguments).map_err(|error| error.to_string());
            let new = match tokio::task::spawn_blocking(load).await {
                Ok(Ok(new)) => new,
                Ok(Err(error)) => {
                    tracing::error!(error, "the configuration was read again and cannot be used");
                    continue;
                }
                Err(error) => {
                    tracing::error!(%error, "the configuration was not read again");
                    continue;
                }
            };
            if new.log.filter != filter {
                match telemetry.set_filter(&new.log.filter) {
                    Ok(()) => filter.clone_from(&new.log.filter),
                    Err(error) => {
                        tracing::error!(%error, "the filter of the log stays what it was")
                    }
                }
            }
            let sections = differing(&started, &shown(&new));
            tracing::info!(filter, needs_restart = ?sections, "the configuration was read again");
        }
        std::future::pending().await
    })
}

/// Gives what only a start takes up, without its secrets.
fn shown(config: &StarterConfig) -> Value {
    let mut value = serde_json::to_value(config).unwrap_or_default();
    if let Some(log) = value.get_mut("log").and_then(Value::as_object_mut) {
        log.remove("filter");
    }
    value
}

/// Names the sections that differ. A secret that has changed does not show.
fn differing(old: &Value, new: &Value) -> Vec<String> {
    let sections = old.as_object().into_iter().flatten();
    let differing = sections.filter(|(name, value)| new.get(*name) != Some(*value));
    differing.map(|(name, _)| name.clone()).collect()
}
