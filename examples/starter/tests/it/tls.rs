//! TLS without a proxy.

use std::time::Duration;

use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client, Version};
use saas_tenancy::Dialect;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::world::World;

/// A certificate for 127.0.0.1, and its key.
fn certificate() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

fn client(certificate: &str) -> Client {
    let root = Certificate::from_pem(certificate.as_bytes()).unwrap();
    let builder = Client::builder().tls_certs_only([root]);
    builder.build().unwrap()
}

#[tokio::test]
async fn it_speaks_tls_and_takes_up_a_new_certificate_while_it_runs() {
    let folder = tempfile::tempdir().unwrap();
    let paths = [
        folder.path().join("cert.pem"),
        folder.path().join("key.pem"),
    ];
    let write = |pair: &(String, String)| {
        std::fs::write(&paths[0], &pair.0).unwrap();
        std::fs::write(&paths[1], &pair.1).unwrap();
    };
    let (first, second) = (certificate(), certificate());
    write(&first);
    let world = World::on(
        Dialect::Sqlite,
        &[
            (
                "SAAS__SERVER__CONNECTION__TLS__CERTIFICATE",
                paths[0].to_str().unwrap(),
            ),
            (
                "SAAS__SERVER__CONNECTION__TLS__KEY",
                paths[1].to_str().unwrap(),
            ),
            ("SAAS__SERVER__CONNECTION__TLS__LOOK_EVERY", "50ms"),
            ("SAAS__SERVER__CONNECTION__HEADER_TIMEOUT", "1s"),
        ],
    )
    .await;
    let address = world.url.strip_prefix("http://").unwrap();
    let url = format!("https://{address}/health/live");
    let answer = client(&first.0).get(&url).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_2)
    );
    let old = Client::builder().http1_only();
    let root = Certificate::from_pem(first.0.as_bytes()).unwrap();
    let old = old.tls_certs_only([root]).build().unwrap();
    let answer = old.get(&url).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.version()),
        (200, Version::HTTP_11)
    );
    // Nobody trusts another certificate, and nobody gets an answer without TLS.
    client(&second.0).get(&url).send().await.unwrap_err();
    world
        .http
        .get(format!("{}/health/live", world.url))
        .send()
        .await
        .unwrap_err();
    // Whoever says nothing is not waited for.
    let mut silent = TcpStream::connect(address).await.unwrap();
    silent.write_all(&[22, 3, 1]).await.unwrap();
    let mut rest = Vec::new();
    let ended = tokio::time::timeout(Duration::from_secs(10), silent.read_to_end(&mut rest));
    let _ = ended.await.expect("it is closed");

    // Half of a new pair changes nothing.
    std::fs::write(&paths[0], &second.0).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    client(&first.0).get(&url).send().await.unwrap();
    write(&second);
    let changed = async {
        while client(&second.0).get(&url).send().await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), changed)
        .await
        .expect("the new certificate is used");
    client(&first.0).get(&url).send().await.unwrap_err();
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_told_at_the_start() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let output = world
        .command(&[
            "serve",
            "--set",
            "server.connection.tls.certificate=none.pem",
            "--set",
            "server.connection.tls.key=none.key",
        ])
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(
        text.contains("tls.certificate") && text.contains("none.pem"),
        "{text}"
    );
}
