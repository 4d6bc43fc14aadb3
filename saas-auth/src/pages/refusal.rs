//! Problems as pages.

use std::task::{Context, Poll};

use askama::Template;
use axum::{body::Body, middleware::Next, response::Response};
use http::{HeaderMap, HeaderName, Request, StatusCode, header};
use saas_core::{
    Code, FieldError, Problem,
    edge::{GateFuture, RequestId},
};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    answer::{self, Page},
    visitor::Frame,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    title: &'static str,
    words: &'a str,
    fields: &'a [FieldError],
    code: &'static str,
    request: &'a str,
    /// Where to go from here, and in which words.
    link: Option<(&'a str, &'static str)>,
}

/// Makes pages of problems for whoever opens an address in a browser; programs get them as they are.
///
/// The pages of this module do so themselves. For other routes and layers put it around the layers of
/// [`Identity`](crate::Identity), inside of
/// [`edge::stack`](saas_core::edge::stack).
///
/// ```
/// use axum::Router;
/// use saas_auth::pages::RefusalLayer;
///
/// fn with_pages(routes: Router) -> Router {
///     routes.layer(RefusalLayer::new())
/// }
/// # let _ = with_pages;
/// ```
#[derive(Debug, Clone, Copy, Default)]
pub struct RefusalLayer(());

impl RefusalLayer {
    /// Makes the layer.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }
}

impl<S> Layer<S> for RefusalLayer {
    type Service = RefusalService<S>;

    fn layer(&self, inner: S) -> RefusalService<S> {
        RefusalService(inner)
    }
}

/// Made by [`RefusalLayer`].
#[derive(Debug, Clone)]
pub struct RefusalService<S>(S);

impl<S> Service<Request<Body>> for RefusalService<S>
where
    S: Service<Request<Body>, Response = Response>,
    S::Future: Send + 'static,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GateFuture<S::Future, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if opens(request.headers()) {
            let told = Told::of(&request);
            let answer = self.0.call(request);
            return GateFuture::ask(async move { Ok(told.dress(answer.await?, Where::Elsewhere)) });
        }
        GateFuture::open(self.0.call(request))
    }
}

/// Tells whether a browser asks for a page, and not a script on one.
fn opens(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-mode")) {
        None => text(header::ACCEPT).is_some_and(|accept| accept.contains("text/html")),
        Some(mode) => mode == "navigate",
    }
}

/// Makes pages of the problems of our own routes, and adds to every answer what pages carry.
pub(super) async fn dress(request: Request<Body>, next: Next) -> Response {
    let told = Told::of(&request);
    let mut response = told.dress(next.run(request).await, Where::Here);
    answer::complete(&mut response);
    response
}

/// Where a problem arose: outside of the pages nobody knows what links begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Where {
    Here,
    Elsewhere,
}

/// What a page about a refusal says of the request.
struct Told {
    id: Option<RequestId>,
    frame: Frame,
    path: String,
}

impl Told {
    fn of(request: &Request<Body>) -> Self {
        Self {
            id: request.extensions().get().cloned(),
            frame: Frame::of(request.extensions()),
            path: request.uri().path().to_owned(),
        }
    }

    /// Makes a page of an answer, if it is a problem.
    fn dress(self, response: Response, place: Where) -> Response {
        let Self { id, frame, path } = self;
        let Some(problem) = problem_of(&response) else {
            return response;
        };
        let code = problem.code();
        // The form is on the page with the same address; a link leads to where none of its parameters are.
        let link = match code {
            Code::REQUEST_FORGED | Code::UNAVAILABLE => {
                Some((path.as_str(), "Open the page again"))
            }
            Code::LINK_INVALID if place == Where::Here => Some(("/login", "Go to the sign-in")),
            Code::PASSWORD_PROVISIONAL if place == Where::Here => {
                Some(("/forgot", "Choose a password"))
            }
            _ if place == Where::Here => Some(("/account", "Go to your account")),
            _ => None,
        };
        let template = ProblemPage {
            title: code.title(),
            words: &words(&problem),
            fields: problem.fields(),
            code: code.name(),
            request: id.as_ref().map_or("", RequestId::as_str),
            link,
            frame,
        };
        let Ok(page) = Page::new(&template) else {
            return response;
        };
        let mut dressed = page.status(response.status()).answer();
        let kept = [
            header::RETRY_AFTER,
            header::ALLOW,
            header::WWW_AUTHENTICATE,
            HeaderName::from_static("ratelimit"),
            HeaderName::from_static("ratelimit-policy"),
        ];
        for name in kept {
            if let Some(value) = response.headers().get(&name) {
                dressed.headers_mut().insert(name, value.clone());
            }
        }
        answer::complete(&mut dressed);
        // What layers have noted; the edge writes the problem into the log.
        let noted = response.extensions().clone();
        dressed.extensions_mut().extend(noted);
        dressed.extensions_mut().insert(problem);
        dressed
    }
}

/// Gives the problem that an answer is, unless it is a page already.
fn problem_of(response: &Response) -> Option<Problem> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html")) {
        return None;
    }
    match response.extensions().get::<Problem>() {
        Some(problem) => Some(problem.clone()),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            Some(Problem::new(Code::METHOD_NOT_ALLOWED))
        }
        None => None,
    }
}

/// Says to a person what a problem says to a program.
fn words(problem: &Problem) -> String {
    let known = match problem.code() {
        Code::REQUEST_FORGED => {
            "This form was open for too long, or was not sent from its own page. Nothing has changed."
        }
        Code::UNAVAILABLE => "The service is busy. Try again in a moment.",
        Code::RATE_LIMITED => "There were too many tries. Wait a while and try again.",
        Code::TENANT_UNKNOWN => "There is no organisation of this name. Look at the address again.",
        Code::TENANT_REQUIRED => "The address has to name your organisation.",
        Code::TENANT_SUSPENDED => "This organisation cannot be used at the moment.",
        Code::LINK_INVALID => {
            "The link was used, has expired, or was replaced by a newer one. Ask for another."
        }
        Code::PASSWORD_PROVISIONAL => {
            "Your password was chosen by somebody else. Choose one yourself first."
        }
        Code::MEMBER_ALREADY => "You are a member already. Sign in to go on.",
        Code::NOT_FOUND => "There is no such page.",
        Code::INTERNAL => "It is our fault, and we have noted it.",
        _ => "",
    };
    match (known, problem.detail_text()) {
        ("", None) => "The request could not be answered.".to_owned(),
        ("", Some(detail)) => sentence(detail),
        (known, _) => known.to_owned(),
    }
}

fn sentence(detail: &str) -> String {
    let mut letters = detail.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}
