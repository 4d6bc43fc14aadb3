//! Files that are shared with persons, with roles, and by links.

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Caller, PASSWORD, World, send};

async fn member<'a>(world: &'a World, by: &Caller<'_>, name: &str) -> (Caller<'a>, String) {
    let email = format!("{name}@acme.test");
    let body = json!({ "email": email, "name": name, "password": PASSWORD, "roles": ["clerk"] });
    let answer = by.post("/api/v1/members", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    (world.sign_in("acme", &email, PASSWORD).await, id)
}

async fn put(caller: &Caller<'_>, name: &str) {
    let put = caller.request(Method::PUT, &format!("/api/v1/files/{name}"));
    assert!(
        send(put.body(format!("text of {name}")))
            .await
            .status
            .is_success()
    );
}

async fn give(caller: &Caller<'_>, path: &str, to: Value) -> Value {
    let answer = caller
        .post("/api/v1/file-grants", &json!({ "path": path, "to": to }))
        .await;
    assert_eq!(answer.status, 201, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_member_who_may_read_no_files_reads_those_that_were_shared() {
    for world in World::all().await {
        let (owner, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let role = json!({ "name": "clerk", "permissions": ["projects:read"] });
        assert_eq!(owner.post("/api/v1/roles", &role).await.status, 201);
        let (ann, ann_id) = member(&world, &owner, "ann").await;
        let (bob, _) = member(&world, &owner, "bob").await;
        for name in ["a/one", "two", "three"] {
            put(&owner, name).await;
        }
        put(&beta, "two").await;
        ann.get("/api/v1/files/two")
            .await
            .is_problem(403, "forbidden");
        give(
            &owner,
            "a/one",
            json!({ "kind": "user", "subject": ann_id }),
        )
        .await;
        let to_all = give(&owner, "two", json!({ "kind": "role", "subject": "clerk" })).await;
        assert_eq!(ann.get("/api/v1/shared/a/one").await.text, "text of a/one");
        bob.get("/api/v1/shared/a/one")
            .await
            .is_problem(404, "not-found");
        assert_eq!(bob.get("/api/v1/shared/two").await.text, "text of two");
        ann.get("/api/v1/shared/three")
            .await
            .is_problem(404, "not-found");
        beta.get("/api/v1/shared/two")
            .await
            .is_problem(404, "not-found");
        ann.get("/api/v1/shared/..%2fx")
            .await
            .is_problem(400, "file-key-invalid");
        let part = ann
            .request(Method::GET, "/api/v1/shared/two")
            .header("range", "bytes=5-6");
        assert_eq!(send(part).await.text, "of");
        let list = ann.get("/api/v1/shared").await.json();
        let names: Vec<_> = list["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].clone())
            .collect();
        assert_eq!(names, ["a/one", "two"]);
        // A credential for something else does not read them.
        for (scope, status) in [("projects:read", 403), ("files:read", 200)] {
            let key = json!({ "name": "program", "scopes": [scope] });
            let key = ann.post("/api/v1/me/api-keys", &key).await;
            assert_eq!(key.status, 201, "{key:?}");
            let key = key.json()["secret"].as_str().unwrap().to_owned();
            for path in ["/api/v1/shared", "/api/v1/shared/a/one"] {
                let request = world.request(Method::GET, path).bearer_auth(&key);
                assert_eq!(send(request).await.status, status, "{scope} {path}");
            }
        }
        // Neither gives, nor sees, nor takes back what he could not.
        let input = json!({ "path": "two", "to": { "kind": "link" } });
        ann.post("/api/v1/file-grants", &input)
            .await
            .is_problem(403, "forbidden");
        let grant = format!("/api/v1/file-grants/{}", to_all["id"].as_str().unwrap());
        ann.delete(&grant).await.is_problem(403, "forbidden");
        beta.delete(&grant).await.is_problem(404, "not-found");
        beta.get("/api/v1/file-grants?path=three").await;
        assert_eq!(owner.delete(&grant).await.status, 204);
        bob.get("/api/v1/shared/two")
            .await
            .is_problem(404, "not-found");
        let records = owner
            .get("/api/v1/audit?limit=100&filter[object]=file:two")
            .await
            .json();
        let mut actions: Vec<_> = records["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|record| record["action"].as_str().unwrap().to_owned())
            .collect();
        actions.sort();
        assert_eq!(
            actions,
            ["file.read", "file.read", "file.shared", "file.unshared"]
        );
        for (status, code, to) in [
            (
                422,
                "role-unknown",
                json!({ "kind": "role", "subject": "emperor" }),
            ),
            (422, "json-type", json!({ "kind": "user", "subject": "x" })),
            (422, "json-type", json!({ "kind": "world" })),
        ] {
            let input = json!({ "path": "two", "to": to });
            let answer = owner.post("/api/v1/file-grants", &input).await;
            answer.is_problem(status, code);
        }
        let missing = json!({ "path": "nowhere", "to": { "kind": "link" } });
        owner
            .post("/api/v1/file-grants", &missing)
            .await
            .is_problem(404, "not-found");
    }
}

#[tokio::test]
async fn sto_09_11_a_link_opens_one_file_until_it_is_taken_back() {
    for world in World::all().await {
        let (owner, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        put(&owner, "a").await;
        put(&beta, "a").await;
        let link = give(&owner, "a", json!({ "kind": "link" })).await;
        let other = give(&owner, "a", json!({ "kind": "link" })).await;
        let (url, id) = (link["url"].as_str().unwrap(), link["id"].as_str().unwrap());
        assert!(url.starts_with(&format!("{}/shared/", world.url)), "{url}");
        let open = async |url: &str| send(world.http.get(url)).await;
        let got = open(url).await;
        assert_eq!((got.status.as_u16(), got.text.as_str()), (200, "text of a"));
        assert!(
            got.header("content-disposition")
                .unwrap()
                .starts_with("attachment")
        );
        assert_eq!(got.header("x-content-type-options"), Some("nosniff"));
        let tenant = async |caller: &Caller<'_>| {
            let me = caller.get("/api/v1/me").await.json();
            me["tenant"]["id"].as_str().unwrap().to_owned()
        };
        for wrong in [
            url.replace(&tenant(&owner).await, &tenant(&beta).await),
            url.replace(id, other["id"].as_str().unwrap()),
            url.split('?').next().unwrap().to_owned(),
            format!("{url}x"),
        ] {
            open(&wrong).await.is_problem(403, "forbidden");
        }
        // Nor under the address of another tenant, and that does not count as a use.
        let under = world.http.get(url).header("x-tenant", "beta");
        send(under).await.is_problem(403, "forbidden");
        let listed = owner.get("/api/v1/file-grants?path=a").await.json();
        assert_eq!(listed["items"][0]["uses"], 1);
        // Whoever gives a link is told it, and nobody who lists.
        assert_eq!(listed["items"][0]["url"], Value::Null);
        assert_eq!(
            owner
                .delete(&format!("/api/v1/file-grants/{id}"))
                .await
                .status,
            204
        );
        open(url).await.is_problem(403, "forbidden");
        let url = other["url"].as_str().unwrap();
        assert_eq!(open(url).await.status, 200);
        assert_eq!(owner.delete("/api/v1/files/a").await.status, 204);
        put(&owner, "a").await;
        // It is another file now.
        open(url).await.is_problem(403, "forbidden");
        let metrics = send(world.request(Method::GET, "/metrics")).await.text;
        assert!(
            metrics.contains("saas_storage_operations_total{operation=\"put\"} 3\n"),
            "{metrics}"
        );
    }
}

#[tokio::test]
async fn what_was_shared_with_who_leaves_and_with_a_role_that_ends_is_shared_no_more() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let role = json!({ "name": "clerk", "permissions": ["projects:read"] });
        assert_eq!(owner.post("/api/v1/roles", &role).await.status, 201);
        let (_, id) = member(&world, &owner, "ann").await;
        for name in ["one", "two"] {
            put(&owner, name).await;
        }
        give(&owner, "one", json!({ "kind": "user", "subject": id })).await;
        give(&owner, "two", json!({ "kind": "role", "subject": "clerk" })).await;
        let path = format!("/api/v1/members/{id}");
        assert_eq!(owner.delete(&path).await.status, 204);
        assert_eq!(owner.delete("/api/v1/roles/clerk").await.status, 204);
        for name in ["one", "two"] {
            let path = format!("/api/v1/file-grants?path={name}");
            let grants = owner.get(&path).await.json();
            assert_eq!(grants["items"], json!([]), "{name}");
        }
        // A role of the same name is another one.
        assert_eq!(owner.post("/api/v1/roles", &role).await.status, 201);
        let (bob, _) = member(&world, &owner, "bob").await;
        bob.get("/api/v1/shared/two")
            .await
            .is_problem(404, "not-found");
    }
}
