//! A database that refuses, and a machine that has too little: the service says so, and goes on.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    sync::watch,
};

use crate::{
    measure::{tier, transactions_end},
    world::{Answer, Caller, World, send},
};

/// So soon it works again.
const RECOVERY: Duration = Duration::from_secs(5);

async fn write(caller: &Caller<'_>, name: &str) -> Answer {
    caller
        .post("/api/v1/projects", &json!({ "name": name }))
        .await
}

/// Waits until a write succeeds.
async fn works_again(caller: &Caller<'_>) {
    let begun = Instant::now();
    loop {
        let answer = write(caller, "again").await;
        if answer.status == 201 {
            return;
        }
        answer.is_problem(503, "unavailable");
        assert!(begun.elapsed() < RECOVERY, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rel_05_connections_that_the_server_ends_are_made_again_and_no_row_is_another_tenants() {
    let world = World::on(Dialect::Postgres, &[]).await;
    let database = world.database.as_ref().unwrap();
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let (stop, stopped) = watch::channel(false);
    let ends = async {
        let (service, _) = database.roles();
        let kill = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{service}'"
        );
        for _ in 0..tier(30, 500) {
            database.as_superuser(&kill).await;
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        stop.send_replace(true);
    };
    let works = async |caller: &Caller<'_>, name: &str| {
        let (mut kept, mut lost) = (0_usize, 0_usize);
        while !*stopped.borrow() {
            let answer = write(caller, name).await;
            match answer.status.as_u16() {
                201 => kept += 1,
                _ => {
                    answer.is_problem(503, "unavailable");
                    lost += 1;
                }
            }
            let list = caller.get("/api/v1/projects?limit=100").await;
            if list.status == 200 {
                let list = list.json();
                let items = list["items"].as_array().unwrap();
                assert!(items.iter().all(|item| item["name"] == name), "{list}");
            }
        }
        (kept, lost)
    };
    let ((), one, other) = tokio::join!(ends, works(&acme, "acme's"), works(&beta, "beta's"));
    println!("kept and refused: {one:?} and {other:?}");
    assert!(
        one.0 > 0 && other.0 > 0 && one.1 + other.1 > 0,
        "{one:?} {other:?}"
    );
    works_again(&acme).await;
    transactions_end(&world).await;
}

#[tokio::test]
async fn rel_06_11_a_server_without_connections_or_without_writes_is_told_and_used_again() {
    let world = World::on(Dialect::Postgres, &[]).await;
    let database = world.database.as_ref().unwrap();
    let acme = world.sign_up("acme").await;
    let (service, _) = database.roles();
    let kill = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{service}'"
    );
    for (fault, mend, reads) in [
        (
            format!("ALTER ROLE {service} CONNECTION LIMIT 0"),
            format!("ALTER ROLE {service} CONNECTION LIMIT -1"),
            503,
        ),
        (
            format!("ALTER ROLE {service} SET default_transaction_read_only = on"),
            format!("ALTER ROLE {service} RESET default_transaction_read_only"),
            200,
        ),
    ] {
        database.as_superuser(&fault).await;
        database.as_superuser(&kill).await;
        let begun = Instant::now();
        for _ in 0..3 {
            let answer = write(&acme, "lost").await;
            answer.is_problem(503, "unavailable");
            assert!(answer.header("retry-after").is_some(), "{answer:?}");
        }
        assert!(begun.elapsed() < Duration::from_secs(15), "{fault}");
        // What was killed is found out by one request for each connection, of which there are ten.
        let mut tried = 0;
        loop {
            let read = acme.get("/api/v1/projects").await;
            if read.status == reads {
                break;
            }
            read.is_problem(503, "unavailable");
            tried += 1;
            assert!(tried <= 10, "{fault}");
        }
        database.as_superuser(&mend).await;
        println!("{fault}: mended");
        works_again(&acme).await;
        let names = acme.names().await;
        assert!(!names.contains(&"lost".to_owned()), "{names:?}");
    }
}

#[tokio::test]
async fn rel_14_a_second_order_to_stop_ends_it_at_once() {
    let mut world = World::on(Dialect::Sqlite, &[("SAAS__SERVER__NOTICE", "60s")]).await;
    world.terminate();
    // The first has been taken up when it is not ready any more.
    while send(world.request(Method::GET, "/health/ready"))
        .await
        .status
        == 200
    {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let begun = Instant::now();
    world.terminate();
    assert_eq!(world.ended().await, Some(130));
    assert!(begun.elapsed() < Duration::from_secs(5));
    world.restart();
    world.sign_up("acme").await;
}

#[tokio::test]
async fn rel_29_without_descriptors_it_waits_and_goes_on() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let id = world.process_id().to_string();
    let limited = std::process::Command::new("prlimit")
        .args(["--pid", &id, "--nofile=64:64"])
        .status();
    assert!(limited.unwrap().success());
    let address = world.url.strip_prefix("http://").unwrap();
    let connect = || async { TcpStream::connect(address).await.unwrap() };
    let mut sockets = join_all((0..200).map(|_| connect())).await;
    let cpu = || {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        let (_, rest) = stat.rsplit_once(") ").unwrap();
        let mut fields = rest.split(' ').skip(11);
        let mut ticks = || fields.next().unwrap().parse::<u64>().unwrap();
        ticks() + ticks()
    };
    let before = cpu();
    tokio::time::sleep(Duration::from_secs(2)).await;
    // In hundredths of a second: it does not turn round and round.
    let spent = cpu() - before;
    assert!(spent < 100, "{spent}");
    // Whoever is connected is served, and when the others are gone so is everybody.
    sockets.clear();
    works_again(&acme).await;
}

#[tokio::test]
async fn htp_04_06_what_is_too_slow_or_too_large_is_told() {
    let world = World::on(Dialect::Sqlite, &[("SAAS__EDGE__BODY_TIMEOUT", "300ms")]).await;
    let acme = world.sign_up("acme").await;
    let address = world.url.strip_prefix("http://").unwrap();
    let raw = async |head: String| {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer));
        read.await.expect("it is closed").unwrap();
        String::from_utf8(answer).unwrap()
    };
    let (token, post) = (
        &acme.token,
        "POST /api/v1/projects HTTP/1.1\r\nhost: localhost\r\n",
    );
    let begun = format!(
        "{post}authorization: Bearer {token}\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{{"
    );
    let answer = raw(begun).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert!(answer.contains("\"code\":\"timeout\""), "{answer}");
    assert!(
        answer.contains("x-content-type-options: nosniff"),
        "{answer}"
    );
    let many: String = (0..150)
        .map(|number| format!("x-{number}: y\r\n"))
        .collect();
    let large = format!("x: {}\r\n", "y".repeat(64 << 10));
    for headers in [many, large] {
        let answer = raw(format!("{post}{headers}\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    }
    assert!(acme.names().await.is_empty());
}

#[tokio::test]
async fn htp_12_every_answer_has_the_headers_that_protect_a_browser() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let put = acme.request(Method::PUT, "/api/v1/files/page.html");
    assert_eq!(send(put.body("<script>1</script>")).await.status, 201);
    let large = acme
        .request(Method::POST, "/api/v1/projects")
        .header("content-type", "application/json")
        .body(vec![b'x'; 2 << 20]);
    let browser = |path: &str| {
        world
            .request(Method::GET, path)
            .header("accept", "text/html")
    };
    for (answer, status) in [
        (acme.get("/api/v1/projects").await, 200),
        (acme.get("/api/v1/files/page.html").await, 200),
        (acme.get("/nothing/here").await, 404),
        (send(large).await, 413),
        (send(acme.request(Method::TRACE, "/api/v1/me")).await, 405),
        (
            send(world.request(Method::OPTIONS, "/api/v1/me")).await,
            401,
        ),
        (send(world.request(Method::HEAD, "/health")).await, 200),
        (send(browser("/t/acme/login")).await, 200),
        (send(browser("/t/nobody/login")).await, 404),
        (acme.get(&format!("/{}", "x".repeat(9 << 10))).await, 414),
        (send(world.request(Method::GET, "/docs")).await, 200),
    ] {
        assert_eq!(answer.status, status, "{answer:?}");
        for name in [
            "content-security-policy",
            "x-content-type-options",
            "x-frame-options",
            "referrer-policy",
            "cross-origin-opener-policy",
            "strict-transport-security",
            "x-request-id",
        ] {
            assert!(answer.header(name).is_some(), "{name}: {answer:?}");
        }
        assert!(answer.header("server").is_none(), "{answer:?}");
    }
}

#[tokio::test]
async fn rel_27_a_file_that_is_no_database_is_refused_and_one_that_breaks_is_told() {
    let mut world = World::on(Dialect::Sqlite, &[]).await;
    {
        let owner = world.sign_up("acme").await;
        owner.project("before").await;
        // All but the first page, of the file and of its log.
        for name in ["data/starter.db", "data/starter.db-wal"] {
            let path = world.folder.path().join(name);
            let length = usize::try_from(std::fs::metadata(&path).unwrap().len()).unwrap();
            let file = std::fs::File::options().write(true).open(path).unwrap();
            let rest = vec![0xa5; length.saturating_sub(4096)];
            std::os::unix::fs::FileExt::write_all_at(&file, &rest, 4096).unwrap();
        }
        let mut told = 0;
        for number in 0..20 {
            let name = json!({ "name": number.to_string() });
            let (read, written, live) = tokio::join!(
                owner.get("/api/v1/projects?limit=100"),
                owner.post("/api/v1/projects", &name),
                async { send(world.request(Method::GET, "/health/live")).await },
            );
            // Nothing writes these pages anew, and each commit makes the readers forget what they had of them.
            let members = owner.get("/api/v1/members").await;
            for answer in [read, written, members] {
                match answer.status.as_u16() {
                    200 | 201 => {}
                    _ => {
                        answer.is_problem(503, "unavailable");
                        told += 1;
                    }
                }
            }
            assert_eq!(live.status, 200, "{live:?}");
        }
        assert!(told > 0, "nothing was read from what is broken");
    }
    world.kill();
    for broken in ["half of it", "none of it"] {
        if broken == "none of it" {
            let file = world.folder.path().join("data/starter.db");
            std::fs::write(file, [0xa5; 8192]).unwrap();
        }
        let started = world.command(&["serve"]).output().unwrap();
        let said = String::from_utf8_lossy(&started.stderr);
        assert_eq!(started.status.code(), Some(1), "{broken}: {said}");
        assert!(said.contains("the database is not available"), "{said}");
    }
}
