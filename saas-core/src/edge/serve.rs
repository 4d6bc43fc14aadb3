//! A service on a socket.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use serde::Deserialize;
use tokio::{net::TcpListener, sync::Semaphore};
use tower_service::Service;

use crate::config::Period;

/// Bounds of the connections.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ServeConfig {
    /// How long the head of a request may take to arrive. A connection on which no request came in this
    /// time is closed.
    pub header_timeout: Period,
    /// How many connections are served at a time. Further ones wait until one ends.
    pub max_connections: usize,
    /// The largest head of a request, in bytes.
    pub header_limit: usize,
    /// How many headers a request may have.
    pub header_count: usize,
    /// How long requests that are under way may take to finish after the order to stop.
    pub drain_timeout: Period,
}

impl Default for ServeConfig {
    fn default() -> Self {
        let seconds = |seconds| Period::from(Duration::from_secs(seconds));
        Self {
            header_timeout: seconds(10),
            max_connections: 10_000,
            header_limit: 32 << 10,
            header_count: 100,
            drain_timeout: seconds(20),
        }
    }
}

/// Serves HTTP/1.1 and HTTP/2 until `stop` completes, then lets the requests that are under way
/// finish within the drain timeout.
///
/// Each request carries the address of its peer as `ConnectInfo<SocketAddr>`.
///
/// # Errors
///
/// None of a connection; those are dropped. Only when the listener itself is unusable.
///
/// # Cancel safety
///
/// Dropping the future closes the listener and leaves the open connections to their tasks.
pub async fn serve<S>(
    listener: TcpListener,
    service: S,
    config: ServeConfig,
    stop: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from(config.header_timeout))
        .max_buf_size(config.header_limit.max(8 << 10))
        .max_headers(config.header_count);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(config.header_limit).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        .keep_alive_interval(Duration::from_secs(30));
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(config.max_connections.max(1)));
    let mut stop = std::pin::pin!(stop);
    loop {
        // Whoever comes when all places are taken waits in the queue of the system.
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, accept(&listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            accepted = accepted => accepted,
            () = stop.as_mut() => break,
        };
        let _ = stream.set_nodelay(true);
        let service = service.clone();
        let (first, mut requested) = tokio::sync::watch::channel(false);
        let handler = hyper::service::service_fn(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            first.send_replace(true);
            let mut service = service.clone();
            async move {
                std::future::poll_fn(|context| service.poll_ready(context)).await?;
                service.call(request).await
            }
        });
        let connection = builder
            .serve_connection(TokioIo::new(stream), handler)
            .into_owned();
        let connection = connections.watch(connection);
        let patience = Duration::from(config.header_timeout);
        tokio::spawn(async move {
            let _place = place;
            let mut connection = std::pin::pin!(connection);
            // Until the version of HTTP is known no timer of hyper runs.
            let silent = async {
                let waited = requested.wait_for(|first| *first);
                if tokio::time::timeout(patience, waited).await.is_ok() {
                    std::future::pending::<()>().await;
                }
            };
            tokio::select! {
                // What a peer does to its own connection is not our error.
                ended = connection.as_mut() => if let Err(error) = ended {
                    tracing::debug!(error = &*error, "connection ended");
                },
                () = silent => tracing::debug!("a connection without a request was closed"),
            }
        });
    }
    drop(listener);
    if tokio::time::timeout(config.drain_timeout.into(), connections.shutdown())
        .await
        .is_err()
    {
        tracing::warn!("some requests did not finish in time and were cut off");
    }
    Ok(())
}

/// Accepts a connection. When the process has no descriptor left, waiting is all that helps.
async fn accept(listener: &TcpListener) -> (tokio::net::TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                let gone = [
                    io::ErrorKind::ConnectionAborted,
                    io::ErrorKind::ConnectionReset,
                ];
                if !gone.contains(&error.kind()) {
                    tracing::error!(%error, "no connection can be accepted");
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        }
    }
}
