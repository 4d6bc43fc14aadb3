//! The edge.

use saas_core::edge::{ServeConfig, serve};

/// Before a client has said which HTTP it speaks, no timer of hyper runs.
#[tokio::test]
async fn a_connection_without_a_request_is_closed_and_its_place_is_free_again() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    let mut config = ServeConfig::default();
    config.header_timeout = std::time::Duration::from_millis(200).into();
    config.max_connections = 2;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = axum::Router::new().route("/", axum::routing::get(async || "here"));
    let server = tokio::spawn(serve(listener, router, config, std::future::pending()));

    let mut silent = Vec::new();
    for head in ["", "PRI * HTTP/2.0\r\n"] {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        silent.push(stream);
    }
    // Both places are taken; this one waits until they are closed.
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
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
