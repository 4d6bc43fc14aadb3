//! Projects and tasks: what a well-behaved client does.

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::world::{Caller, World, send};

#[tokio::test]
async fn a_project_is_created_shown_changed_and_deleted() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let created = acme
            .post(
                "/api/v1/projects",
                &json!({ "name": "Bridge", "description": "ü 😀" }),
            )
            .await;
        assert_eq!(created.status, 201);
        let location = created.header("location").unwrap().to_owned();
        let shown = acme.get(&location).await;
        assert_eq!(shown.json(), created.json());
        assert_eq!(shown.header("etag"), Some("\"1\""));
        for member in [
            "id",
            "name",
            "description",
            "archived",
            "version",
            "created_at",
            "updated_at",
        ] {
            assert!(shown.json().get(member).is_some(), "{member}");
        }
        let changed = acme
            .patch(&location, Some("\"1\""), &json!({ "archived": true }))
            .await;
        assert_eq!(
            (changed.status.as_u16(), changed.header("etag")),
            (200, Some("\"2\"")),
            "{}",
            changed.text
        );
        assert_eq!(changed.json()["name"], "Bridge");
        // The version that has been overtaken, and none at all (HTP-21).
        acme.patch(&location, Some("\"1\""), &json!({ "name": "x" }))
            .await
            .is_problem(412, "version-mismatch");
        acme.patch(&location, None, &json!({ "name": "x" }))
            .await
            .is_problem(428, "version-required");
        acme.patch(&location, Some("1"), &json!({ "name": "x" }))
            .await
            .is_problem(400, "header-invalid");
        acme.patch(&location, Some("\"x\""), &json!({ "name": "x" }))
            .await
            .is_problem(412, "version-mismatch");
        assert_eq!(acme.delete(&location).await.status, 204);
        acme.get(&location).await.is_problem(404, "not-found");
        acme.delete(&location).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn what_was_made_is_where_the_answer_says_also_under_the_path_of_its_tenant() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let (key, bridge) = ("0d6b5f9c-once", json!({ "name": "Bridge" }));
    // The second answer is the first one, which was kept.
    for again in [false, true] {
        let post = acme.request(Method::POST, "/t/acme/api/v1/projects");
        let created = send(post.header("idempotency-key", key).json(&bridge)).await;
        assert_eq!(created.status, 201, "again: {again}: {created:?}");
        let location = created.header("location").unwrap();
        assert!(
            location.starts_with("/t/acme/api/v1/projects/"),
            "{location}"
        );
        assert_eq!(acme.get(location).await.json(), created.json());
    }
    let post = acme.request(Method::POST, "/t/acme/api/v1/uploads");
    let post = post
        .header("tus-resumable", "1.0.0")
        .header("upload-length", 3);
    // `big`
    let begun = send(post.header("upload-metadata", "path Ymln")).await;
    let upload = begun.header("location").unwrap();
    assert!(upload.starts_with("/t/acme/api/v1/uploads/"), "{upload}");
    let head = acme.request(Method::HEAD, upload);
    let head = send(head.header("tus-resumable", "1.0.0")).await;
    assert_eq!(head.header("upload-offset"), Some("0"));
}

#[tokio::test]
async fn a_list_is_filtered_sorted_and_paged() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        for n in 0..5 {
            acme.project(&format!("p{n}")).await;
        }
        let found = acme.get("/api/v1/projects?filter[name]=p3").await;
        assert_eq!(found.json()["items"].as_array().unwrap().len(), 1);
        let first = acme.get("/api/v1/projects?sort=-name&limit=2").await.json();
        assert_eq!(
            (first["items"][0]["name"].as_str(), first["prev"].is_null()),
            (Some("p4"), true)
        );
        let next = first["next"].as_str().unwrap();
        let second = acme
            .get(&format!("/api/v1/projects?sort=-name&limit=2&after={next}"))
            .await
            .json();
        assert_eq!(second["items"][0]["name"], "p2");
        let prev = second["prev"].as_str().unwrap();
        let back = acme
            .get(&format!("/api/v1/projects?sort=-name&limit=2&after={prev}"))
            .await
            .json();
        assert_eq!(back["items"], first["items"]);
    }
}

#[tokio::test]
async fn a_task_lives_in_its_project() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let (one, two) = (acme.project("one").await, acme.project("two").await);
        let tasks = format!("/api/v1/projects/{one}/tasks");
        let created = acme.post(&tasks, &json!({ "title": "paint" })).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let location = created.header("location").unwrap().to_owned();
        let done = acme
            .patch(&location, Some("\"1\""), &json!({ "done": true }))
            .await;
        assert_eq!(done.json()["done"], true);
        let elsewhere = location.replace(&one, &two);
        acme.get(&elsewhere).await.is_problem(404, "not-found");
        acme.delete(&elsewhere).await.is_problem(404, "not-found");
        assert_eq!(
            acme.get(&tasks).await.json()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        assert!(
            acme.get(&format!("/api/v1/projects/{two}/tasks"))
                .await
                .json()["items"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        assert_eq!(
            acme.delete(&format!("/api/v1/projects/{one}")).await.status,
            204
        );
        acme.get(&location).await.is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn health_docs_and_the_openapi_document_need_nobody() {
    for world in World::all().await {
        for path in [
            "/health",
            "/health/live",
            "/health/ready",
            "/health/db",
            "/metrics",
            "/docs",
            "/docs/docs.css",
            "/.well-known/jwks.json",
        ] {
            let answer = send(world.request(reqwest::Method::GET, path)).await;
            assert_eq!(answer.status, 200, "{path}");
            assert!(
                !answer.text.contains("http://") || path == "/docs",
                "{path} names another host"
            );
        }
        let ready = send(world.request(reqwest::Method::GET, "/health/ready")).await;
        let checks = ready.json()["checks"].clone();
        let names = checks.as_array().unwrap().iter();
        let names: Vec<_> = names.map(|check| check["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["accepting", "database", "revocations"]);
        let document = send(world.request(reqwest::Method::GET, "/openapi.json"))
            .await
            .json();
        assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
        assert_eq!(
            document["paths"]["/api/v1/projects"]["post"]["x-permission"],
            "projects:write"
        );
    }
}

#[tokio::test]
async fn rel_03_a_request_that_is_sent_again_with_its_key_is_done_once() {
    for world in World::all().await {
        let (owner, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let create = async |caller: &Caller<'_>, key: &str, name: &str| {
            let request = caller.request(Method::POST, "/api/v1/projects");
            let request = request.header("idempotency-key", key);
            send(request.json(&json!({ "name": name }))).await
        };
        let first = create(&owner, "one", "first").await;
        assert_eq!(first.status, 201, "{first:?}");
        assert_eq!(first.header("idempotent-replayed"), None);
        let again = create(&owner, "one", "first").await;
        assert_eq!(again.header("idempotent-replayed"), Some("true"));
        for name in ["location", "etag", "content-type"] {
            assert_eq!(again.header(name), first.header(name), "{name}");
        }
        assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
        assert_eq!((again.status, &again.text), (first.status, &first.text));
        create(&owner, "one", "second")
            .await
            .is_problem(422, "idempotency-key-reused");
        create(&owner, "a key", "first")
            .await
            .is_problem(400, "idempotency-key-invalid");
        // Another tenant's key is another one.
        let theirs = create(&beta, "one", "first").await;
        assert_eq!(
            (theirs.status.as_u16(), theirs.header("idempotent-replayed")),
            (201, None)
        );
        let list = owner.get("/api/v1/projects").await.json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        // Who may not do it any more is not told what came of it.
        let key = json!({ "name": "program", "scopes": ["projects:read"] });
        let key = owner.post("/api/v1/me/api-keys", &key).await.json();
        let weak = world.request(Method::POST, "/api/v1/projects");
        let weak = weak
            .bearer_auth(key["secret"].as_str().unwrap())
            .header("idempotency-key", "one")
            .json(&json!({ "name": "first" }));
        send(weak).await.is_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn who_has_a_version_is_not_sent_it_again() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let path = format!("/api/v1/projects/{}", acme.project("first").await);
    let ask = async |known: &str| {
        let request = acme.request(Method::GET, &path);
        send(request.header("if-none-match", known)).await
    };
    let tag = acme.get(&path).await.header("etag").unwrap().to_owned();
    for known in [&*tag, "*", &format!("\"x\", W/{tag}")] {
        let answer = ask(known).await;
        assert_eq!(answer.status, 304, "{known}: {answer:?}");
        assert_eq!(answer.text, "");
        assert_eq!(answer.header("etag"), Some(&*tag));
    }
    assert_eq!(ask("\"x\"").await.status, 200);
    // Nobody learns by it that there is something.
    let foreign = beta.request(Method::GET, &path);
    let foreign = send(foreign.header("if-none-match", &tag)).await;
    foreign.is_problem(404, "not-found");
    // A change is based on a version by `If-Match`, and on nothing else.
    let change = json!({ "name": "second" });
    let both = acme.request(Method::PATCH, &path).header("if-match", &tag);
    let both = both.header("if-none-match", "*").json(&change);
    send(both).await.is_problem(400, "header-invalid");
    let list = acme.request(Method::PATCH, &path).json(&change);
    let list = list.header("if-match", format!("\"0\", {tag}"));
    send(list).await.is_problem(400, "header-invalid");
    let changed = acme.patch(&path, Some(&tag), &change).await;
    assert_eq!(changed.status, 200, "{changed:?}");
    assert_eq!(ask(&tag).await.status, 200);
}
