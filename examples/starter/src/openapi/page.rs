//! The document, and the page that shows it, as they are served.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::LazyLock,
};

use axum::{body::Bytes, response::IntoResponse};
use http::{HeaderName, header};
use saas_core::Code;
use serde_json::Value;

use super::document;

/// What is the same for everybody, and made once.
struct Made {
    text: Bytes,
    /// Changes when the text does, and says nothing about how it is compressed (RFC 9110, section 8.8.3).
    tag: String,
}

impl Made {
    fn new(text: String) -> Self {
        let mut hash = DefaultHasher::new();
        text.hash(&mut hash);
        Self {
            tag: format!("W/\"{:x}\"", hash.finish()),
            text: text.into(),
        }
    }

    /// May be kept by whoever asks again whether it is still the same.
    fn answer(&self, media: &'static str) -> impl IntoResponse + use<> {
        let headers = [
            (header::CONTENT_TYPE, media.to_owned()),
            (header::CACHE_CONTROL, "public, no-cache".to_owned()),
            (header::ETAG, self.tag.clone()),
        ];
        (headers, self.text.clone())
    }
}

/// `GET /openapi.json`
pub(crate) async fn json() -> impl IntoResponse {
    static MADE: LazyLock<Made> = LazyLock::new(|| Made::new(document().to_string()));
    MADE.answer("application/json")
}

/// `GET /docs`: the document as a page that needs nothing from elsewhere, not even a script.
pub(crate) async fn page() -> impl IntoResponse {
    static MADE: LazyLock<Made> = LazyLock::new(|| Made::new(render(&document())));
    let policy = "default-src 'none'; style-src 'self'; frame-ancestors 'none'";
    let policy = [(header::CONTENT_SECURITY_POLICY, policy)];
    (policy, MADE.answer("text/html; charset=utf-8"))
}

/// `GET /docs/docs.css`
pub(crate) async fn style() -> ([(HeaderName, &'static str); 1], &'static str) {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("../pages/docs.css"),
    )
}

fn render(document: &Value) -> String {
    let mut rows = String::new();
    let empty = serde_json::Map::new();
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    for (path, item) in paths {
        for (method, operation) in item.as_object().unwrap_or(&empty) {
            rows.push_str(&operation_row(method, path, operation));
        }
    }
    let codes: String = Code::ALL
        .iter()
        .map(|code| {
            format!(
                "<tr><td><code>{}</code><td>{}<td>{}",
                code.name(),
                code.status().as_u16(),
                html(code.meaning())
            )
        })
        .collect();
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <title>Starter API</title><link rel=stylesheet href=/docs/docs.css><main><h1>Starter API</h1>\
         <p>The same as <a href=/openapi.json>openapi.json</a> (OpenAPI 3.1).</p>{rows}\
         <h2>Problem codes</h2><table><tr><th>Code<th>Status<th>Meaning{codes}</table></main>"
    )
}

fn operation_row(method: &str, path: &str, operation: &Value) -> String {
    let text = |pointer: &str| {
        operation
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let needs = operation
        .get("x-permission")
        .and_then(Value::as_str)
        .unwrap_or_else(|| text("/x-auth"));
    let mut parameters = String::new();
    for parameter in operation
        .get("parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let field = |name: &str| {
            parameter
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        parameters.push_str(&format!(
            "<li><code>{}</code> ({}) {}",
            html(field("name")),
            html(field("in")),
            html(field("description"))
        ));
    }
    let body = operation.get("requestBody").map(|body| {
        let text = serde_json::to_string_pretty(body).unwrap_or_default();
        format!("<p>Body<pre>{}</pre>", html(&text))
    });
    let answers: String = operation
        .get("responses")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(status, answer)| {
            format!(
                "<li><code>{}</code> {}",
                html(status),
                html(
                    answer
                        .get("description")
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                )
            )
        })
        .collect();
    format!(
        "<details><summary><b class={0}>{1}</b> <code>{2}</code> <i>{3}</i></summary><p>{4}<ul>{5}</ul>{6}<p>Answers<ul>{7}</ul></details>",
        html(method),
        html(&method.to_uppercase()),
        html(path),
        html(needs),
        html(text("/summary")),
        parameters,
        body.unwrap_or_default(),
        answers
    )
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
