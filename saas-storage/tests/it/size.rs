//! Memory does not grow with files.

use bytes::Bytes;
use futures_util::{StreamExt as _, future::join_all, stream};
use saas_storage::ByteStream;

use crate::world::{World, key};

const FILES: usize = 8;
const SIZE: usize = 32 << 20;
const PIECE: usize = 16 << 10;

/// Gives a figure of this process, in KiB.
fn figure(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// Other tests would be measured too, so this starts a process that runs [`measured`] and nothing else.
#[test]
fn sto_17_eight_files_at_once_take_little_memory() {
    let mut alone = std::process::Command::new(std::env::current_exe().unwrap());
    alone.args([
        "size::measured",
        "--exact",
        "--ignored",
        "--nocapture",
        "--test-threads=1",
    ]);
    let done = alone.output().unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    println!("{said}");
    assert!(
        done.status.success() && said.contains("resident"),
        "{said}{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "is run by the test above, in a process of its own"]
async fn measured() {
    measure("plain", &World::on_disk(1 << 30).await).await;
    #[cfg(feature = "encrypt")]
    measure("encrypted, with rows", &World::encrypted(1 << 30).await).await;
}

async fn measure(what: &str, world: &World) {
    let before = figure("VmRSS:");
    let started = std::time::Instant::now();
    let puts = (0..FILES).map(|n| {
        let (storage, scope) = (world.storage.clone(), world.acme.clone());
        let pieces = stream::repeat_with(|| Ok(Bytes::from(vec![7; PIECE]))).take(SIZE / PIECE);
        let contents: ByteStream = Box::pin(pieces);
        tokio::spawn(async move {
            storage
                .put(&scope, &key(&format!("f{n}")), contents)
                .await
                .unwrap()
                .size
        })
    });
    for size in join_all(puts).await {
        assert_eq!(size.unwrap(), SIZE as u64);
    }
    let (written, peak) = (started.elapsed(), figure("VmHWM:"));
    let gets = (0..FILES).map(|n| {
        let (storage, scope) = (world.storage.clone(), world.acme.clone());
        tokio::spawn(async move {
            let (_, contents) = storage
                .get(&scope, &key(&format!("f{n}")), None)
                .await
                .unwrap();
            contents
                .fold(0, async |sum, piece| sum + piece.unwrap().len())
                .await
        })
    });
    for size in join_all(gets).await {
        assert_eq!(size.unwrap(), SIZE);
    }
    let (read, after) = (started.elapsed() - written, figure("VmHWM:"));
    println!(
        "{what}: {} MiB in {FILES} files: put {written:?}, get {read:?}; resident {before} KiB before, at most {peak} KiB \
         while putting and {after} KiB in all",
        (FILES * SIZE) >> 20
    );
    assert!(
        after.saturating_sub(before) < 64 << 10,
        "grew by {} KiB",
        after - before
    );
}
