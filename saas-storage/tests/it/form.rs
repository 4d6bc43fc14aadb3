//! Forms of browsers.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, header};
use proptest::prelude::*;
use saas_core::{Code, Problem, edge::BodyFault};
use saas_storage::{Form, Key, Prefix};

use crate::world::{LIMIT, World, collect, local_worlds};

fn headers(boundary: &str) -> HeaderMap {
    let kind = format!("multipart/form-data; boundary={boundary}");
    HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())])
}

fn part(field: &str, file: Option<&str>, contents: &str) -> String {
    let file = file.map_or_else(String::new, |name| format!("; filename=\"{name}\""));
    format!("--x\r\nContent-Disposition: form-data; name=\"{field}\"{file}\r\n\r\n{contents}\r\n")
}

fn in_pieces(text: String, size: usize) -> Body {
    let bytes = Bytes::from(text);
    let pieces: Vec<_> = bytes
        .chunks(size.max(1))
        .map(|piece| Ok::<_, BodyFault>(bytes.slice_ref(piece)))
        .collect();
    Body::from_stream(stream::iter(pieces))
}

async fn upload(world: &World, form: &mut Form) -> Result<Vec<Key>, Problem> {
    let folder: Prefix = "inbox".parse().unwrap();
    let mut keys = Vec::new();
    while let Some(file) = form.next().await? {
        let key = file.key(&folder)?;
        world.storage.put(&world.acme, &key, file.contents).await?;
        keys.push(key);
    }
    Ok(keys)
}

#[tokio::test]
async fn the_files_of_a_form_are_kept_and_its_fields_skipped() {
    for world in local_worlds().await {
        let text = [
            part("title", None, "ignored"),
            part("file", Some("märz & april.txt"), "one"),
            part("file", Some("empty"), ""),
            part("other", Some("b"), "--x\r\nnot a boundary--x"),
        ];
        let text = format!(
            "{}--x--\r\n",
            text.concat().replace("--x\r\nnot", "--y\r\nnot")
        );
        let mut form = Form::read(&headers("x"), in_pieces(text, 7)).unwrap();
        let keys = upload(&world, &mut form).await.unwrap();
        assert_eq!(keys.len(), 3);
        assert_eq!(
            world
                .read(&world.acme, "inbox/märz & april.txt")
                .await
                .unwrap(),
            "one"
        );
        assert_eq!(world.read(&world.acme, "inbox/empty").await.unwrap(), "");
        assert_eq!(
            world.read(&world.acme, "inbox/b").await.unwrap(),
            "--y\r\nnot a boundary--x"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn it_does_not_matter_how_a_form_is_cut_into_pieces(
        contents in prop::collection::vec("[-x\r\na-c]{0,30}", 1..5), size in 1..40_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let contents: Vec<_> = contents.iter().map(|text| text.replace("--x", "")).collect();
            let parts: String = contents.iter().map(|text| part("f", Some("name"), text)).collect();
            let mut form = Form::read(&headers("x"), in_pieces(format!("{parts}--x--\r\n"), size)).unwrap();
            for wanted in &contents {
                let file = form.next().await.unwrap().unwrap();
                prop_assert_eq!(&collect(file.contents).await, wanted.as_bytes());
            }
            prop_assert!(form.next().await.unwrap().is_none());
            Ok(())
        })?;
    }
}

#[tokio::test]
async fn sto_04_a_name_from_a_form_leads_nowhere_else() {
    let world = World::in_memory().await;
    for name in [
        "../x",
        "..",
        "a/b",
        "/etc/passwd",
        "C:\\\\x",
        "a%2fb",
        "",
        "a\tb",
        "x.",
    ] {
        let text = format!("{}--x--\r\n", part("f", Some(name), "x"));
        let mut form = Form::read(&headers("x"), in_pieces(text, 100)).unwrap();
        let refused = upload(&world, &mut form).await.unwrap_err();
        assert_eq!(refused.code(), Code::FILE_KEY_INVALID, "{name}");
    }
    assert!(world.names(&world.acme, "").await.is_empty());
}

#[tokio::test]
async fn sto_22_htp_18_a_form_that_does_not_end_well_leaves_nothing() {
    for world in local_worlds().await {
        let file = part("f", Some("name"), "text");
        let large = part("f", Some("name"), &"x".repeat(LIMIT as usize + 1));
        let many = part("f", None, "x").repeat(1001);
        let half = &file[..file.len() - 6];
        for (text, code) in [
            (half.to_owned(), Code::BODY_INCOMPLETE),
            (file[..20].to_owned(), Code::BODY_INCOMPLETE),
            ("no boundary at all".to_owned(), Code::BODY_INCOMPLETE),
            (String::new(), Code::BODY_INCOMPLETE),
            (format!("{large}--x--\r\n"), Code::BODY_TOO_LARGE),
            (format!("{many}--x--\r\n"), Code::BODY_TOO_LARGE),
        ] {
            let shown = text.chars().take(60).collect::<String>();
            let mut form = Form::read(&headers("x"), in_pieces(text, 4000)).unwrap();
            let refused = upload(&world, &mut form).await.unwrap_err();
            assert_eq!(refused.code(), code, "{shown}");
            assert!(world.names(&world.acme, "").await.is_empty(), "{shown}");
            assert_eq!(world.staged(), 0);
        }
        // What the edge says about the body arrives as it was said.
        let start = Bytes::from(half.to_owned());
        let pieces = stream::iter([Ok(start), Err(BodyFault::TooSlow)]).boxed();
        let mut form = Form::read(&headers("x"), Body::from_stream(pieces)).unwrap();
        let refused = upload(&world, &mut form).await.unwrap_err();
        assert_eq!(refused.code(), Code::TIMEOUT);
    }
    for kind in [
        "text/plain",
        "multipart/form-data",
        "multipart/mixed; boundary=x",
        "",
    ] {
        let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
        assert_eq!(
            Form::read(&headers, Body::empty()).unwrap_err().code(),
            Code::MEDIA_TYPE,
            "{kind}"
        );
    }
    assert_eq!(
        Form::read(&HeaderMap::new(), Body::empty())
            .unwrap_err()
            .code(),
        Code::MEDIA_TYPE
    );
}
