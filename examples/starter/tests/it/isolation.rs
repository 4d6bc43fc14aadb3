//! A caller of one tenant, with everything that belongs to another.

use reqwest::Method;
use serde_json::json;

use crate::world::{World, password_form, send};

#[tokio::test]
async fn iso_02_every_foreign_id_is_as_unknown_as_a_random_one() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let project = beta.project("secret").await;
        let tasks = format!("/api/v1/projects/{project}/tasks");
        let task = beta.post(&tasks, &json!({ "title": "spy" })).await.json()["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let member = beta.get("/api/v1/members").await.json()["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let random = "01890a5d-ac96-774b-bcce-b302099a8057";
        for (path, mine) in [
            (
                format!("/api/v1/projects/{project}"),
                format!("/api/v1/projects/{random}"),
            ),
            (tasks.clone(), format!("/api/v1/projects/{random}/tasks")),
            (
                format!("{tasks}/{task}"),
                format!("/api/v1/projects/{random}/tasks/{random}"),
            ),
            (
                format!("/api/v1/members/{member}"),
                format!("/api/v1/members/{random}"),
            ),
        ] {
            for method in [Method::GET, Method::PATCH, Method::DELETE, Method::POST] {
                let ask = async |path: &str| {
                    let request = acme
                        .request(method.clone(), path)
                        .header("if-match", "\"1\"");
                    send(request.json(&json!({ "title": "x", "name": "x" }))).await
                };
                let (foreign, unknown) = (ask(&path).await, ask(&mine).await);
                assert!(
                    foreign.status == 404 || foreign.status == 405 || foreign.status == 422,
                    "{method} {path}: {foreign:?}"
                );
                assert_eq!(
                    (foreign.status, &foreign.json()["code"]),
                    (unknown.status, &unknown.json()["code"]),
                    "{method} {path}"
                );
                assert_eq!(foreign.text.len(), unknown.text.len(), "{method} {path}");
            }
        }
        assert_eq!(beta.names().await, ["secret"]);
        assert_eq!(acme.names().await, [""; 0]);
    }
}

#[tokio::test]
async fn ten_19_20_an_address_of_another_tenant_is_refused() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let beta_id = beta.get("/api/v1/me").await.json()["tenant"]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let list = || acme.request(Method::GET, "/api/v1/projects");
        for named in ["beta", &beta_id] {
            send(list().header("x-tenant", named))
                .await
                .is_problem(403, "tenant-foreign");
        }
        send(list().header("host", "beta.localhost"))
            .await
            .is_problem(403, "tenant-foreign");
        acme.get("/t/beta/api/v1/projects")
            .await
            .is_problem(403, "tenant-foreign");
        // Its own tenant by every way.
        assert_eq!(send(list().header("x-tenant", "acme")).await.status, 200);
        assert_eq!(
            send(list().header("host", "acme.localhost:8080"))
                .await
                .status,
            200
        );
        assert_eq!(acme.get("/t/acme/api/v1/projects").await.status, 200);
        // Two ways that disagree.
        send(
            list()
                .header("x-tenant", "acme")
                .header("host", "beta.localhost"),
        )
        .await
        .is_problem(400, "tenant-conflict");
        send(
            acme.request(Method::GET, "/t/acme/api/v1/projects")
                .header("x-tenant", "beta"),
        )
        .await
        .is_problem(400, "tenant-conflict");
        // Nobody, and nonsense.
        send(list().header("x-tenant", "nobody"))
            .await
            .is_problem(404, "tenant-unknown");
        send(list().header("host", "nobody.localhost"))
            .await
            .is_problem(404, "tenant-unknown");
        send(list().header("host", "acme.localhost.evil.test"))
            .await
            .is_problem(404, "tenant-unknown");
        send(list().header("x-tenant", "acme,beta"))
            .await
            .is_problem(400, "header-invalid");
        acme.get("/t/%61cme/api/v1/projects")
            .await
            .is_problem(400, "bad-request");
    }
}

#[tokio::test]
async fn ten_08_30_forwarded_and_override_headers_change_nothing() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        beta.project("secret").await;
        for (name, value) in [
            ("x-forwarded-host", "beta.localhost"),
            ("forwarded", "host=beta.localhost"),
            ("x-host", "beta.localhost"),
            ("x-original-host", "beta.localhost"),
            ("x-original-url", "/t/beta/api/v1/projects"),
            ("x-rewrite-url", "/t/beta/api/v1/projects"),
            ("x-http-method-override", "DELETE"),
        ] {
            let answer = send(
                acme.request(Method::GET, "/api/v1/projects")
                    .header(name, value),
            )
            .await;
            assert_eq!(
                (
                    answer.status.as_u16(),
                    answer.json()["items"].as_array().unwrap().len()
                ),
                (200, 0),
                "{name}"
            );
        }
    }
}

#[tokio::test]
async fn iso_42_a_cursor_of_another_tenant_is_refused() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        for n in 0..3 {
            beta.project(&format!("b{n}")).await;
            acme.project(&format!("a{n}")).await;
        }
        let cursor = beta.get("/api/v1/projects?limit=1").await.json()["next"]
            .as_str()
            .unwrap()
            .to_owned();
        acme.get(&format!("/api/v1/projects?limit=1&after={cursor}"))
            .await
            .is_problem(400, "cursor-invalid");
    }
}

#[tokio::test]
async fn iso_04_members_that_nobody_may_set_are_refused() {
    for world in World::all().await {
        let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
        let beta_id = beta.get("/api/v1/me").await.json()["tenant"]["id"].clone();
        for member in [
            "tenant_id",
            "tenantId",
            "id",
            "version",
            "created_at",
            "created_by",
        ] {
            let body = json!({ "name": "x", member: beta_id });
            acme.post("/api/v1/projects", &body)
                .await
                .is_problem(422, "json-type");
        }
        let twice = acme
            .request(Method::POST, "/api/v1/projects")
            .header("content-type", "application/json");
        send(twice.body(r#"{"name":"a","name":"b"}"#))
            .await
            .is_problem(422, "json-type");
        assert_eq!(acme.names().await, [""; 0]);
        assert_eq!(beta.names().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_sign_in_of_one_tenant_does_not_open_another() {
    for world in World::all().await {
        world.sign_up("acme").await;
        let beta = world.sign_up("beta").await;
        let refused = world
            .token(
                Some("beta"),
                &password_form("owner@acme.test", crate::world::PASSWORD),
            )
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["error"].as_str()),
            (400, Some("invalid_grant"))
        );
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "starter-web"),
            ("refresh_token", &beta.refresh),
        ];
        let refused = world.token(Some("acme"), &form).await;
        assert_eq!(
            (refused.status.as_u16(), refused.json()["error"].as_str()),
            (400, Some("invalid_grant"))
        );
    }
}

#[tokio::test]
async fn iso_62_one_person_in_two_tenants_sees_each_by_its_own_token() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let body = json!({
            "tenant": { "slug": "second", "name": "Second" },
            "owner": { "email": "Owner@ACME.test", "password": crate::world::PASSWORD, "name": "Owner" },
        });
        let answer = send(world.request(Method::POST, "/api/v1/signup").json(&body)).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        let second = world
            .sign_in("second", "owner@acme.test", crate::world::PASSWORD)
            .await;
        acme.project("mine").await;
        second.project("other").await;
        for _ in 0..5 {
            assert_eq!(acme.names().await, ["mine"]);
            assert_eq!(second.names().await, ["other"]);
        }
        let me = second.get("/api/v1/me").await.json();
        assert_eq!(me["tenant"]["slug"], "second");
        assert_eq!(me["memberships"].as_array().unwrap().len(), 2);
        // Without the password nobody adds a tenant to an account.
        let body = json!({
            "tenant": { "slug": "third", "name": "Third" },
            "owner": { "email": "owner@acme.test", "password": "something else", "name": "Owner" },
        });
        send(world.request(Method::POST, "/api/v1/signup").json(&body))
            .await
            .is_problem(409, "email-taken");
    }
}
