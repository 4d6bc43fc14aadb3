//! The socket, and what is said to whoever starts the service.

use std::error::Error;

use saas_core::edge;
use saas_tenancy::outbox::Outbox;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};

use crate::{
    boot::{self, Booted},
    config::{Environment, StarterConfig},
    operations::sweep::Sweeper,
    seed::{self, Demo},
};

pub(crate) async fn serve(mut config: StarterConfig) -> Result<(), Box<dyn Error>> {
    // First, because the system may choose the port, and the issuer may be named after it.
    let listener = TcpListener::bind(&config.server.bind)
        .await
        .map_err(|error| format!("cannot listen on {}: {error}", config.server.bind))?;
    let address = listener.local_addr()?;
    config.server.bind = address.to_string();
    let Booted { app, state, events } = boot::boot(&config).await?;
    let demo = match config.environment {
        Environment::Development => seed::demo(&state).await?,
        Environment::Production => None,
    };
    // What other instances change is forgotten here at once.
    let (registry, authorizer) = (state.registry.clone(), state.authorizer.clone());
    let identity = state.identity.clone();
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        tokio::join!(registry.watch(), authorizer.watch(), identity.watch());
    });
    // What follows from requests.
    let (database, registry) = (state.database.clone(), state.registry.clone());
    let outbox = Outbox::new(database, registry, config.outbox.clone());
    tasks.spawn(async move { outbox.run(&events).await });
    let sweeper = Sweeper {
        files: state.files.clone(),
        idempotency: state.idempotency.clone(),
        registry: state.registry.clone(),
    };
    tasks.spawn(sweeper.run(config.files.sweep_every.into()));
    greet(&config.server.url(), demo.as_ref(), config.environment);
    tracing::info!(%address, "listening");
    let (stopped, mut ended) = (stop()?, Ok(()));
    let until = async {
        ended = until(stopped, &mut tasks).await;
        // Whoever asks whether it is ready is told before it is too late.
        state.accepting.stop();
        tokio::time::sleep(config.server.notice.into()).await;
    };
    edge::serve(listener, app, config.server.connection.clone(), until).await?;
    tasks.shutdown().await;
    state.database.close().await;
    ended?;
    tracing::info!("stopped");
    Ok(())
}

/// Completes when the service is to stop. It does not go on without one of the tasks beside it: it would accept what
/// other instances have ended, or send no mail, and nobody would notice.
async fn until(stopped: impl Future<Output = ()>, tasks: &mut JoinSet<()>) -> Result<(), String> {
    tokio::select! {
        () = stopped => Ok(()),
        Some(ended) = tasks.join_next() => {
            let reason = ended.map_or_else(|error| error.to_string(), |()| "it returned".to_owned());
            tracing::error!(reason, "a task that the service needs has ended: stopping");
            Err(format!("a task that the service needs has ended: {reason}"))
        }
    }
}

/// Completes at SIGINT or SIGTERM. A second signal ends the process at once.
fn stop() -> Result<impl Future<Output = ()>, Box<dyn Error>> {
    let (mut interrupt, mut terminate) = (
        signal(SignalKind::interrupt())?,
        signal(SignalKind::terminate())?,
    );
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping: requests that are under way may finish");
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::process::exit(130);
        });
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

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    #[tokio::test]
    async fn the_service_ends_with_a_task_that_it_needs() {
        let mut tasks = JoinSet::new();
        tasks.spawn(pending());
        assert_eq!(until(ready(()), &mut tasks).await, Ok(()));

        tasks.spawn(async { panic!("lost") });
        let ended = until(pending(), &mut tasks).await.unwrap_err();
        assert!(ended.contains("lost"), "{ended}");

        tasks.spawn(ready(()));
        let ended = until(pending(), &mut tasks).await.unwrap_err();
        assert!(ended.contains("returned"), "{ended}");
    }
}
