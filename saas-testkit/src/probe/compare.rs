//! Sending, and comparing what comes back.

use std::{convert::Infallible, fmt};

use axum::{
    body::{Body, to_bytes},
    response::Response,
};
use http::{HeaderMap, HeaderName, Request, StatusCode, header};
use serde_json::Value;
use tower::{Service, ServiceExt as _};

use super::{
    ProbeTenant,
    document::{Call, encode},
};

/// What may differ between two answers to the same question.
const VOLATILE: &[&str] = &[
    "date",
    "x-request-id",
    // Counts the calls of the caller.
    "ratelimit",
    "server-timing",
    "x-response-time",
    "age",
    "content-length",
];

/// How much of a body is looked at.
const MAX_BODY: usize = 4 << 20;

/// Sends calls to a service.
pub(super) struct Send<S> {
    service: S,
    count: usize,
}

/// Whether a call carries the token of its tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Token {
    Own,
    None,
}

/// An answer, read to its end.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    headers: HeaderMap,
    text: String,
}

impl<S> Send<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    pub(super) const fn new(service: S) -> Self {
        Self { service, count: 0 }
    }

    pub(super) const fn count(&self) -> usize {
        self.count
    }

    /// Calls as one of the tenants. Markers stand in the place of its own headers of the same names.
    pub(super) async fn call(
        &mut self,
        call: &Call,
        tenant: &ProbeTenant,
        token: Token,
        markers: &[(String, String)],
    ) -> Answer {
        self.count += 1;
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(call.address());
        let among = |list: &[(String, String)], name: &str| {
            list.iter()
                .any(|(given, _)| given.eq_ignore_ascii_case(name))
        };
        let host = header::HOST.as_str();
        if !among(markers, host) && !among(&tenant.headers, host) {
            request = request.header(header::HOST, "localhost");
        }
        // Each name once: a marker goes before what is the tenant's own, and that before what the document asks for.
        let own = tenant.headers.iter();
        let own = own.filter(|(name, _)| !among(markers, name));
        let asked = call.headers.iter();
        let asked =
            asked.filter(|(name, _)| !among(markers, name) && !among(&tenant.headers, name));
        for (name, value) in own.chain(asked).chain(markers) {
            request = request.header(name, value);
        }
        if token == Token::Own {
            let token = format!("Bearer {}", tenant.token);
            request = request.header(header::AUTHORIZATION, token);
        }
        let body = match (&call.body, &call.media_type) {
            (Some(body), Some(media_type)) => {
                let (media_type, text) = written(media_type, body);
                request = request.header(header::CONTENT_TYPE, media_type);
                Body::from(text)
            }
            _ => Body::empty(),
        };
        let request = request.body(body).expect("the probe builds a request");
        let Ok(response) = self.service.clone().oneshot(request).await;
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, MAX_BODY).await.unwrap_or_default();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }
}

/// Writes a body as its media type says: as JSON, if that says nothing else.
fn written(media_type: &str, body: &Value) -> (String, String) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        value => value.to_string(),
    };
    let members: Vec<(String, String)> = match body {
        Value::Object(members) => {
            let members = members.iter();
            members
                .map(|(name, value)| (name.clone(), text(value)))
                .collect()
        }
        body => vec![("file".to_owned(), text(body))],
    };
    match media_type {
        "multipart/form-data" => {
            let parts = members.iter().map(|(name, value)| {
                format!(
                    "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"; filename=\"{name}.txt\"\r\n\r\n{value}\r\n"
                )
            });
            let parts: String = parts.collect();
            let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
            (media_type, format!("{parts}--{BOUNDARY}--\r\n"))
        }
        "application/x-www-form-urlencoded" if body.is_object() => {
            let pairs = members.iter().map(|(name, value)| {
                let value = encode(value).replace('/', "%2F");
                format!("{}={value}", encode(name))
            });
            let pairs: Vec<_> = pairs.collect();
            (media_type.to_owned(), pairs.join("&"))
        }
        _ => (media_type.to_owned(), text(body)),
    }
}

/// Stands in no sample.
const BOUNDARY: &str = "saas-testkit-probe";

impl Answer {
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_str(&self.text).ok()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Tells whether it says that the request itself was wrong, or too much: whatever it named was not looked for.
    pub(super) fn refuses_the_form(&self) -> bool {
        // RFC 9110, section 15.5, and RFC 6585.
        matches!(
            self.status.as_u16(),
            400 | 405 | 406 | 411 | 413 | 414 | 415 | 417 | 422 | 428 | 429 | 431
        )
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        let in_header = |value: &http::HeaderValue| {
            let found = value.as_bytes().windows(text.len().max(1));
            found.into_iter().any(|window| window == text.as_bytes())
        };
        self.text.contains(text) || self.headers.values().any(in_header)
    }

    /// Tells in what an answer differs from another, once the values that were sent are taken out.
    pub(super) fn differs(&self, other: &Self, values: [&str; 2], in_path: bool) -> Option<String> {
        let [own, others] = values;
        if self.status != other.status {
            return Some(format!("{} and {}", self.status, other.status));
        }
        // An answer that was given may depend on what was asked: a list that goes on after another name. It
        // is looked through for what it may not hold.
        if self.status.is_success() && !in_path {
            return None;
        }
        let (mine, theirs) = (self.shown(own), other.shown(others));
        (mine != theirs).then(|| format!("{mine} and {theirs}"))
    }

    /// Headers and body without what is different in every answer.
    fn shown(&self, value: &str) -> String {
        let encoded = encode(value);
        let plain = |text: &str| text.replace(&encoded, "{value}").replace(value, "{value}");
        let mut headers: Vec<String> = self
            .headers
            .iter()
            .filter(|(name, _)| !VOLATILE.contains(&name.as_str()))
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                // As in bodies, what an answer makes up by itself. A location is looked at with its id.
                let made_up = self.status.is_success() && *name == header::ETAG;
                if made_up && is_new_id(&value) {
                    format!("{name}: …")
                } else {
                    format!("{name}: {}", plain(&value))
                }
            })
            .collect();
        headers.sort_unstable();
        let body = match self.json() {
            Some(mut body) => {
                if let Some(body) = body.as_object_mut() {
                    body.remove("request_id");
                    body.remove("instance");
                }
                // What an answer makes up by itself, such as a new id or time, is not told apart by it.
                if self.status.is_success() {
                    blank(&mut body);
                }
                body.to_string()
            }
            None => self.text.clone(),
        };
        format!("[{}] {}", headers.join(", "), plain(&body))
    }
}

/// Tells an id, also as the validator of what has just been made.
fn is_new_id(text: &str) -> bool {
    super::sample::is_id(text.trim_matches('"'))
}

/// Takes ids, times and cursors out.
fn blank(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(blank),
        Value::Object(members) => members.values_mut().for_each(blank),
        Value::String(text) => {
            let time = text.len() >= 20 && text.as_bytes().get(10) == Some(&b'T');
            if is_new_id(text) || time {
                *text = "…".to_owned();
            }
        }
        _ => {}
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start: String = self.text.chars().take(200).collect();
        write!(f, "{} {start}", self.status)
    }
}
