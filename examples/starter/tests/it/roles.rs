//! Who may do what, and who may give it.

use reqwest::Method;
use serde_json::json;

use crate::world::{Caller, PASSWORD, World, send};

pub(crate) async fn member<'a>(
    world: &'a World,
    by: &Caller<'_>,
    name: &str,
    roles: &[&str],
) -> (Caller<'a>, String) {
    let email = format!("{name}@acme.test");
    let body = json!({ "email": email, "name": name, "password": PASSWORD, "roles": roles });
    let answer = by.post("/api/v1/members", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    (world.sign_in("acme", &email, PASSWORD).await, id)
}

#[tokio::test]
async fn rba_01_a_member_without_the_permission_is_refused() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (user, _) = member(&world, &owner, "user", &["user"]).await;
        let project = user.project("mine").await;
        user.delete(&format!("/api/v1/projects/{project}"))
            .await
            .is_problem(403, "forbidden");
        user.get("/api/v1/roles").await.is_problem(403, "forbidden");
        user.post("/api/v1/members", &json!({}))
            .await
            .is_problem(403, "forbidden");
        for (method, path) in [
            (Method::GET, "/api/v1/me"),
            (Method::GET, "/api/v1/projects"),
            (Method::PUT, "/api/v1/files/x"),
        ] {
            send(world.request(method, path))
                .await
                .is_problem(401, "unauthenticated");
        }
        let (nobody, _) = member(&world, &owner, "nobody", &[]).await;
        nobody.get("/api/v1/me").await.is_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn rba_05_nobody_gives_what_he_lacks() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (admin, admin_id) = member(&world, &owner, "admin", &["admin"]).await;
        let (_, user_id) = member(&world, &admin, "user", &["user"]).await;
        let give = async |by: &Caller<'_>, id: &str, roles: &[&str]| {
            by.patch(
                &format!("/api/v1/members/{id}"),
                None,
                &json!({ "roles": roles }),
            )
            .await
        };
        give(&admin, &admin_id, &["owner"])
            .await
            .is_problem(403, "grant-forbidden");
        give(&admin, &user_id, &["owner"])
            .await
            .is_problem(403, "grant-forbidden");
        let body = json!({ "email": "x@acme.test", "name": "x", "password": PASSWORD, "roles": ["owner"] });
        admin
            .post("/api/v1/members", &body)
            .await
            .is_problem(403, "grant-forbidden");
        give(&admin, &user_id, &["emperor"])
            .await
            .is_problem(422, "role-unknown");
        let body = json!({ "name": "super", "permissions": ["roles:write"] });
        admin
            .post("/api/v1/roles", &body)
            .await
            .is_problem(403, "forbidden");
        // Nor takes it: an admin cannot remove the owner.
        let owner_id = owner.get("/api/v1/me").await.json()["user"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        give(&admin, &owner_id, &[])
            .await
            .is_problem(403, "grant-forbidden");
        admin
            .delete(&format!("/api/v1/members/{owner_id}"))
            .await
            .is_problem(403, "grant-forbidden");
        // And the last owner stays one.
        give(&owner, &owner_id, &["user"])
            .await
            .is_problem(409, "last-owner");
        owner
            .delete(&format!("/api/v1/members/{owner_id}"))
            .await
            .is_problem(409, "last-owner");
        assert_eq!(
            give(&owner, &admin_id, &["admin", "owner"]).await.status,
            200
        );
        assert_eq!(give(&owner, &owner_id, &["user"]).await.status, 200);
    }
}

#[tokio::test]
async fn a_role_that_is_taken_away_is_gone_at_once() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (admin, id) = member(&world, &owner, "admin", &["admin"]).await;
        assert_eq!(admin.get("/api/v1/roles").await.status, 200);
        let taken = owner
            .patch(
                &format!("/api/v1/members/{id}"),
                None,
                &json!({ "roles": ["user"] }),
            )
            .await;
        assert_eq!(taken.status, 200, "{}", taken.text);
        admin
            .get("/api/v1/roles")
            .await
            .is_problem(403, "forbidden");
        assert_eq!(
            owner.delete(&format!("/api/v1/members/{id}")).await.status,
            204
        );
        // His sign-ins ended with the membership.
        admin
            .get("/api/v1/projects")
            .await
            .is_problem(401, "token-invalid");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "starter-web"),
            ("refresh_token", &admin.refresh),
        ];
        assert_eq!(
            world.token(None, &form).await.json()["error"],
            "invalid_grant"
        );
    }
}

#[tokio::test]
async fn rba_08_09_10_26_a_custom_role_holds_what_it_names() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let make = async |name: &str, permissions: &[&str]| {
            owner
                .post(
                    "/api/v1/roles",
                    &json!({ "name": name, "permissions": permissions }),
                )
                .await
        };
        for name in [
            "*",
            "beta::admin",
            "acme,*",
            "a\nb",
            "Admin",
            "-x",
            "",
            &"x".repeat(64),
            "role:owner",
            "аdmin",
        ] {
            make(name, &[]).await.is_problem(422, "validation");
        }
        make("owner", &[]).await.is_problem(409, "conflict");
        make("reader", &["projects:fly"])
            .await
            .is_problem(422, "validation");
        make("reader", &["projects:*"])
            .await
            .is_problem(422, "validation");
        assert_eq!(make("reader", &["projects:read"]).await.status, 201);
        make("reader", &["projects:read"])
            .await
            .is_problem(409, "conflict");
        let (reader, id) = member(&world, &owner, "reader", &["reader"]).await;
        assert_eq!(reader.get("/api/v1/projects").await.status, 200);
        reader
            .post("/api/v1/projects", &json!({ "name": "x" }))
            .await
            .is_problem(403, "forbidden");
        owner
            .delete("/api/v1/roles/reader")
            .await
            .is_problem(409, "role-in-use");
        owner
            .delete("/api/v1/roles/owner")
            .await
            .is_problem(409, "role-built-in");
        owner
            .delete("/api/v1/roles/nope")
            .await
            .is_problem(404, "not-found");
        assert_eq!(
            owner
                .patch(
                    &format!("/api/v1/members/{id}"),
                    None,
                    &json!({ "roles": [] })
                )
                .await
                .status,
            200
        );
        assert_eq!(owner.delete("/api/v1/roles/reader").await.status, 204);
    }
}

#[tokio::test]
async fn a_password_that_somebody_else_chose_opens_no_other_tenant() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let body = json!({ "email": "bob@corp.test", "name": "Bob", "password": PASSWORD, "roles": ["user"] });
        assert_eq!(acme.post("/api/v1/members", &body).await.status, 201);

        let sign_up = json!({
            "tenant": { "slug": "bobs", "name": "Bob's" },
            "owner": { "email": "bob@corp.test", "password": PASSWORD, "name": "Bob" },
        });
        let sign_up = async |password: &str| {
            let mut body = sign_up.clone();
            body["owner"]["password"] = password.into();
            send(world.request(Method::POST, "/api/v1/signup").json(&body)).await
        };
        sign_up(PASSWORD)
            .await
            .is_problem(403, "password-provisional");

        let bob = world.sign_in("acme", "bob@corp.test", PASSWORD).await;
        let change = async |current: &str, new: &str| {
            let body = json!({ "current": current, "new": new });
            send(bob.request(Method::PUT, "/api/v1/me/password").json(&body)).await
        };
        change("not the password", "a password of my own")
            .await
            .is_problem(422, "validation");
        assert_eq!(change(PASSWORD, "a password of my own").await.status, 204);
        sign_up(PASSWORD).await.is_problem(409, "email-taken");
        // Who has changed it may still be the one who chose it. A letter alone says who holds the address.
        sign_up("a password of my own")
            .await
            .is_problem(403, "password-provisional");
    }
}

#[tokio::test]
async fn who_may_not_do_what_a_program_may_does_not_come_by_its_credentials() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let role = json!({ "name": "dev", "permissions": ["clients:read", "clients:write"] });
        assert_eq!(owner.post("/api/v1/roles", &role).await.status, 201);
        let (dev, _) = member(&world, &owner, "dev", &["dev"]).await;
        let program = json!({
            "name": "ETL",
            "grants": ["client_credentials"],
            "scopes": ["members:write"],
            "auth_method": "client_secret_basic",
            "roles": ["owner"],
        });
        let etl = owner.post("/api/v1/clients", &program).await;
        assert_eq!(etl.status, 201, "{etl:?}");
        let path = etl.header("location").unwrap().to_owned();
        let rotate = format!("{path}/secret");
        dev.post(&rotate, &json!({}))
            .await
            .is_problem(403, "grant-forbidden");
        let change = json!({ "scopes": ["members:read", "members:write"] });
        dev.patch(&path, Some("*"), &change)
            .await
            .is_problem(403, "grant-forbidden");
        assert_eq!(owner.post(&rotate, &json!({})).await.status, 200);
        // Its own are another matter.
        let harmless = json!({
            "name": "own",
            "grants": ["client_credentials"],
            "scopes": ["clients:read"],
            "auth_method": "client_secret_basic",
        });
        let own = dev.post("/api/v1/clients", &harmless).await;
        let rotate = format!("{}/secret", own.header("location").unwrap());
        assert_eq!(dev.post(&rotate, &json!({})).await.status, 200);
    }
}

#[tokio::test]
async fn an_administrator_does_not_rename_an_owner() {
    let world = World::on(saas_tenancy::Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let (admin, _) = member(&world, &owner, "admin", &["admin"]).await;
    let (_, user) = member(&world, &owner, "user", &["user"]).await;
    let id = owner.get("/api/v1/me").await.json()["user"]["id"].clone();
    let rename = async |id: &str| {
        let path = format!("/api/v1/members/{id}");
        admin
            .patch(&path, None, &json!({ "name": "Somebody" }))
            .await
    };
    rename(id.as_str().unwrap())
        .await
        .is_problem(403, "grant-forbidden");
    assert_eq!(rename(&user).await.status, 200);
}

#[tokio::test]
async fn rba_18_g13_a_role_taken_away_in_one_process_is_gone_in_another() {
    let world = World::on(saas_tenancy::Dialect::Postgres, &[]).await;
    let owner = world.sign_up("acme").await;
    let (user, id) = member(&world, &owner, "user", &["user"]).await;
    let other = world.another();
    let list = async || {
        let url = format!("{}/api/v1/projects", other.url);
        let request = world.http.get(url).bearer_auth(&user.token);
        send(request).await.status.as_u16()
    };
    let path = format!("/api/v1/members/{id}");
    let mut took = Vec::new();
    for _ in 0..20 {
        assert_eq!(list().await, 200);
        owner.patch(&path, None, &json!({ "roles": [] })).await;
        let begun = std::time::Instant::now();
        while list().await != 403 {
            assert!(begun.elapsed().as_secs() < 5, "still allowed");
        }
        took.push(begun.elapsed());
        owner
            .patch(&path, None, &json!({ "roles": ["user"] }))
            .await;
        while list().await != 200 {
            assert!(begun.elapsed().as_secs() < 10, "still refused");
        }
    }
    took.sort_unstable();
    println!("gone after {:?} (median), {:?} at most", took[10], took[19]);
}

#[tokio::test]
async fn roles_and_groups_can_be_changed_explained_and_tried_first() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (user, id) = member(&world, &owner, "user", &[]).await;
        let role = json!({ "name": "viewer", "permissions": ["projects:read"], "inherits": [] });
        let made = owner.post("/api/v1/roles", &role).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = owner
            .post("/api/v1/groups", &json!({ "name": "Viewers" }))
            .await;
        assert_eq!(made.status, 201, "{}", made.text);
        let group = made.headers["location"].to_str().unwrap().to_owned();
        let put = async |path: &str, body: serde_json::Value| {
            send(owner.request(Method::PUT, path).json(&body)).await
        };
        let joined = put(&format!("{group}/members/{id}"), json!(null)).await;
        assert_eq!(joined.status, 204, "{}", joined.text);
        user.get("/api/v1/projects")
            .await
            .is_problem(403, "forbidden");
        let given = owner
            .patch(&group, None, &json!({ "roles": ["viewer"] }))
            .await;
        assert_eq!(given.json()["members"], json!([id]), "{}", given.text);
        assert_eq!(user.get("/api/v1/projects").await.status, 200);

        let why = format!("/api/v1/members/{id}/permissions/projects:read");
        let why = owner.get(&why).await.json();
        assert_eq!(why["allowed"], true);
        assert_eq!(why["because"][0]["chain"][1], "role:viewer");
        owner
            .get(&format!("/api/v1/members/{id}/permissions/nothing:read"))
            .await
            .is_problem(404, "not-found");

        let less = json!({ "permissions": ["files:read"] });
        let tried = owner
            .post("/api/v1/roles/viewer/preview", &less)
            .await
            .json();
        assert_eq!(tried["total"], 1);
        assert_eq!(tried["changes"][0]["subject"], format!("user:{id}"));
        assert_eq!(tried["changes"][0]["gains"], json!(["files:read"]));
        assert_eq!(tried["changes"][0]["loses"], json!(["projects:read"]));
        assert_eq!(user.get("/api/v1/projects").await.status, 200);
        assert_eq!(put("/api/v1/roles/viewer", less).await.status, 200);
        user.get("/api/v1/projects")
            .await
            .is_problem(403, "forbidden");

        for (body, field) in [
            (
                json!({ "permissions": [], "inherits": ["viewer"] }),
                "inherits",
            ),
            (
                json!({ "permissions": ["files:read"], "denies": ["files:read"] }),
                "denies",
            ),
            (json!({ "permissions": ["files:fly"] }), "permissions"),
        ] {
            let refused = put("/api/v1/roles/viewer", body).await;
            refused.is_problem(422, "validation");
            assert_eq!(refused.json()["errors"][0]["field"], field);
        }
        put("/api/v1/roles/nobody", json!({ "permissions": [] }))
            .await
            .is_problem(404, "not-found");
        put("/api/v1/roles/owner", json!({ "permissions": [] }))
            .await
            .is_problem(409, "role-built-in");

        let changed = owner
            .get("/api/v1/audit?filter[action]=role.changed")
            .await
            .json();
        let changed = &changed["items"][0];
        assert_eq!(changed["object"], "role:viewer");
        assert_eq!(changed["before"]["permissions"], json!(["projects:read"]));
        assert_eq!(changed["after"]["permissions"], json!(["files:read"]));
        user.get("/api/v1/audit").await.is_problem(403, "forbidden");
        let known = owner.get("/api/v1/permissions").await.json();
        assert_eq!(known["items"][0]["name"], "projects:read");
        assert_eq!(known["items"][0]["group"], "projects");
    }
}

#[tokio::test]
async fn who_is_removed_is_out_at_once_also_of_his_groups_and_in_a_race() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (admin, _) = member(&world, &owner, "admin", &["admin"]).await;
        let root = json!({ "name": "root", "permissions": [], "inherits": ["owner"] });
        assert_eq!(owner.post("/api/v1/roles", &root).await.status, 201);
        let made = owner
            .post("/api/v1/groups", &json!({ "name": "Roots" }))
            .await;
        let group = made.headers["location"].to_str().unwrap().to_owned();
        owner
            .patch(&group, None, &json!({ "roles": ["root"] }))
            .await;
        let join = async |id: &str| {
            let path = format!("{group}/members/{id}");
            send(owner.request(Method::PUT, &path)).await
        };
        let (user, id) = member(&world, &owner, "rooted", &[]).await;
        assert_eq!(join(&id).await.status, 204);
        assert_eq!(user.get("/api/v1/audit").await.status, 200);
        // The admin holds less than the group gives.
        let path = format!("/api/v1/members/{id}");
        admin.delete(&path).await.is_problem(403, "grant-forbidden");
        assert_eq!(owner.delete(&path).await.status, 204);
        user.get("/api/v1/audit")
            .await
            .is_problem(401, "token-invalid");
        let group_now = owner.get(&group).await.json();
        assert_eq!(group_now["members"], json!([]));
        // Whoever gives something while somebody is removed comes too early or too late.
        for round in 0..8 {
            let (user, id) = member(&world, &owner, &format!("racer{round}"), &["user"]).await;
            let path = format!("/api/v1/members/{id}");
            let roles = json!({ "roles": ["owner"] });
            let (removed, given, joined) = tokio::join!(
                owner.delete(&path),
                owner.patch(&path, None, &roles),
                join(&id)
            );
            assert_eq!(removed.status, 204, "{}", removed.text);
            assert!(
                [200, 404].contains(&given.status.as_u16()),
                "{}",
                given.text
            );
            assert!(
                [204, 404].contains(&joined.status.as_u16()),
                "{}",
                joined.text
            );
            user.get("/api/v1/projects")
                .await
                .is_problem(401, "token-invalid");
        }
        // None of them is left as an owner.
        let me = owner.get("/api/v1/me").await.json();
        let own = format!("/api/v1/members/{}", me["user"]["id"].as_str().unwrap());
        owner.delete(&own).await.is_problem(409, "last-owner");
    }
}

#[tokio::test]
async fn rba_15_another_spelling_of_a_path_opens_nothing() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (user, _) = member(&world, &owner, "user", &["user"]).await;
        let host = world.url.strip_prefix("http://").unwrap();
        for path in [
            "/api/v1/roles",
            "/api/v1//roles",
            "//api/v1/roles",
            "/api/v1/./roles",
            "/api/v1/projects/../roles",
            "/api/v1/roles/",
            "/API/v1/roles",
            "/api/v1/Roles",
            "/api/v1/%72oles",
            "/api/v1%2froles",
            "/api/v1/projects/%2e%2e/roles",
            "/api/v1/roles;x=1",
            "/api/v1/roles%00",
            "/api/v1/roles%0a",
            "/t/acme/api/v1/roles",
            "/t/acme//api/v1/roles",
        ] {
            // As it is, because a client library would put it in order.
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {}\r\nconnection: close\r\n\r\n",
                user.token
            );
            let answer = raw(host, &request);
            let status = answer.split(' ').nth(1).unwrap_or_default();
            assert!(["400", "403", "404"].contains(&status), "{path}: {answer}");
        }
    }
}

fn raw(address: &str, request: &str) -> String {
    use std::io::{Read as _, Write as _};

    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
