//! The edge.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    routing::{get, post},
};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use h2::client::{Builder, SendRequest};
use http::{Request, StatusCode};
use saas_core::edge::{ServeConfig, listen, serve};
use tokio::{net::TcpStream, sync::Notify, task::JoinHandle, time::timeout};
use tower::limit::ConcurrencyLimit;
use tower_service::Service;

async fn start(config: ServeConfig) -> (SocketAddr, JoinHandle<std::io::Result<()>>) {
    let listener = listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let piece = || async { Ok::<_, Infallible>("piece") };
    let quiet = move || async move {
        let first = stream::once(piece());
        Body::from_stream(first.chain(stream::pending()))
    };
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/refused", post(async || StatusCode::PAYLOAD_TOO_LARGE))
        .route("/bare", post(async || StatusCode::BAD_REQUEST))
        .route("/looks", get(async || looks_like_a_refusal()))
        .route("/large", get(async || vec![1_u8; LARGE]))
        .route("/quiet", get(quiet));
    let serving = serve(listener, router, config, std::future::pending());
    (address, tokio::spawn(serving))
}

/// What is refused before there is a request, as hyper says it.
const BARE: &str = "HTTP/1.1 400 x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";

/// An answer with a length whose last piece, which comes when everything before it is written, looks like one of hyper's own.
fn looks_like_a_refusal() -> ([(http::HeaderName, String); 1], Body) {
    let filler = stream::once(async { Ok::<_, Infallible>("x".repeat(LARGE)) });
    let last = stream::once(async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Ok(BARE.to_owned())
    });
    let length = LARGE + BARE.len();
    (
        [(http::header::CONTENT_LENGTH, length.to_string())],
        Body::from_stream(filler.chain(last)),
    )
}

/// A client of HTTP/2 with a window of so many bytes for each answer, and the end of its connection.
async fn http2(address: SocketAddr, window: u32) -> (SendRequest<bytes::Bytes>, JoinHandle<()>) {
    let stream = TcpStream::connect(address).await.unwrap();
    let mut builder = Builder::new();
    let (client, connection) = builder
        .initial_window_size(window)
        .handshake(stream)
        .await
        .unwrap();
    let ended = tokio::spawn(connection.map(drop));
    (client.ready().await.unwrap(), ended)
}

async fn ask(client: &mut SendRequest<bytes::Bytes>, path: &str) -> h2::RecvStream {
    let uri = format!("http://x{path}");
    let request = Request::get(uri).body(()).unwrap();
    let (answer, _) = client.send_request(request, true).unwrap();
    let answer = answer.await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.into_body()
}

const LARGE: usize = 1 << 20;
const SOON: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_connection_that_was_used_and_is_idle_makes_room_and_a_busy_one_does_not() {
    let mut config = ServeConfig::default();
    config.max_connections = 2;
    let (address, server) = start(config).await;
    let (mut busy, busy_ended) = http2(address, 65_535).await;
    let mut answer = ask(&mut busy, "/quiet").await;
    assert_eq!(answer.data().await.unwrap().unwrap(), "piec");
    let (mut idle, idle_ended) = http2(address, 65_535).await;
    let mut all = ask(&mut idle, "/").await;
    assert_eq!(all.data().await.unwrap().unwrap(), "her");
    assert_eq!(all.data().await.unwrap().unwrap(), "e");
    assert!(all.data().await.is_none());
    // Both places are taken.
    let (mut third, _) = timeout(SOON, http2(address, 65_535)).await.unwrap();
    drop(ask(&mut third, "/").await);
    timeout(SOON, idle_ended).await.unwrap().unwrap();
    assert!(!busy_ended.is_finished());
    drop(ask(&mut busy, "/").await);
    server.abort();
}

#[tokio::test]
async fn who_takes_nothing_of_an_answer_over_http2_is_left_and_who_waits_for_more_is_not() {
    let mut config = ServeConfig::default();
    config.write_timeout = PATIENCE.into();
    let (address, server) = start(config).await;
    let (mut waits, waits_ended) = http2(address, 65_535).await;
    let mut answer = ask(&mut waits, "/quiet").await;
    assert_eq!(answer.data().await.unwrap().unwrap(), "piec");
    tokio::join!(
        stalls(address, 0, "/"),
        // Also when there is room for the first bytes, or for all but the last.
        stalls(address, 1, "/"),
        stalls(address, 3, "/"),
        stalls(address, 1, "/large"),
        stalls(address, 20_000, "/large"),
        reads_slowly(address),
    );
    assert!(!waits_ended.is_finished());
    drop(ask(&mut waits, "/").await);
    drop(answer);
    server.abort();
}

/// How long an answer may stand still: much longer than a busy machine lets a process wait.
const PATIENCE: Duration = Duration::from_secs(3);

/// Takes no more of the answer than there is room for, and is left.
async fn stalls(address: SocketAddr, window: u32, path: &str) {
    let (mut client, ended) = http2(address, window).await;
    let never_taken = ask(&mut client, path).await;
    let ended = timeout(PATIENCE + SOON, ended).await;
    assert!(ended.is_ok(), "{path} with room for {window}");
    drop(never_taken);
}

/// Is at it for longer than an answer may stand still, and gets all of it.
async fn reads_slowly(address: SocketAddr) {
    let (mut client, _) = http2(address, 20_000).await;
    let mut large = ask(&mut client, "/large").await;
    let (mut read, mut held, begun) = (0, 0, std::time::Instant::now());
    while let Some(piece) = large.data().await {
        let piece = piece.unwrap().len();
        (read, held) = (read + piece, held + piece);
        // Room for little would be answered with little.
        if held >= 16_000 {
            tokio::time::sleep(Duration::from_millis(75)).await;
            large.flow_control().release_capacity(held).unwrap();
            held = 0;
        }
    }
    assert_eq!(read, LARGE);
    assert!(begun.elapsed() > PATIENCE);
}

/// Before a client has said which HTTP it speaks, no timer of hyper runs.
#[tokio::test]
async fn a_connection_without_a_request_is_closed_and_its_place_is_free_again() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut config = ServeConfig::default();
    config.header_timeout = Duration::from_secs(1).into();
    config.max_connections = 2;
    let (address, server) = start(config).await;

    let mut silent = Vec::new();
    for head in ["", "PRI * HTTP/2.0\r\n"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    // Both places are taken; this one waits until they are closed.
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("here"), "{answer}");
    for mut stream in silent {
        let mut rest = Vec::new();
        // Closed, whatever was said before.
        let _ = stream.read_to_end(&mut rest).await;
    }
    server.abort();
}

/// Clients that write all they have before they read.
#[tokio::test]
async fn who_is_refused_while_he_still_writes_reads_why() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (address, server) = start(ServeConfig::default()).await;
    let large = vec![b'x'; 32 << 20];
    let with_length = format!(
        "POST /refused HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
        large.len()
    );
    let chunked = format!(
        "POST /refused HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n{:x}\r\n",
        large.len()
    );
    let head = "GET / HTTP/1.1\r\nhost: x\r\nlarge: ".to_owned();
    for (begins, status) in [(with_length, "413"), (chunked, "413"), (head, "431")] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(begins.as_bytes()).await.unwrap();
        let written = timeout(SOON, stream.write_all(&large)).await.unwrap();
        assert!(written.is_ok(), "{status}: {written:?}");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        let expected = format!("HTTP/1.1 {status} ");
        assert!(answer.starts_with(&expected), "{answer}");
    }
    server.abort();
}

/// hyper answers to such a head by itself, at the first request of a connection and later.
#[tokio::test]
async fn what_is_refused_before_there_is_a_request_is_a_problem_too() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (address, server) = start(ServeConfig::default()).await;
    let many: String = (0..200)
        .map(|number| format!("x-{number}: x\r\n"))
        .collect();
    let large = format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    for (head, status, code) in [
        ("rubbish\r\n\r\n", 400, "bad-request"),
        ("GET / HTTP/1.1\r\nhost : x\r\n\r\n", 400, "bad-request"),
        (&large, 431, "headers-too-large"),
    ] {
        for before in ["", "GET / HTTP/1.1\r\nhost: x\r\n\r\n"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            if !before.is_empty() {
                stream.write_all(before.as_bytes()).await.unwrap();
                let mut first = [0; 1024];
                assert!(stream.read(&mut first).await.unwrap() > 0);
            }
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).await.unwrap();
            let begins = format!("HTTP/1.1 {status} ");
            assert!(answer.starts_with(&begins), "{answer}");
            for part in [
                "\r\ncontent-type: application/problem+json\r\n",
                "\r\nx-content-type-options: nosniff\r\n",
                "\r\nconnection: close\r\n",
                &format!("\"code\":\"{code}\""),
            ] {
                assert!(answer.contains(part), "{part}: {answer}");
            }
        }
    }
    // Who asks for the head gets no more than that.
    let mut stream = TcpStream::connect(address).await.unwrap();
    let of_head = large.replacen("GET", "HEAD", 1);
    stream.write_all(of_head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 431 ") && answer.ends_with("\r\n\r\n"),
        "{answer}"
    );
    assert!(!answer.contains("content-length: 0"), "{answer}");
    // In one segment with a request, and after one of HTTP/1.0.
    for before in [
        "GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let both = format!("{before}rubbish\r\n\r\n");
        stream.write_all(both.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert!(answers.contains(" 200 "), "{answers}");
        assert!(answers.contains("\"code\":\"bad-request\""), "{answers}");
    }
    server.abort();
}

/// Also where its request has a body that nobody reads, so that hyper has not seen the end of it.
#[tokio::test]
async fn an_answer_that_looks_as_if_there_was_no_request_is_left_as_it_is() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (address, server) = start(ServeConfig::default()).await;
    for closes in ["connection: close\r\n", ""] {
        for (path, method, length) in [("/bare", "POST", 0), ("/looks", "GET", LARGE)] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            let request = format!(
                "{method} {path} HTTP/1.1\r\nhost: x\r\n{closes}content-length: 5\r\n\r\nhello"
            );
            stream.write_all(request.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            let all = stream.read_to_end(&mut answer);
            let ended = timeout(Duration::from_secs(2), all).await;
            assert!(closes.is_empty() || ended.is_ok(), "{path}");
            let answer = String::from_utf8(answer).unwrap();
            let (head, body) = answer.split_once("\r\n\r\n").unwrap();
            assert!(!head.contains("problem"), "{head}");
            let expected = if length == 0 { "" } else { BARE };
            assert_eq!(body.trim_start_matches('x'), expected, "{head}");
            assert_eq!(body.len(), length + expected.len(), "{head}");
        }
    }
    server.abort();
}

/// Nothing more is there at the moment at which it is refused.
#[tokio::test]
async fn who_sends_too_large_a_head_slowly_reads_why() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let (address, server) = start(ServeConfig::default()).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let head = format!(
        "GET / HTTP/1.1\r\nhost: x\r\nlarge: {}",
        "x".repeat(33 << 10)
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    for _ in 0..5 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        stream.write_all(&[b'x'; 1000]).await.unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    server.abort();
}

/// Tells whenever the service inside is not ready.
#[derive(Clone)]
struct Watched<S>(S, Arc<Notify>);

impl<S: Service<Request<Body>>> Service<Request<Body>> for Watched<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        let ready = self.0.poll_ready(context);
        if ready.is_pending() {
            self.1.notify_one();
        }
        ready
    }

    fn call(&mut self, request: Request<Body>) -> S::Future {
        self.0.call(request)
    }
}

/// A connection keeps a service for its next request.
#[tokio::test]
async fn a_connection_that_waited_for_a_service_stands_in_no_queue_afterwards() {
    let [began, released, waits] = std::array::from_fn(|_| Arc::new(Notify::new()));
    let (begins, ends) = (Arc::clone(&began), Arc::clone(&released));
    let hold = move || async move {
        begins.notify_one();
        ends.notified().await;
        "here"
    };
    let router = Router::new()
        .route("/", get(async || "here"))
        .route("/hold", get(hold));
    let service = ConcurrencyLimit::new(router, 1);
    let service = Watched(service, Arc::clone(&waits));
    let listener = listen("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let never = std::future::pending();
    let server = tokio::spawn(serve(listener, service, ServeConfig::default(), never));

    let mut first = TcpStream::connect(address).await.unwrap();
    let mut second = TcpStream::connect(address).await.unwrap();
    let holds = ask_again(&mut first, "/hold");
    let asks = async {
        began.notified().await;
        ask_again(&mut second, "/").await;
    };
    let releases = async {
        waits.notified().await;
        released.notify_one();
    };
    let all = async { tokio::join!(holds, asks, releases) };
    timeout(SOON, all).await.unwrap();
    for client in [&mut first, &mut second] {
        timeout(SOON, ask_again(client, "/")).await.unwrap();
    }
    server.abort();
}

/// Asks over a connection of HTTP/1 that goes on.
async fn ask_again(stream: &mut TcpStream, path: &str) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let head = format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"here") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
}
