//! One connection.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::{body::Body, extract::ConnectInfo, response::Response};
use futures_util::future::Either;
use http::{Request, Version};
use http_body::Body as _;
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::Watcher},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tower::{ServiceExt as _, util::Oneshot};
use tower_service::Service;

use super::{ServeConfig, answer::Answer, patient::Patient, question, seat::Taken};

/// Makes what speaks both versions of HTTP.
pub(super) fn builder(config: &ServeConfig) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from(config.header_timeout))
        .max_buf_size(config.head())
        .max_headers(config.header_count);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_header_list_size(u32::try_from(config.head()).unwrap_or(u32::MAX))
        .max_concurrent_streams(100)
        // Of each stream; a slow client gets through what all of them hold before it counts as one that reads nothing.
        .max_send_buf_size(64 << 10)
        .keep_alive_interval(Duration::from_secs(30));
    builder
}

/// A connection that was accepted.
pub(super) struct Connection<S> {
    pub(super) peer: SocketAddr,
    pub(super) service: S,
    pub(super) builder: Builder<TokioExecutor>,
    pub(super) watcher: Watcher,
    pub(super) taken: Taken,
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
        let (peer, service) = (self.peer, Mutex::new(self.service));
        let seat = Arc::clone(&self.taken.seat);
        let handler = hyper::service::service_fn(move |request: Request<Incoming>| {
            let under_way = seat.ask();
            let one_of_many = request.version() == Version::HTTP_2;
            let mut request = question::take(request, &seat);
            let seat = one_of_many.then(|| Arc::clone(&seat));
            request.extensions_mut().insert(ConnectInfo(peer));
            let answer = call(&service, request, one_of_many);
            async move {
                let response = answer.await?;
                Ok::<_, Infallible>(response.map(|body| match seat {
                    Some(seat) if !body.is_end_stream() => {
                        Answer::watched(body, under_way, seat.send())
                    }
                    _ => Answer::new(body, under_way),
                }))
            }
        });
        let connection = async {
            let stream = Patient::new(
                opening.await?,
                self.write_timeout,
                Arc::clone(&self.taken.seat),
            );
            let connection = self
                .builder
                .serve_connection(TokioIo::new(stream), handler)
                .into_owned();
            self.watcher.watch(connection).await
        };
        let seat = &self.taken.seat;
        tokio::select! {
            // What a peer does to its own connection is not our error.
            ended = connection => if let Err(error) = ended {
                tracing::debug!(error = &*error, "connection ended");
            },
            why = seat.until_unwanted(self.header_timeout, self.write_timeout) => {
                tracing::debug!(why, "a connection was closed");
            }
        }
    }
}

/// Calls the service that the connection has for itself, if that is ready: to clone a stack of layers takes longer than most of
/// them. Gives it away otherwise, and keeps a clone, which stands in no queue.
fn call<S: Service<Request<Body>> + Clone>(
    service: &Mutex<S>,
    request: Request<Body>,
    one_of_many: bool,
) -> Either<S::Future, Oneshot<S, Request<Body>>> {
    // Held for no await, and only this connection asks for it.
    let mut service = service.lock().unwrap_or_else(PoisonError::into_inner);
    if one_of_many {
        // In the task of its stream, so that the others do not wait for its layers.
        return Either::Right(service.clone().oneshot(request));
    }
    match service.poll_ready(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(())) => Either::Left(service.call(request)),
        _ => {
            let clone = service.clone();
            let waiting = std::mem::replace(&mut *service, clone);
            Either::Right(waiting.oneshot(request))
        }
    }
}
