//! Requests of which a proxy in front and the service could see different ends.

use std::{
    collections::HashMap,
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use futures_util::{StreamExt as _, stream};
use reqwest::Method;
use saas_tenancy::Dialect;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
    time::timeout,
};

use crate::{
    measure::tier,
    world::{World, send},
};

/// How a length may be written that one of two could read otherwise. `N` is the length of the body.
const LENGTHS: [&str; 14] = [
    "",
    "Content-Length: N\r\n",
    "Content-Length: 4\r\n",
    "Content-Length: N\r\nContent-Length: 0\r\n",
    "Content-Length: 0\r\nContent-Length: N\r\n",
    "Content-Length: N, 0\r\n",
    "Content-Length: +N\r\n",
    "Content-Length: 00N\r\n",
    "Content-Length: 0xN\r\n",
    "Content-Length : N\r\n",
    "Content-Length:\tN\r\n",
    "Content-Length: N\n",
    "Content-Length: -1\r\n",
    "X: y\r\n Content-Length: N\r\n",
];

/// The same of a coding.
const CODINGS: [&str; 18] = [
    "",
    "Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: CHUNKED\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding:\tchunked\r\n",
    "Transfer-Encoding:\x0bchunked\r\n",
    "Transfer-Encoding: chunked\n",
    "X: y\r\n Transfer-Encoding: chunked\r\n",
    "X: y\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding\r\n : chunked\r\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
    "Transfer-Encoding: identity, chunked\r\n",
    "Transfer-Encoding: \"chunked\"\r\n",
    "Transfer-Encoding: chunked\r\n\tx\r\n",
    "Transfer_Encoding: chunked\r\n",
];

/// Bodies with another request (`S`) where one of two could see the end.
const BODIES: [&str; 10] = [
    "0\r\n\r\nS",
    "S",
    "1\r\nZ\r\n0\r\n\r\nS",
    "0\n\nS",
    "1;\nZ\r\n0\r\n\r\nS",
    "1;x=\"\r\n\"\r\nZ\r\n0\r\n\r\nS",
    "0x1\r\nZ\r\n0\r\n\r\nS",
    "FFFFFFFFFFFFFFFF1\r\nZ\r\n0\r\n\r\nS",
    "0\r\nX: y\r\nS",
    "-1\r\n0\r\n\r\nS",
];

const METHODS: [&str; 3] = ["POST", "GET", "DELETE"];

/// The same ones each time, each of the combinations before any comes again.
fn hostile(number: usize) -> String {
    let all = LENGTHS.len() * CODINGS.len() * BODIES.len() * METHODS.len();
    // A step that shares no factor with the number of combinations visits them all.
    let mut at = number * 4_999 % all;
    let mut pick = |of: usize| {
        let picked = at % of;
        at /= of;
        picked
    };
    let length = LENGTHS[pick(LENGTHS.len())];
    let coding = CODINGS[pick(CODINGS.len())];
    let body = BODIES[pick(BODIES.len())];
    let method = METHODS[pick(METHODS.len())];
    let smuggled = format!("GET /inner/{number} HTTP/1.1\r\nHost: app.test\r\n\r\n");
    let body = body.replace('S', &smuggled);
    let length = length.replace('N', &body.len().to_string());
    let headers = match number % 2 {
        0 => format!("{length}{coding}"),
        _ => format!("{coding}{length}"),
    };
    format!("{method} /outer/{number} HTTP/1.1\r\nHost: app.test\r\n{headers}\r\n{body}")
}

/// A proxy that keeps its connections to the service, and writes the path of each request that it sees into a file.
struct Proxy {
    process: Child,
    port: u16,
    folder: TempDir,
}

impl Proxy {
    async fn start(name: &str, world: &World) -> Self {
        let program = std::env::var(format!("TEST_{name}"))
            .expect("`cargo xtask test` says where nginx and HAProxy are");
        let folder = tempfile::tempdir().unwrap();
        let port = {
            let free = TcpListener::bind("127.0.0.1:0").unwrap();
            free.local_addr().unwrap().port()
        };
        let path = folder.path().display();
        let server = world.url.strip_prefix("http://").unwrap();
        let (config, arguments) = match name {
            "NGINX" => (
                format!(
                    "daemon off; master_process off; pid {path}/pid; error_log {path}/errors crit;
                    events {{ worker_connections 1024; }}
                    http {{
                        log_format paths '$request_uri'; access_log {path}/paths paths;
                        client_body_temp_path {path}/a; proxy_temp_path {path}/b; fastcgi_temp_path {path}/c;
                        uwsgi_temp_path {path}/d; scgi_temp_path {path}/e;
                        upstream app {{ server {server}; keepalive 4; }}
                        server {{
                            listen 127.0.0.1:{port};
                            location / {{
                                proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection '';
                                proxy_set_header Host {server}; proxy_request_buffering off;
                            }}
                        }}
                    }}"
                ),
                ["-c", "-e"],
            ),
            _ => (
                format!(
                    "global\n log stdout format raw local0\n\
                    defaults\n mode http\n log global\n log-format %HP\n option http-keep-alive\n timeout client 5s\n \
                    timeout server 5s\n timeout connect 5s\n\
                    frontend outside\n bind 127.0.0.1:{port}\n default_backend app\n\
                    backend app\n http-reuse always\n http-request set-header host {server}\n server app {server}\n"
                ),
                ["-db", "-f"],
            ),
        };
        let file = folder.path().join("config");
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new(program);
        match name {
            "NGINX" => {
                let errors = folder.path().join("errors");
                command.args([arguments[0].as_ref(), file.as_os_str()]);
                command.args([arguments[1].as_ref(), errors.as_os_str()]);
            }
            _ => {
                let paths = std::fs::File::create(folder.path().join("paths")).unwrap();
                command.args(arguments).arg(&file).stdout(paths);
            }
        }
        let process = command.stderr(Stdio::null()).spawn().unwrap();
        for _ in 0..200 {
            if TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Self {
            process,
            port,
            folder,
        }
    }

    /// Gives how often it saw each path.
    fn seen(&self) -> HashMap<String, usize> {
        let text = std::fs::read(self.folder.path().join("paths")).unwrap_or_default();
        count(String::from_utf8_lossy(&text).lines().map(str::to_owned))
    }

    /// Sends bytes, and looks for a moment whether anything comes.
    async fn send(&self, bytes: &[u8]) {
        let Ok(mut socket) = TcpStream::connect(("127.0.0.1", self.port)).await else {
            return;
        };
        let _ = socket.write_all(bytes).await;
        let mut buffer = [0; 4096];
        let answers = async { while let Ok(1..) = socket.read(&mut buffer).await {} };
        let _ = timeout(Duration::from_millis(120), answers).await;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn count(paths: impl Iterator<Item = String>) -> HashMap<String, usize> {
    let mut counted = HashMap::new();
    for path in paths.filter(|path| path.starts_with("/inner/") || path.starts_with("/outer/")) {
        *counted.entry(path).or_default() += 1;
    }
    counted
}

/// Gives how often the service has answered each path.
fn answered(world: &World) -> HashMap<String, usize> {
    let answers = world.logged().into_iter();
    let answers = answers.filter(|event| event["message"] == "answered");
    count(answers.filter_map(|event| Some(event["span"]["path"].as_str()?.to_owned())))
}

/// Gives the paths that the service has seen more often than the proxy, once both have ended what they were at and have
/// written it down. What stays so for ten seconds is not late.
async fn smuggled(world: &World, proxy: &Proxy) -> Vec<String> {
    let begun = Instant::now();
    loop {
        // The service first: what is written between the two looks is then in the proxy's.
        let all = answered(world);
        let seen = proxy.seen();
        let more = all.iter();
        let more = more.filter(|(path, times)| seen.get(*path).copied().unwrap_or(0) < **times);
        let more: Vec<String> = more.map(|(path, _)| path.clone()).collect();
        tokio::time::sleep(Duration::from_millis(200)).await;
        let settled = more.is_empty() && answered(world) == all;
        if settled || begun.elapsed() > Duration::from_secs(10) {
            return more;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn htp_07_a_proxy_and_the_service_see_the_same_requests() {
    let quiet = [("RUST_LOG", "warn,starter=info,saas_core=info")];
    for name in ["NGINX", "HAPROXY"] {
        let world = World::on(Dialect::Sqlite, &quiet).await;
        let proxy = Proxy::start(name, &world).await;
        let (stop, stopped) = watch::channel(false);
        // Others, whose requests go over the same connections of the proxy.
        let victims = async {
            let mut asked = 0_u32;
            while !*stopped.borrow() {
                asked += 1;
                let id = format!("victim-{asked}");
                let address = format!("http://127.0.0.1:{}/health/live", proxy.port);
                let request = world.http.request(Method::GET, address);
                let answer = send(request.header("x-request-id", &id)).await;
                assert_eq!(answer.status, 200, "{name}: {answer:?}");
                assert_eq!(answer.header("x-request-id"), Some(&*id), "{name}");
            }
            asked
        };
        let number = usize::try_from(tier(600, 10_000)).unwrap();
        let attacks = async {
            stream::iter(0..number)
                .for_each_concurrent(48, |number| {
                    let proxy = &proxy;
                    async move { proxy.send(hostile(number).as_bytes()).await }
                })
                .await;
            stop.send_replace(true);
        };
        let (asked, ()) = tokio::join!(victims, attacks);
        assert_eq!(smuggled(&world, &proxy).await, [""; 0], "{name}");
        let through = answered(&world).len();
        println!("{name}: {number} hostile requests, {through} let through, {asked} of others");
        // Neither was everything refused by the proxy, nor nothing.
        assert!(
            (number / 40..number).contains(&through),
            "{name}: {through}"
        );
        // What comes past the proxy is noticed.
        send(world.request(Method::GET, "/inner/past")).await;
        let begun = Instant::now();
        while !answered(&world).contains_key("/inner/past") {
            assert!(begun.elapsed() < Duration::from_secs(30), "{name}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(smuggled(&world, &proxy).await, ["/inner/past"], "{name}");
    }
}
