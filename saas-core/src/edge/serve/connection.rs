//! One connection.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use http::Request;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::{oneshot, watch},
};
use tower_service::Service;

use super::{ServeConfig, patient::Patient, silent::StillSilent};

/// Makes what speaks both versions of HTTP.
pub(super) fn builder(config: &ServeConfig) -> Builder<TokioExecutor> {
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
    builder
}

/// A connection that was accepted.
pub(super) struct Connection<S> {
    pub(super) peer: SocketAddr,
    pub(super) service: S,
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) watcher: Watcher,
    pub(super) silent: (StillSilent, oneshot::Receiver<()>),
    pub(super) header_timeout: Duration,
    pub(super) write_timeout: Duration,
}

impl<S> Connection<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    /// Serves it to its end, after whatever has to be agreed upon first.
    pub(super) async fn serve<I>(self, opening: impl Future<Output = io::Result<I>>)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Self { peer, service, .. } = self;
        let (still_silent, needed) = self.silent;
        let (first, mut requested) = watch::channel(false);
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
        let connection = async {
            let stream = Patient::new(opening.await?, self.write_timeout);
            let connection = self
                .builder
                .serve_connection(TokioIo::new(stream), handler)
                .into_owned();
            self.watcher.watch(connection).await
        };
        // Until the version of HTTP is known no timer of hyper runs.
        let silent = async {
            let waited = async {
                tokio::select! {
                    waited = requested.wait_for(|first| *first) => waited.is_ok(),
                    _ = needed => false,
                }
            };
            let waited = tokio::time::timeout(self.header_timeout, waited).await;
            drop(still_silent);
            if waited == Ok(true) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            // What a peer does to its own connection is not our error.
            ended = connection => if let Err(error) = ended {
                tracing::debug!(error = &*error, "connection ended");
            },
            () = silent => tracing::debug!("a connection without a request was closed"),
        }
    }
}
