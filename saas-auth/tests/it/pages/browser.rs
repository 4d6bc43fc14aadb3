//! A browser: it keeps cookies, and sends forms as its user would.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{HeaderMap, HeaderName, Method, Request, header};
use scraper::{Html, Selector};

use crate::world::{Answer, PASSWORD, World, encode};

pub(crate) struct Browser<'a> {
    world: &'a World,
    pub host: String,
    /// What its addresses begin with, such as `/t/acme`.
    pub prefix: String,
    pub jar: BTreeMap<String, String>,
    pub agent: String,
    /// Whether it names the host as HTTP/2 does, and not in `Host`.
    pub http2: bool,
}

impl<'a> Browser<'a> {
    /// Opens a browser that knows the tenant by its path.
    pub(crate) fn new(world: &'a World, tenant: &str) -> Self {
        Self {
            world,
            host: "localhost".to_owned(),
            prefix: format!("/t/{tenant}"),
            jar: BTreeMap::new(),
            agent: String::new(),
            http2: false,
        }
    }

    /// Opens one that knows the tenant by its host.
    pub(crate) fn on_host(world: &'a World, tenant: &str) -> Self {
        Self {
            host: format!("{tenant}.localhost"),
            prefix: String::new(),
            ..Self::new(world, tenant)
        }
    }

    /// Opens one and signs somebody in.
    pub(crate) async fn signed_in(world: &'a World, tenant: &str, email: &str) -> Self {
        let mut browser = Self::new(world, tenant);
        let answer = browser.sign_in(email, PASSWORD).await;
        assert_eq!(answer.status, 303, "{answer:?}");
        browser
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], Body::empty()).await
    }

    /// Sends a form from one of our pages, as it stands in `fields`.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let origin = format!("http://{}", self.host);
        let headers = [
            ("origin", origin.as_str()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let body = Body::from(encode(fields));
        self.send(Method::POST, path, &headers, body).await
    }

    /// Opens a page, fills its form in, and sends it.
    pub(crate) async fn submit(&mut self, page: &str, fields: &[(&str, &str)]) -> Answer {
        let answer = self.get(page).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let mut filled = hidden(&answer);
        filled.retain(|(name, _)| !fields.iter().any(|(other, _)| name == other));
        let mut all: Vec<_> = filled
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        all.extend(fields);
        let action = page.split('?').next().unwrap();
        self.post(action, &all).await
    }

    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.submit("/login", &[("username", email), ("password", password)])
            .await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Body,
    ) -> Answer {
        let target = format!("{}{path}", self.prefix);
        let mut request = match self.http2 {
            true => Request::builder().uri(format!("http://{}{target}", self.host)),
            false => Request::builder()
                .uri(target)
                .header(header::HOST, &self.host),
        }
        .method(method);
        if !self.agent.is_empty() {
            request = request.header(header::USER_AGENT, &self.agent);
        }
        for (name, value) in headers {
            request = request.header(HeaderName::from_bytes(name.as_bytes()).unwrap(), *value);
        }
        if !self.jar.is_empty() {
            let cookies: Vec<_> = self
                .jar
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        let answer = self.world.send(request.body(body).unwrap()).await;
        self.keep(&answer.headers);
        answer
    }

    /// Gives the name and the value of the session's cookie.
    pub(crate) fn session(&self) -> Option<(String, String)> {
        let mut cookies = self.jar.iter();
        let found = cookies.find(|(name, _)| name.starts_with("__Host-session-"));
        found.map(|(name, value)| (name.clone(), value.clone()))
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.jar.remove(name);
            } else {
                self.jar.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Reads the fields that a page fills in by itself, and not a script.
pub(super) fn hidden(answer: &Answer) -> Vec<(String, String)> {
    let page = Html::parse_document(&answer.text);
    let selector = Selector::parse("form:not([data-passkey]) input[type=hidden]").unwrap();
    page.select(&selector)
        .map(|input| {
            let value = |name| input.attr(name).unwrap_or_default().to_owned();
            (value("name"), value("value"))
        })
        .collect()
}

/// Gives the form token of a page.
pub(super) fn token(answer: &Answer) -> String {
    let mut hidden = hidden(answer).into_iter();
    let (_, token) = hidden.find(|(name, _)| name == "form_token").unwrap();
    token
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }
}
