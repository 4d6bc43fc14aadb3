//! Request bodies as files.

use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http_body_util::Limited;
use saas_core::{Problem, edge::BodyFault};
use saas_storage::body_stream;

use crate::world::{LIMIT, key, worlds};

#[tokio::test]
async fn what_goes_wrong_with_a_body_is_answered_as_such() {
    for world in worlds().await {
        let cut = stream::iter([
            Ok(Bytes::from_static(b"half")),
            Err(std::io::Error::other("reset")),
        ]);
        let slow = stream::iter([Ok(Bytes::from_static(b"half")), Err(BodyFault::TooSlow)]);
        let edge = stream::iter([Ok(Bytes::from_static(b"half")), Err(BodyFault::TooLarge)]);
        for (body, code) in [
            (Body::from_stream(cut), "body-incomplete"),
            (Body::from_stream(slow), "timeout"),
            (Body::from_stream(edge), "body-too-large"),
            (
                Body::new(Limited::new(Body::from("123456"), 5)),
                "body-too-large",
            ),
            (Body::from(vec![7; LIMIT as usize + 1]), "body-too-large"),
        ] {
            let refused = world
                .storage
                .put(&world.acme, &key("a"), body_stream(body))
                .await;
            let problem = Problem::from(refused.unwrap_err());
            assert_eq!(problem.code().name(), code);
            assert!(world.names(&world.acme, "").await.is_empty());
            assert_eq!(world.staged(), 0);
        }
        let whole = Body::from(vec![b'x'; LIMIT as usize]);
        let info = world
            .storage
            .put(&world.acme, &key("a"), body_stream(whole))
            .await;
        assert_eq!(info.unwrap().size, LIMIT);
    }
}

#[tokio::test]
async fn every_refusal_has_its_code() {
    for world in worlds().await {
        world.put("a", "x").await.unwrap();
        let code = |error| Problem::from(error).code().name();
        assert_eq!(code(world.put("a/b", "x").await.unwrap_err()), "conflict");
        assert_eq!(
            code(world.read(&world.acme, "none").await.unwrap_err()),
            "not-found"
        );
        let outside = world.storage.get(&world.acme, &key("a"), Some(5..6)).await;
        assert_eq!(code(outside.map(|_| ()).unwrap_err()), "range-invalid");
        let invalid = "..".parse::<saas_storage::Key>().unwrap_err();
        assert_eq!(Problem::from(invalid).code().name(), "file-key-invalid");
    }
}
