//! Large files pass through with flat memory. `cargo xtask soak` runs it with 5 GiB, or with as many bytes as
//! `SAAS_SOAK_BYTES` says.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::{Body, Method};
use saas_tenancy::Dialect;
use sha2::{Digest as _, Sha256};

use crate::{
    measure::memory,
    world::{Caller, World, send},
};

const BLOCK: u64 = 64 << 10;
const GROWTH: u64 = 64 << 20;

#[expect(
    clippy::disallowed_methods,
    reason = "`cargo xtask soak` says so in the environment"
)]
fn size() -> u64 {
    let given = |name| std::env::var(name).ok();
    match (given("SAAS_SOAK_BYTES"), given("SAAS_SOAK")) {
        (Some(bytes), _) => bytes.parse().unwrap(),
        (None, Some(_)) => 5 << 30,
        (None, None) => 96 << 20,
    }
}

/// Gives a block of the file; no two are the same.
fn block(at: u64, size: u64) -> Bytes {
    let length = BLOCK.min(size - at * BLOCK);
    let mut bytes = vec![0x5a; usize::try_from(length).unwrap()];
    let number = at.to_be_bytes();
    let head = number.len().min(bytes.len());
    bytes[..head].copy_from_slice(&number[..head]);
    bytes.into()
}

fn contents(size: u64) -> Body {
    let blocks = (0..size.div_ceil(BLOCK)).map(move |at| Ok::<_, std::io::Error>(block(at, size)));
    Body::wrap_stream(stream::iter(blocks))
}

fn digest(size: u64) -> String {
    let mut hash = Sha256::new();
    for at in 0..size.div_ceil(BLOCK) {
        hash.update(block(at, size));
    }
    hex(&hash.finalize())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Does something, and says by how much the memory of the service has grown at most.
async fn growth(world: &World, what: &str, work: impl Future<Output = ()>) {
    // The highest mark begins anew (proc_pid_clear_refs(5)).
    std::fs::write(format!("/proc/{}/clear_refs", world.process_id()), "5").unwrap();
    let before = memory(world, "VmRSS");
    let started = std::time::Instant::now();
    work.await;
    let grown = memory(world, "VmHWM").saturating_sub(before);
    let (mib, seconds) = (
        grown as f64 / f64::from(1 << 20),
        started.elapsed().as_secs_f64(),
    );
    println!("{what}: {mib:.1} MiB more at the highest, {seconds:.1} s");
    assert!(grown < GROWTH, "{what}: {mib} MiB");
}

async fn down(acme: &Caller<'_>, wanted: &str) {
    let answer = acme
        .request(Method::GET, "/api/v1/files/big")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 200);
    let (mut hash, mut pieces) = (Sha256::new(), answer.bytes_stream());
    while let Some(piece) = pieces.next().await {
        hash.update(piece.unwrap());
    }
    assert_eq!(hex(&hash.finalize()), wanted);
}

async fn up(acme: &Caller<'_>, name: &str, size: u64, wanted: &str) {
    let put = acme
        .request(Method::PUT, &format!("/api/v1/files/{name}"))
        .body(contents(size));
    let put = put.send().await.unwrap();
    assert!(put.status().is_success(), "{}", put.status());
    let put: serde_json::Value = put.json().await.unwrap();
    assert_eq!(put["sha256"], wanted);
}

async fn up_in_parts(acme: &Caller<'_>, size: u64) {
    let ask = |method, path: &str| acme.request(method, path).header("tus-resumable", "1.0.0");
    let begun = ask(Method::POST, "/api/v1/uploads")
        .header("upload-length", size)
        // `big`
        .header("upload-metadata", "path Ymln");
    let begun = send(begun).await;
    assert_eq!(begun.status, 201, "{begun:?}");
    let patch = ask(Method::PATCH, begun.header("location").unwrap())
        .header("upload-offset", 0)
        .header("content-type", "application/offset+octet-stream");
    let done = patch.body(contents(size)).send().await.unwrap();
    assert_eq!(done.status(), 204);
}

#[tokio::test]
async fn sto_17_g22_a_large_file_goes_up_and_down_with_flat_memory() {
    let size = size();
    let wanted = digest(size);
    let largest = (size + 1).to_string();
    for encrypt in ["false", "true"] {
        let extra = [
            ("SAAS__FILES__ENCRYPT", encrypt),
            ("SAAS__STORAGE__MAX_FILE_SIZE", largest.as_str()),
            ("RUST_LOG", "info"),
        ];
        let world = World::on(Dialect::Sqlite, &extra).await;
        let acme = world.sign_up("acme").await;
        // What is made once is not what is asked about.
        up(&acme, "big", 1 << 20, &digest(1 << 20)).await;
        down(&acme, &digest(1 << 20)).await;
        let what = |way: &str| format!("{size} bytes {way}, encrypted: {encrypt}");
        growth(&world, &what("up"), up(&acme, "big", size, &wanted)).await;
        growth(&world, &what("down"), down(&acme, &wanted)).await;
        // Parts and file are there at the same time, so an older one is not.
        assert_eq!(acme.delete("/api/v1/files/big").await.status, 204);
        growth(&world, &what("up in parts"), up_in_parts(&acme, size)).await;
        growth(&world, &what("down again"), down(&acme, &wanted)).await;
        assert_eq!(acme.delete("/api/v1/files/big").await.status, 204);
        let (part, names) = (size / 10, (0..10).map(|n| format!("part-{n}")));
        let (wanted, acme) = (&digest(part), &acme);
        let ups = names.map(|name| async move { up(acme, &name, part, wanted).await });
        let ups = async {
            futures_util::future::join_all(ups).await;
        };
        growth(&world, &what("up as ten at once"), ups).await;
    }
}
