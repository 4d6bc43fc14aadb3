//! Clients that open connections and do not use them as they should. `cargo xtask soak` runs it with the numbers of an
//! attack, and prints what it cost.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

use crate::{
    measure::{self, descriptors, memory, percentile, tier},
    world::{World, password_form, send},
};

async fn connect(world: &World) -> TcpStream {
    let address = world.url.strip_prefix("http://").unwrap();
    TcpStream::connect(address).await.unwrap()
}

/// How long each of so many requests takes that come one after the other.
pub(crate) async fn steady(world: &World, for_so_long: Duration) -> Vec<Duration> {
    let (begun, mut took) = (Instant::now(), Vec::new());
    while begun.elapsed() < for_so_long {
        let asked = Instant::now();
        let live = world.request(Method::GET, "/health/live");
        assert_eq!(send(live).await.status, 200);
        took.push(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    took
}

/// Sends a head that does not end, and tells after how long the connection was closed.
async fn slow_head(mut stream: TcpStream) -> Duration {
    let begun = Instant::now();
    let _ = stream
        .write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n")
        .await;
    let mut answer = [0; 1024];
    loop {
        tokio::select! {
            read = stream.read(&mut answer) => match read {
                Ok(0) | Err(_) => return begun.elapsed(),
                Ok(_) => {}
            },
            () = tokio::time::sleep(Duration::from_millis(250)) => {
                let _ = stream.write_all(b"x: y\r\n").await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn htp_03_g23_slow_heads_are_not_waited_for_and_cost_the_others_nothing() {
    let patience = Duration::from_secs(tier(1, 8));
    let timeout = format!("{}s", patience.as_secs());
    let quiet = [
        ("SAAS__SERVER__CONNECTION__HEADER_TIMEOUT", timeout.as_str()),
        ("RUST_LOG", "warn,starter=info"),
    ];
    let world = World::on(Dialect::Sqlite, &quiet).await;
    let idle = percentile(&mut steady(&world, patience).await, 99);
    let before = memory(&world, "VmRSS");
    // In tasks of their own, or the others would wait for them here.
    let slow = (0..tier(200, 2000)).map(async |_| {
        let stream = connect(&world).await;
        tokio::spawn(slow_head(stream)).await.unwrap()
    });
    let (mut closed, mut beside) = tokio::join!(join_all(slow), steady(&world, patience));
    let grown = memory(&world, "VmRSS").saturating_sub(before);
    let (last, beside) = (percentile(&mut closed, 100), percentile(&mut beside, 99));
    println!(
        "{} slow heads: closed after {last:?} at the latest, {} KiB more, p99 of others {beside:?} (idle {idle:?})",
        closed.len(),
        grown >> 10
    );
    assert!(
        last < patience + Duration::from_secs(tier(5, 2)),
        "{last:?}"
    );
    assert!(grown < 128 << 20, "{grown}");
    assert!(beside < measure::beside(idle), "{idle:?} {beside:?}");
}

#[tokio::test]
async fn who_opens_many_connections_and_says_nothing_keeps_nobody_out() {
    let places = tier(50, 10_000);
    let world = World::on(
        Dialect::Sqlite,
        &[
            (
                "SAAS__SERVER__CONNECTION__MAX_CONNECTIONS",
                &places.to_string(),
            ),
            ("SAAS__SERVER__CONNECTION__HEADER_TIMEOUT", "60s"),
            ("RUST_LOG", "warn,starter=info"),
        ],
    )
    .await;
    let (before, opened) = (memory(&world, "VmRSS"), descriptors(&world));
    let (mut silent, begun) = (Vec::new(), Instant::now());
    for _ in 0..places + 20 {
        silent.push(connect(&world).await);
    }
    println!("{} sockets opened in {:?}", silent.len(), begun.elapsed());
    let begun = Instant::now();
    for _ in 0..20 {
        // Each on a connection of its own.
        let mut stream = connect(&world).await;
        let head = b"GET /health/live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(head).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
    let took = begun.elapsed();
    let grown = memory(&world, "VmRSS").saturating_sub(before);
    println!(
        "20 requests beside them took {took:?}; {} KiB more",
        grown >> 10
    );
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(grown < 256 << 20, "{grown}");
    // And nothing is left of those that are closed.
    let begun = Instant::now();
    drop(silent);
    loop {
        let left = descriptors(&world);
        // A few of its own may have come meanwhile.
        if left <= opened + 10 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{left} {opened}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let left = memory(&world, "VmRSS").saturating_sub(before);
    println!(
        "closed after {:?}; {} KiB more",
        begun.elapsed(),
        left >> 10
    );
}

/// Gives how many connections of these clients the server has not closed.
fn established(server: u16, clients: &[u16]) -> usize {
    let port = |text: Option<&str>| u16::from_str_radix(text?.split_once(':')?.1, 16).ok();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let open = table.lines().filter(|line| {
        let mut words = line.split_whitespace().skip(1);
        let ends = (port(words.next()), port(words.next()));
        ends.0 == Some(server)
            && ends.1.is_some_and(|client| clients.contains(&client))
            && words.next() == Some("01")
    });
    open.count()
}

#[tokio::test]
async fn htp_05_who_asks_for_much_and_reads_nothing_is_left() {
    let quiet = [
        ("SAAS__SERVER__CONNECTION__WRITE_TIMEOUT", "1s"),
        ("RUST_LOG", "warn,starter=info"),
    ];
    let world = World::on(Dialect::Sqlite, &quiet).await;
    let acme = world.sign_up("acme").await;
    let size = 64 << 20;
    let put = acme.request(Method::PUT, "/api/v1/files/large");
    assert_eq!(send(put.body(vec![7_u8; size])).await.status, 201);
    let before = memory(&world, "VmRSS");
    let address: SocketAddr = world.url.strip_prefix("http://").unwrap().parse().unwrap();
    assert_eq!(address.ip(), Ipv4Addr::LOCALHOST);
    let head = format!(
        "GET /api/v1/files/large HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {}\r\n\r\n",
        acme.token
    );
    let mut readers = Vec::new();
    for _ in 0..10 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut stream = socket.connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        readers.push(stream);
    }
    // The server waits for a second in which nobody reads, and closes them.
    let ports = readers
        .iter()
        .map(|stream| stream.local_addr().unwrap().port());
    let ports: Vec<u16> = ports.collect();
    let begun = Instant::now();
    while established(address.port(), &ports) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "they stay");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let grown = memory(&world, "VmRSS").saturating_sub(before);
    assert!(grown < 64 << 20, "{grown}");
    for mut stream in readers {
        let (mut all, mut piece) = (0, vec![0; 1 << 16]);
        let ended = loop {
            let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut piece));
            match read.await.expect("the connection was closed") {
                Ok(0) | Err(_) => break all,
                Ok(read) => all += read,
            }
        };
        assert!(ended < size, "it got everything: {ended}");
    }
    // Whoever reads, and be it slowly, gets all of it.
    let whole = send(acme.request(Method::GET, "/api/v1/files/large")).await;
    assert_eq!(whole.status, 200);
}

#[tokio::test]
async fn htp_08_streams_that_are_reset_at_once_cost_little() {
    let quiet = [("RUST_LOG", "warn,starter=info")];
    let world = World::on(Dialect::Sqlite, &quiet).await;
    let before = memory(&world, "VmRSS");
    let (begun, mut asked) = (Instant::now(), 0);
    let many = tier(1_000, 20_000);
    while asked < many {
        let (client, connection) = h2::client::handshake(connect(&world).await).await.unwrap();
        let driven = tokio::spawn(connection);
        let mut client = client;
        // Until the server has enough of it.
        while asked < many {
            let Ok(mut ready) = client.clone().ready().await else {
                break;
            };
            let request = http::Request::get("http://localhost/health/live")
                .body(())
                .unwrap();
            let Ok((answer, mut stream)) = ready.send_request(request, false) else {
                break;
            };
            stream.send_reset(h2::Reason::CANCEL);
            drop(answer);
            client = ready;
            asked += 1;
        }
        driven.abort();
    }
    let grown = memory(&world, "VmRSS").saturating_sub(before);
    println!(
        "{asked} streams reset in {:?}; {} KiB more",
        begun.elapsed(),
        grown >> 10
    );
    assert!(grown < 64 << 20, "{grown}");
    let live = world.request(Method::GET, "/health/live");
    assert_eq!(send(live).await.status, 200);
}

/// Everything at once that costs a service memory: bodies up to the bound and beyond it, uploads, passwords to hash, pages
/// that are long, and heads that do not end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_30_all_of_that_at_once_stays_below_256_mib() {
    let quiet = [("RUST_LOG", "error,starter=info")];
    let world = World::on(Dialect::Sqlite, &quiet).await;
    let acme = world.sign_up("acme").await;
    for number in 0..tier(20, 100) {
        let body = json!({ "name": format!("{number}"), "description": "x".repeat(4000) });
        assert_eq!(acme.post("/api/v1/projects", &body).await.status, 201);
    }
    let clients = tier(16, 64);
    let answered = Mutex::new(BTreeMap::<(&str, u16), u32>::new());
    let answered_as = |what: &'static str, answer: reqwest::Result<reqwest::Response>| {
        // What is cut off half way is no answer.
        let Ok(answer) = answer else { return };
        let mut answered = answered.lock().unwrap();
        *answered
            .entry((what, answer.status().as_u16()))
            .or_default() += 1;
    };
    let hostile = (0..clients).map(async |client| {
        let mut silent = connect(&world).await;
        let _ = silent
            .write_all(b"GET /health/live HTTP/1.1\r\nhost: localhost\r\n")
            .await;
        for _ in 0..tier(2, 20) {
            let wrong = format!("{client} is wrong");
            let login = world
                .request(Method::POST, "/oauth/token")
                .header("x-tenant", "acme")
                .form(&password_form("owner@acme.test", &wrong));
            let json = acme
                .request(Method::POST, "/api/v1/projects")
                .header("content-type", "application/json");
            let deep = json.try_clone().unwrap().body("[".repeat(500_000));
            let large = json.body(vec![b' '; 8 << 20]);
            let file = format!("/api/v1/files/{client}");
            let upload = acme.request(Method::PUT, &file).body(vec![7; 8 << 20]);
            let list = acme.request(Method::GET, "/api/v1/projects?limit=100");
            tokio::join!(
                async { answered_as("login", login.send().await) },
                async { answered_as("deep", deep.send().await) },
                async { answered_as("large", large.send().await) },
                async { answered_as("upload", upload.send().await) },
                async { answered_as("list", list.send().await) },
            );
            let download = acme.request(Method::GET, &file).send().await;
            answered_as("download", download);
        }
        drop(silent);
    });
    let done = AtomicBool::new(false);
    let hostile = async {
        join_all(hostile).await;
        done.store(true, Ordering::SeqCst);
    };
    // The program itself is in a file, of which the kernel takes back what it needs.
    let watched = async {
        let mut most = 0;
        while !done.load(Ordering::SeqCst) {
            most = most.max(memory(&world, "RssAnon"));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        most
    };
    let ((), most) = tokio::join!(hostile, watched);
    let answered = answered.into_inner().unwrap();
    println!(
        "{clients} hostile clients: {} KiB at the most; {answered:?}",
        most >> 10
    );
    assert!(most < 256 << 20, "{most}");
    // All of it has reached the service.
    for (what, status) in [
        ("login", 400),
        ("deep", 422),
        ("upload", 201),
        ("download", 200),
        ("list", 200),
    ] {
        assert!(
            answered.contains_key(&(what, status)),
            "{what}: {answered:?}"
        );
    }
    // It is the same process, and it still works.
    assert_eq!(acme.get("/api/v1/projects").await.status, 200);
}
