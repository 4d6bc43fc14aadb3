//! The clients of the vendors (boto3, azure-storage-blob) read what we wrote and use the addresses that we signed;
//! `cargo xtask test` brings them.

use std::{
    io::Write as _,
    process::{Command, Stdio},
    sync::Arc,
    time::Duration,
};

use saas_storage::{SignConfig, SignRequest, UrlSigner};
use sha2::{Digest as _, Sha256};

use crate::world::{LIMIT, World, key};

const NAME: &str = "a/märz & april.txt";

#[tokio::test]
async fn sto_09_boto3_and_azure_storage_blob_read_what_we_wrote_and_use_our_addresses() {
    let mut worlds = vec![("s3", World::on_s3(LIMIT).await)];
    // `azure_is_among_the_backends` says when there is none.
    worlds.extend(World::on_azure(LIMIT).await.map(|world| ("azblob", world)));
    for (service, world) in worlds {
        let text: String = ('a'..='z').cycle().take(600_000).collect();
        world.put(NAME, &text).await.unwrap();
        let (keys, clock) = (world.db.keys().clone(), world.db.clock().clone());
        let storage = Arc::clone(&world.storage);
        let signer = UrlSigner::new(storage, keys, clock, &SignConfig::default());
        let minute = Duration::from_secs(60);
        let put = SignRequest::put(minute)
            .content_type("text/plain")
            .insecure_direct_upload();
        let sign = async |name: &str, request: SignRequest| {
            signer
                .sign(&world.acme, &key(name), &request)
                .await
                .unwrap()
        };
        let get = sign(NAME, SignRequest::get(minute)).await;
        let put = sign("new.txt", put).await;
        let config = world.service();
        let (_, place) = config.url.split_once("://").unwrap();
        let (bucket, root) = place.split_once('/').unwrap_or((place, ""));
        let root = if root.is_empty() {
            String::new()
        } else {
            format!("{root}/")
        };
        let folder = format!("{root}tenants/{}/", world.acme.tenant().id());
        let digest: String = Sha256::digest(&text)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let what = serde_json::json!({
            "service": service, "endpoint": config.endpoint, "access_key": config.access_key,
            "secret_key": config.secret_key.as_ref().unwrap().expose(), "bucket": bucket,
            "folder": folder, "object": format!("{folder}{NAME}"), "sha256": digest,
            "size": text.len(), "start": &text[..5], "get": get.url, "put": put.url,
            "headers": put.headers, "new": "written by another client",
        });
        let read = tokio::task::spawn_blocking(move || run(&what.to_string())).await;
        read.unwrap();
        let found = world.read(&world.acme, "new.txt").await.unwrap();
        assert_eq!(found, "written by another client");
        assert_eq!(world.read(&world.acme, NAME).await.unwrap(), text);
    }
}

fn run(what: &str) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/readers.py");
    let mut python = Command::new(interpreter());
    python.arg("-B").arg(script).stdin(Stdio::piped());
    let mut python = python
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    python
        .stdin
        .take()
        .unwrap()
        .write_all(what.as_bytes())
        .unwrap();
    let output = python.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    assert_eq!(output.stdout, b"read\n");
}

fn interpreter() -> std::ffi::OsString {
    std::env::var_os("TEST_PYTHON").expect(
        "TEST_PYTHON is missing: run `cargo xtask test`, or set it to an interpreter with the packages of xtask/src/python.rs",
    )
}
