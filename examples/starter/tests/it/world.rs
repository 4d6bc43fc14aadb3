//! A starter process with tenants in it.

use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder, StatusCode};
use saas_tenancy::Dialect;
use saas_testkit::{FaultyLink, TestDatabase};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::log::{self, Log};

/// A running starter with a database of its own.
pub(crate) struct World {
    pub(crate) url: String,
    pub(crate) http: Client,
    pub(crate) folder: TempDir,
    pub(crate) database: Option<TestDatabase>,
    extra: Vec<(&'static str, String)>,
    /// Where it listened first.
    issuer: String,
    process: Child,
    log: Log,
}

/// Somebody who is signed in.
pub(crate) struct Caller<'a> {
    pub(crate) world: &'a World,
    pub(crate) token: String,
    pub(crate) refresh: String,
}

/// An answer, with its body read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

pub(crate) const PASSWORD: &str = "correct horse battery";

impl World {
    pub(crate) async fn all() -> Vec<Self> {
        vec![
            Self::on(Dialect::Sqlite, &[]).await,
            Self::on(Dialect::Postgres, &[]).await,
        ]
    }

    pub(crate) async fn on(dialect: Dialect, extra: &[(&'static str, &str)]) -> Self {
        let database = match dialect {
            Dialect::Postgres => Some(TestDatabase::postgres(&[]).await),
            _ => None,
        };
        Self::with(database, extra)
    }

    /// Starts one that reaches its PostgreSQL over a link that can be broken.
    pub(crate) async fn behind_a_link(extra: &[(&'static str, &str)]) -> (Self, FaultyLink) {
        let database = TestDatabase::postgres(&[]).await;
        let (url, link) = linked(&database.service_url(), 5432);
        let extra = [extra, &[("DATABASE_URL", url.as_str())]].concat();
        (Self::with(Some(database), &extra), link)
    }

    fn with(database: Option<TestDatabase>, extra: &[(&'static str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let extra: Vec<_> = extra
            .iter()
            .map(|(key, value)| (*key, (*value).to_owned()))
            .collect();
        let (process, url, log) = start(&folder, database.as_ref(), &extra);
        Self {
            issuer: url.clone(),
            url,
            http: Client::new(),
            folder,
            database,
            extra,
            process,
            log,
        }
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        command(&self.folder, self.database.as_ref(), &self.extra, arguments)
    }

    /// Sets a variable of the processes that are started from now on; without a value it is not there.
    pub(crate) fn set(&mut self, key: &'static str, value: &str) {
        self.extra.push((key, value.to_owned()));
    }

    pub(crate) fn logged(&self) -> Vec<Value> {
        self.log.so_far()
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Orders the process to stop, as an orchestrator does.
    pub(crate) fn terminate(&self) {
        signal(self.process.id(), "TERM");
    }

    /// Waits for the end of the process, and gives its exit code.
    pub(crate) async fn ended(&mut self) -> Option<i32> {
        for _ in 0..600 {
            if let Some(status) = self.process.try_wait().unwrap() {
                return status.code();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the process does not end");
    }

    pub(crate) fn restart(&mut self) {
        self.log.check();
        (self.process, self.url, self.log) = self.again();
    }

    /// Waits until a file is being received.
    pub(crate) async fn receives(&self) {
        let staging = self.folder.path().join("data/files/staging");
        let begun = Instant::now();
        while std::fs::read_dir(&staging).unwrap().next().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(30), "nothing arrives");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, format!("{}{path}", self.url))
    }

    pub(crate) async fn sign_up(&self, slug: &str) -> Caller<'_> {
        let email = format!("owner@{slug}.test");
        let body = json!({
            "tenant": { "slug": slug, "name": slug.to_uppercase() },
            "owner": { "email": email, "password": PASSWORD, "name": "Owner" },
        });
        let answer = send(self.request(Method::POST, "/api/v1/signup").json(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        self.sign_in(slug, &email, PASSWORD).await
    }

    pub(crate) async fn sign_in(&self, slug: &str, email: &str, password: &str) -> Caller<'_> {
        let answer = self
            .token(Some(slug), &password_form(email, password))
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let body = answer.json();
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        Caller {
            world: self,
            token: text("access_token"),
            refresh: text("refresh_token"),
        }
    }

    pub(crate) async fn token(&self, tenant: Option<&str>, form: &[(&str, &str)]) -> Answer {
        let mut request = self.request(Method::POST, "/oauth/token").form(form);
        if let Some(tenant) = tenant {
            request = request.header("x-tenant", tenant);
        }
        send(request).await
    }
}

pub(crate) fn password_form<'a>(email: &'a str, password: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "password"),
        ("client_id", "starter-web"),
        ("username", email),
        ("password", password),
    ]
}

impl Caller<'_> {
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.world.request(method, path).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(Method::POST, path).json(body)).await
    }

    pub(crate) async fn patch(&self, path: &str, version: Option<&str>, body: &Value) -> Answer {
        let mut request = self.request(Method::PATCH, path).json(body);
        if let Some(version) = version {
            request = request.header("if-match", version);
        }
        send(request).await
    }

    pub(crate) async fn project(&self, name: &str) -> String {
        let answer = self
            .post("/api/v1/projects", &json!({ "name": name }))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn names(&self) -> Vec<String> {
        let answer = self.get("/api/v1/projects?limit=100&sort=name").await;
        let items = answer.json()["items"].as_array().unwrap().clone();
        items
            .iter()
            .map(|item| item["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

pub(crate) async fn send(request: RequestBuilder) -> Answer {
    try_send(request).await.unwrap()
}

/// Sends to a service that may be gone.
pub(crate) async fn try_send(request: RequestBuilder) -> reqwest::Result<Answer> {
    let sent = request.try_clone().and_then(|sent| sent.build().ok());
    let response = request.send().await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let answer = Answer {
        status,
        headers,
        text: response.text().await?,
    };
    if let Some(sent) = sent {
        log::note(&sent, &answer);
    }
    Ok(answer)
}

/// Sends a signal to a process, such as `TERM`.
pub(crate) fn signal(process: u32, name: &str) {
    let mut kill = Command::new("kill");
    let sent = kill.args([&format!("-{name}"), &process.to_string()]);
    assert!(sent.status().unwrap().success(), "{name}");
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Checks that this is a problem with that status and code, and has the headers of every answer.
    #[track_caller]
    pub(crate) fn is_problem(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let body = self.json();
        assert_eq!(body["code"], code, "{self:?}");
        assert_eq!(body["status"], status, "{self:?}");
        assert_eq!(
            body["request_id"].as_str(),
            self.header("x-request-id"),
            "{self:?}"
        );
        for header in [
            "content-security-policy",
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
        ] {
            assert!(self.header(header).is_some(), "{header}: {self:?}");
        }
    }
}

/// Puts a link before a server, and gives the address that leads through it.
pub(crate) fn linked(server: &str, usual_port: u16) -> (Url, FaultyLink) {
    let mut url = Url::parse(server).unwrap();
    let host = url.host_str().unwrap();
    let link = FaultyLink::to(format!("{host}:{}", url.port().unwrap_or(usual_port)));
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(link.address().port())).unwrap();
    (url, link)
}

fn command(
    folder: &TempDir,
    database: Option<&TestDatabase>,
    extra: &[(&'static str, String)],
    arguments: &[&str],
) -> Command {
    // A file that may not grow is an error then, and not the end of the process (coreutils 8.31).
    let mut command = Command::new("env");
    command
        .args(["--ignore-signal=XFSZ", env!("CARGO_BIN_EXE_starter")])
        .args(arguments)
        .current_dir(folder.path())
        .env_clear();
    command
        .env("BIND", "127.0.0.1:0")
        .env("LOG_FORMAT", "json")
        .env("RUST_LOG", "trace")
        .env("SAAS__DATABASE__MAX_CONNECTIONS", "5");
    // Some tests ask more often than anybody may; those of the limits set their own.
    for quota in ["ADDRESS", "PRINCIPAL", "TENANT"] {
        command.env(format!("SAAS__LIMITS__{quota}__BURST"), "1000000");
        command.env(format!("SAAS__LIMITS__{quota}__PERIOD"), "1ms");
    }
    match database {
        Some(database) => command
            .env("DATABASE_URL", database.service_url())
            .env("MIGRATE_DATABASE_URL", database.owner_url()),
        // Of a disk that stands still for some seconds, as others use it too, no test is about.
        None => command
            .env("SAAS__DATABASE__ACQUIRE_TIMEOUT", "60s")
            .env("SAAS__DATABASE__LOCK_TIMEOUT", "60s"),
    };
    for (key, value) in extra {
        match value.is_empty() {
            true => command.env_remove(key),
            false => command.env(key, value),
        };
    }
    command
}

fn start(
    folder: &TempDir,
    database: Option<&TestDatabase>,
    extra: &[(&'static str, String)],
) -> (Child, String, Log) {
    let mut command = command(folder, database, extra, &["serve"]);
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let mut seen = Vec::new();
    let address = loop {
        let Some(Ok(line)) = lines.next() else {
            panic!("the starter does not start: {seen:?}")
        };
        let event: Value = serde_json::from_str(&line).unwrap();
        if event["message"] == "listening" {
            break event["address"].as_str().unwrap().to_owned();
        }
        seen.push(line);
    };
    // The pipe has to be read on, or the process would block on its log.
    let url = format!("http://{address}");
    let log = Log::follow(seen, lines, &url);
    (process, url, log)
}

/// A second process of the same service.
pub(crate) struct Another {
    pub(crate) url: String,
    process: Child,
    log: Log,
}

impl World {
    pub(crate) fn another(&self) -> Another {
        let (process, url, log) = self.again();
        Another { url, process, log }
    }

    /// Starts the service once more. The port is another, the issuer is the same, as behind a proxy.
    fn again(&self) -> (Child, String, Log) {
        let mut extra = self.extra.clone();
        extra.push(("SAAS__AUTH__TOKEN__ISSUER", self.issuer.clone()));
        start(&self.folder, self.database.as_ref(), &extra)
    }
}

impl Drop for Another {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.log.end();
    }
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.log.end();
    }
}
