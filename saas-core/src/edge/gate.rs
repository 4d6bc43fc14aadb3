//! The future of a layer that lets a request on, or refuses it.

use std::{
    fmt,
    future::{Future, Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;

pin_project! {
    /// The answer to a request at a gate: that of the service inside, a refusal, or whatever comes of asking first.
    ///
    /// Most requests are decided by what is in memory. They go on without a box and without a copy of the service:
    ///
    /// ```
    /// use std::task::{Context, Poll};
    ///
    /// use axum::{body::Body, response::Response};
    /// use http::Request;
    /// use saas_core::{Code, Problem, edge::GateFuture};
    /// use tower_service::Service;
    ///
    /// /// Lets in whoever knocks.
    /// #[derive(Clone)]
    /// struct Door<S>(S);
    ///
    /// impl<S: Service<Request<Body>, Response = Response>> Service<Request<Body>> for Door<S> {
    ///     type Response = Response;
    ///     type Error = S::Error;
    ///     type Future = GateFuture<S::Future, S::Error>;
    ///
    ///     fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
    ///         self.0.poll_ready(context)
    ///     }
    ///
    ///     fn call(&mut self, request: Request<Body>) -> Self::Future {
    ///         if request.headers().contains_key("x-knock") {
    ///             GateFuture::open(self.0.call(request))
    ///         } else {
    ///             GateFuture::answer(Problem::new(Code::FORBIDDEN))
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// A gate that has to ask takes the service that was ready, and leaves a clone in its place, which may not be:
    ///
    /// ```
    /// # use axum::{body::Body, response::{IntoResponse as _, Response}};
    /// # use http::Request;
    /// # use saas_core::{Code, Problem, edge::GateFuture};
    /// # use tower_service::Service;
    /// # async fn is_expected() -> bool { true }
    /// fn ask<S>(service: &mut S, request: Request<Body>) -> GateFuture<S::Future, S::Error>
    /// where
    ///     S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    ///     S::Future: Send,
    /// {
    ///     let clone = service.clone();
    ///     let mut inner = std::mem::replace(service, clone);
    ///     GateFuture::ask(async move {
    ///         match is_expected().await {
    ///             true => inner.call(request).await,
    ///             false => Ok(Problem::new(Code::FORBIDDEN).into_response()),
    ///         }
    ///     })
    /// }
    /// ```
    #[must_use = "a request gets no further than its future"]
    pub struct GateFuture<F, E> {
        #[pin]
        state: State<F, E>,
    }
}

pin_project! {
    #[project = StateProjection]
    enum State<F, E> {
        Open { #[pin] inner: F },
        Answered { answer: Ready<Result<Response, E>> },
        Asking { asking: Asking<E> },
    }
}

type Asking<E> = Pin<Box<dyn Future<Output = Result<Response, E>> + Send>>;

impl<F, E> GateFuture<F, E> {
    /// Lets the request on: the answer is that of the service inside.
    pub const fn open(inner: F) -> Self {
        Self {
            state: State::Open { inner },
        }
    }

    /// Answers by itself: with a refusal, as a rule.
    pub fn answer(answer: impl IntoResponse) -> Self {
        let answer = ready(Ok(answer.into_response()));
        Self {
            state: State::Answered { answer },
        }
    }

    /// Waits for something: before the service inside is called, or for its answer.
    pub fn ask(asking: impl Future<Output = Result<Response, E>> + Send + 'static) -> Self {
        let asking: Asking<E> = Box::pin(asking);
        Self {
            state: State::Asking { asking },
        }
    }
}

impl<F, E> Future for GateFuture<F, E>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = Result<Response, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project().state.project() {
            StateProjection::Open { inner } => inner.poll(context),
            StateProjection::Answered { answer } => Pin::new(answer).poll(context),
            StateProjection::Asking { asking } => asking.as_mut().poll(context),
        }
    }
}

impl<F, E> fmt::Debug for GateFuture<F, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Open { .. } => "Open(…)",
            State::Answered { .. } => "Answered(…)",
            State::Asking { .. } => "Asking(…)",
        })
    }
}
