//! The socket, and what is said to whoever starts the service.

use std::{error::Error, pin::pin, sync::Arc, time::Duration};

use saas_core::{edge, telemetry::Telemetry};
use tokio::time::timeout;

use crate::{
    boot::{self, Booted},
    config::{Environment, StarterConfig},
    events::Events,
    operations::{reload, sweep::Sweeper},
    seed::{self, Demo},
    state::AppState,
};

/// How long tasks may take to finish what they do, after the last request.
const LAST: Duration = Duration::from_secs(5);

/// Serves until it is told to stop. The keys of the command line win over the others, also when those are read again.
pub(crate) async fn serve(
    mut config: StarterConfig,
    arguments: &[(String, String)],
    telemetry: &Telemetry,
) -> Result<(), Box<dyn Error>> {
    // Also while it boots: the first process of a container does not end by signals that it does not listen for.
    let mut stopped = pin!(stop()?);
    let again = reload::reload(&config, arguments, telemetry)?;
    // First, because the system may choose the port, and the issuer may be named after it.
    let listener = edge::listen(&config.server.bind)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.server.bind))?;
    let address = listener.local_addr()?;
    config.server.bind = address.to_string();
    let ready = async {
        let booted = boot::boot(&config).await?;
        let demo = match config.environment {
            Environment::Development => seed::demo(&booted.state).await?,
            Environment::Production => None,
        };
        Ok::<_, Box<dyn Error>>((booted, demo))
    };
    let (Booted { app, state, events }, demo) = tokio::select! {
        ready = ready => ready?,
        () = stopped.as_mut() => return Ok(()),
    };
    begin(&config, &state, events);
    greet(&config.server.url(), demo.as_ref(), config.environment);
    tracing::info!(%address, "listening");
    let until = async {
        tokio::select! {
            () = stopped => {}
            () = again => {}
        }
        // Whoever asks whether it is ready is told before it is too late.
        state.accepting.stop();
        tokio::time::sleep(config.server.notice.into()).await;
    };
    let connection = config.server.connection.clone();
    Box::pin(edge::serve(listener, app, connection, until)).await?;
    let cut = state.background.shutdown(LAST).await;
    if !cut.is_empty() {
        tracing::warn!(tasks = ?cut, "some tasks did not finish in time and were cut off");
    }
    // A database that does not answer is not waited for.
    if timeout(LAST, state.database.close()).await.is_err() {
        tracing::warn!("some connections to the database did not end in time and were cut off");
    }
    tracing::info!("stopped");
    Ok(())
}

/// Begins what runs beside the requests. Whatever of it fails is begun again.
fn begin(config: &StarterConfig, state: &AppState, events: Events) {
    let background = &state.background;
    let (database, outage) = (state.database.clone(), state.outage.clone());
    background.keep("follow-database", move || {
        let (database, outage) = (database.clone(), outage.clone());
        async move { database.watch(&outage).await }
    });
    // What other instances change is forgotten here at once.
    let registry = state.registry.clone();
    background.keep("follow-tenants", move || {
        let registry = registry.clone();
        async move { registry.watch().await }
    });
    let authorizer = state.authorizer.clone();
    background.keep("follow-roles", move || {
        let authorizer = authorizer.clone();
        async move { authorizer.watch().await }
    });
    let identity = state.identity.clone();
    background.keep("follow-sign-ins", move || {
        let identity = identity.clone();
        async move { identity.watch().await }
    });
    let settings = state.settings.clone();
    background.keep("follow-settings", move || {
        let settings = settings.clone();
        async move { settings.watch().await }
    });
    // What follows from requests.
    let outbox = state.outbox.clone();
    let events = Arc::new(events);
    background.keep("outbox", move || {
        let (outbox, events) = (outbox.clone(), Arc::clone(&events));
        async move { outbox.run(&*events).await }
    });
    let sweeper = Sweeper {
        files: state.files.clone(),
        idempotency: state.idempotency.clone(),
        registry: state.registry.clone(),
    };
    background.every("sweep", config.files.sweep_every.into(), move || {
        let sweeper = sweeper.clone();
        async move { sweeper.sweep().await }
    });
}

/// Completes at SIGINT or SIGTERM. A second signal ends the process at once.
fn stop() -> std::io::Result<impl Future<Output = ()>> {
    let first = edge::stop_signal()?;
    Ok(async move {
        first.await;
        tracing::info!("stopping: requests that are under way may finish");
        if let Ok(second) = edge::stop_signal() {
            tokio::spawn(async move {
                second.await;
                std::process::exit(130);
            });
        }
    })
}

/// Says what to try next. It goes to standard error, so that the log stays what it is.
fn greet(url: &str, demo: Option<&Demo>, environment: Environment) {
    if environment == Environment::Production {
        return;
    }
    eprintln!("\n  The starter is running on {url}\n  API docs:  {url}/docs\n");
    let password = match demo {
        Some(demo) => {
            eprintln!(
                "  Demo sign-in, shown once: tenant `{}`, {} / {}\n",
                demo.tenant,
                demo.email,
                demo.password.expose()
            );
            demo.password.expose().as_str()
        }
        None => "<the password shown at the first start>",
    };
    eprintln!("  Try:\n");
    eprintln!(
        "  TOKEN=$(curl -s {url}/oauth/token -H 'X-Tenant: demo' -d grant_type=password -d client_id=starter-web \
         -d username=owner@demo.test --data-urlencode 'password={password}' | sed 's/.*\"access_token\":\"\\([^\"]*\\)\".*/\\1/')"
    );
    eprintln!(
        "  curl -s {url}/api/v1/projects -H \"Authorization: Bearer $TOKEN\" -H 'Content-Type: application/json' \
         -d '{{\"name\":\"My first project\"}}'"
    );
    eprintln!(
        "  curl -s '{url}/api/v1/projects?sort=-created_at' -H \"Authorization: Bearer $TOKEN\"\n"
    );
}
