//! The log of a process under test. It is written at TRACE and held, at the end, against every secret that the
//! process was sent or gave away, and against the forms that ours have.

use std::{
    collections::{HashMap, HashSet},
    io::{BufReader, Lines},
    process::ChildStdout,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    thread::JoinHandle,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use reqwest::{Request, header};
use serde_json::Value;
use url::{Url, form_urlencoded};

use crate::world::Answer;

/// The only lines that may show one: letters of a service without a mail server, whose links are its door.
const SHOWN: &str = "saas::mail";
/// How tokens, keys and the hashes of passwords begin.
const FORMS: &[&str] = &["eyJ", "sak_", "srt_", "$argon2"];
/// Members of bodies, forms and addresses that are secret.
const NAMES: &[&str] = &[
    "password",
    "current_password",
    "new_password",
    "token",
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "subject_token",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "device_code",
    "secret",
    "request_uri",
    "form_token",
];
/// What is shorter is a name that a test has made up, not a secret.
const SHORTEST: usize = 12;

/// What each service, by its address, was sent and gave away.
static SECRETS: LazyLock<Mutex<HashMap<String, HashSet<String>>>> = LazyLock::new(Mutex::default);

/// The lines of one process, which are read while it runs.
pub(crate) struct Log {
    reader: Option<JoinHandle<()>>,
    lines: Arc<Mutex<Vec<String>>>,
    address: String,
}

impl Log {
    /// Reads on. Each line has to be one object.
    pub(crate) fn follow(
        begun: Vec<String>,
        lines: Lines<BufReader<ChildStdout>>,
        address: &str,
    ) -> Self {
        let address = address.to_owned();
        let all = Arc::new(Mutex::new(begun));
        let read = Arc::clone(&all);
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                read.lock().unwrap().push(line);
            }
        });
        Self {
            reader: Some(reader),
            lines: all,
            address,
        }
    }

    /// Gives what the process has said until now, but for a line that is cut.
    pub(crate) fn so_far(&self) -> Vec<Value> {
        let lines = self.lines.lock().unwrap();
        let events = lines.iter().map(|line| serde_json::from_str(line));
        events.filter_map(Result::ok).collect()
    }

    /// Ends with the process, which has ended: checks all that it said, or, where the test has failed, prints
    /// what it complained about.
    pub(crate) fn end(&mut self) {
        if !std::thread::panicking() {
            return self.check();
        }
        self.reader.take().map(JoinHandle::join);
        for event in self.so_far() {
            if event["level"] == "WARN" || event["level"] == "ERROR" {
                println!("the service: {event}");
            }
        }
    }

    /// Checks all that the process said, which has ended.
    pub(crate) fn check(&mut self) {
        let Some(reader) = self.reader.take() else {
            return;
        };
        reader.join().unwrap();
        let lines = self.lines.lock().unwrap();
        let known = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
        let secrets = known.get(&self.address).cloned().unwrap_or_default();
        drop(known);
        for (number, line) in lines.iter().enumerate() {
            let Ok(event) = serde_json::from_str::<Value>(line) else {
                // The last line of a process that was killed may be cut.
                assert_eq!(number + 1, lines.len(), "not an object: {line}");
                continue;
            };
            if event["target"] == SHOWN {
                continue;
            }
            let found = secrets.iter().find(|secret| line.contains(*secret));
            assert_eq!(found, None, "a secret in the log: {line}");
            let found = FORMS.iter().find(|form| line.contains(*form));
            assert_eq!(found, None, "a secret in the log: {line}");
        }
    }
}

/// Notes the secrets of a request and its answer.
pub(crate) fn note(request: &Request, answer: &Answer) {
    let mut found = HashSet::new();
    for value in request.headers().get_all(header::AUTHORIZATION) {
        credentials(value.to_str().unwrap_or_default(), &mut found);
    }
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let cookies = cookies.chain(answer.headers.get_all(header::SET_COOKIE));
    for cookie in cookies.filter_map(|value| value.to_str().ok()) {
        for pair in cookie.split(';').filter_map(|pair| pair.split_once('=')) {
            if pair.0.trim().starts_with("__Host-") {
                found.insert(pair.1.to_owned());
            }
        }
    }
    address(request.url(), &mut found);
    if let Some(body) = request.body().and_then(reqwest::Body::as_bytes) {
        match serde_json::from_slice(body) {
            Ok(json) => members(&json, &mut found),
            Err(_) => pairs(form_urlencoded::parse(body), &mut found),
        }
    }
    let location = answer.header("location").map(|to| request.url().join(to));
    if let Some(Ok(location)) = location {
        address(&location, &mut found);
    }
    // The `code` of a problem is no secret.
    if let (true, Ok(json)) = (
        answer.status.is_success(),
        serde_json::from_str(&answer.text),
    ) {
        members(&json, &mut found);
    }
    found.retain(|secret| secret.len() >= SHORTEST);
    let mut all = SECRETS.lock().unwrap_or_else(PoisonError::into_inner);
    let origin = request.url().origin().ascii_serialization();
    all.entry(origin).or_default().extend(found);
}

fn credentials(header: &str, found: &mut HashSet<String>) {
    let Some((scheme, rest)) = header.split_once(' ') else {
        return;
    };
    found.insert(rest.trim().to_owned());
    if !scheme.eq_ignore_ascii_case("basic") {
        return;
    }
    let pair = STANDARD.decode(rest.trim()).ok();
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    if let Some((_, password)) = pair.as_deref().and_then(|pair| pair.split_once(':')) {
        found.insert(password.to_owned());
    }
}

fn address(url: &Url, found: &mut HashSet<String>) {
    pairs(url.query_pairs(), found);
}

fn pairs(pairs: form_urlencoded::Parse<'_>, found: &mut HashSet<String>) {
    let secret = pairs.filter(|(name, _)| NAMES.contains(&name.as_ref()));
    found.extend(secret.map(|(_, value)| value.into_owned()));
}

fn members(json: &Value, found: &mut HashSet<String>) {
    match json {
        Value::Array(items) => items.iter().for_each(|item| members(item, found)),
        Value::Object(all) => {
            for (name, value) in all {
                match value {
                    Value::String(text) if NAMES.contains(&name.as_str()) => {
                        found.insert(text.clone());
                    }
                    _ => members(value, found),
                }
            }
        }
        _ => {}
    }
}
