//! Problems as pages.

use askama::Template;
use axum::{body::Body, middleware::Next, response::Response};
use http::{HeaderName, Request, StatusCode, header};
use saas_core::{Code, Problem, edge::RequestId};

use super::{
    answer::{self, Page},
    visitor::Frame,
};

#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    frame: Frame,
    title: &'static str,
    words: &'static str,
    fields: &'a [saas_core::FieldError],
    code: &'static str,
    request: &'a str,
    /// The page to go back to.
    again: Option<&'a str>,
}

/// Makes a page of a refusal, and adds to every answer what pages carry.
pub(super) async fn dress(request: Request<Body>, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().cloned();
    let (frame, path) = (Frame::of(&parts), parts.uri.path().to_owned());
    let response = next.run(Request::from_parts(parts, body)).await;
    let mut response = match problem_of(&response) {
        Some(problem) => page(frame, &path, id.as_ref(), &problem, response),
        None => response,
    };
    answer::complete(&mut response);
    response
}

/// Gives the problem that an answer is, unless it is a page already.
fn problem_of(response: &Response) -> Option<Problem> {
    match response.extensions().get::<Problem>() {
        Some(problem) => Some(problem.clone()),
        None if response.status() == StatusCode::METHOD_NOT_ALLOWED => {
            Some(Problem::new(Code::METHOD_NOT_ALLOWED))
        }
        None => None,
    }
}

fn page(
    frame: Frame,
    path: &str,
    id: Option<&RequestId>,
    problem: &Problem,
    old: Response,
) -> Response {
    let code = problem.code();
    // The form is on the page with the same address; a link leads to where none of the form's parameters are.
    let again = [Code::REQUEST_FORGED, Code::UNAVAILABLE].contains(&code);
    let template = ProblemPage {
        title: code.title(),
        words: words(code),
        fields: problem.fields(),
        code: code.name(),
        request: id.map_or("", RequestId::as_str),
        again: again.then_some(path),
        frame,
    };
    let Ok(page) = Page::new(&template) else {
        return old;
    };
    let mut response = page.status(old.status()).answer();
    let kept: [HeaderName; 3] = [header::RETRY_AFTER, header::ALLOW, header::WWW_AUTHENTICATE];
    for name in kept {
        if let Some(value) = old.headers().get(&name) {
            response.headers_mut().insert(name, value.clone());
        }
    }
    // The edge writes it into the log.
    response.extensions_mut().insert(problem.clone());
    response
}

/// Says to a person what a code says to a program.
fn words(code: Code) -> &'static str {
    match code {
        Code::REQUEST_FORGED => {
            "This form was open for too long, or was not sent from its own page. Nothing has changed. Open the page again."
        }
        Code::UNAVAILABLE => "The service is busy. Try again in a moment.",
        Code::RATE_LIMITED => "There were too many tries. Wait a while and try again.",
        Code::TENANT_SUSPENDED => "This organisation cannot be used at the moment.",
        Code::NOT_FOUND => "There is no such page.",
        Code::INTERNAL => "It is our fault, and we have noted it.",
        _ => "The request could not be answered.",
    }
}
