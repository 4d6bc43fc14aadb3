//! The life of an account, from an invitation to its end, with the letters that go out.

use std::{path::Path, time::Duration};

use reqwest::Method;
use serde_json::{Value, json};

use crate::world::{Answer, PASSWORD, World, password_form, send};

const NEW: &str = "another good password";

/// Waits for the letter to somebody with such a subject, and gives the token of its link.
async fn token(world: &World, to: &str, subject: &str) -> String {
    let folder = world.folder.path().join("data/outbox");
    for _ in 0..400 {
        if let Some(mail) = letter(&folder, to, subject) {
            let (_, rest) = mail.split_once("?token=").unwrap();
            let token = |c: &char| c.is_ascii_alphanumeric() || "-_".contains(*c);
            return rest.chars().take_while(token).collect();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no letter `{subject}` to {to}");
}

/// The letter of that subject to somebody, taken out of the folder.
fn letter(folder: &Path, to: &str, subject: &str) -> Option<String> {
    for file in std::fs::read_dir(folder).ok()? {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "eml") {
            continue;
        }
        let mail = std::fs::read_to_string(&path).unwrap();
        if mail.contains(&format!("To: {to}")) && mail.contains(&format!("Subject: {subject}")) {
            std::fs::remove_file(path).unwrap();
            // Quoted-printable (RFC 2045, section 6.7).
            return Some(mail.replace("=\r\n", "").replace("=3D", "="));
        }
    }
    None
}

/// Posts to a public route of a tenant.
async fn public(world: &World, path: &str, body: &Value) -> Answer {
    let request = world.request(Method::POST, path).header("x-tenant", "acme");
    send(request.json(body)).await
}

async fn accept(world: &World, token: &str) -> Answer {
    let body = json!({ "token": token, "name": "Bob", "password": PASSWORD });
    public(world, "/api/v1/invitations/accept", &body).await
}

#[tokio::test]
async fn an_invited_person_joins_with_the_roles_of_the_invitation() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let invite = json!({ "email": "bob@new.test", "roles": ["admin"] });
        let answer = owner.post("/api/v1/invitations", &invite).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let path = answer.header("location").unwrap().to_owned();
        assert_eq!(owner.get(&path).await.json()["roles"], json!(["admin"]));
        let list = owner.get("/api/v1/invitations").await.json();
        assert_eq!(list["items"][0]["email"], "bob@new.test");
        let subject = "You are invited to ACME";
        let link = token(&world, "bob@new.test", subject).await;
        // pwd_31: a character more, a character less.
        accept(&world, link.get(1..).unwrap())
            .await
            .is_problem(400, "link-invalid");
        let longer = format!("{link}A");
        accept(&world, &longer)
            .await
            .is_problem(400, "link-invalid");
        let page = format!("/t/acme/invite?token={link}");
        let page = send(world.request(Method::GET, &page)).await;
        assert_eq!(page.status, 200, "{page:?}");
        let joined = accept(&world, &link).await;
        assert_eq!(joined.status, 201, "{joined:?}");
        accept(&world, &link).await.is_problem(400, "link-invalid");
        owner.get(&path).await.is_problem(404, "not-found");
        let bob = world.sign_in("acme", "bob@new.test", PASSWORD).await;
        let me = bob.get("/api/v1/me").await.json();
        assert_eq!(me["roles"], json!(["admin"]));
        assert_eq!(me["user"]["name"], "Bob");

        // Nobody invites with what he lacks, and members are not invited.
        let grab = json!({ "email": "eve@new.test", "roles": ["owner"] });
        let grab = bob.post("/api/v1/invitations", &grab).await;
        grab.is_problem(403, "grant-forbidden");
        let unknown = json!({ "email": "eve@new.test", "roles": ["king"] });
        let unknown = bob.post("/api/v1/invitations", &unknown).await;
        unknown.is_problem(422, "role-unknown");
        let member = json!({ "email": "owner@acme.test" });
        let member = bob.post("/api/v1/invitations", &member).await;
        member.is_problem(409, "member-already");
    }
}

#[tokio::test]
async fn an_invitation_is_worth_what_its_maker_could_still_give() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let invite = json!({ "email": "bob@new.test", "roles": ["admin"] });
        owner.post("/api/v1/invitations", &invite).await;
        let subject = "You are invited to ACME";
        accept(&world, &token(&world, "bob@new.test", subject).await).await;
        let bob = world.sign_in("acme", "bob@new.test", PASSWORD).await;
        let answer = bob
            .post(
                "/api/v1/invitations",
                &json!({ "email": "eve@new.test", "roles": ["admin"] }),
            )
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let path = answer.header("location").unwrap().to_owned();
        let link = token(&world, "eve@new.test", subject).await;
        let id = bob.get("/api/v1/me").await.json()["user"]["id"].clone();
        let member = format!("/api/v1/members/{}", id.as_str().unwrap());
        for roles in [json!([]), json!(["user"])] {
            let change = json!({ "roles": roles });
            assert_eq!(owner.patch(&member, None, &change).await.status, 200);
            accept(&world, &link).await.is_problem(400, "link-invalid");
        }
        bob.post(&format!("{path}/resend"), &json!({}))
            .await
            .is_problem(403, "forbidden");
        for active in [false, true] {
            let change = json!({ "roles": ["admin"], "active": active });
            assert_eq!(owner.patch(&member, None, &change).await.status, 200);
            if !active {
                accept(&world, &link).await.is_problem(400, "link-invalid");
            }
        }
        // Somebody who may sends it in his own name.
        let again = owner.post(&format!("{path}/resend"), &json!({})).await;
        assert_eq!(again.status, 201, "{again:?}");
        let newer = token(&world, "eve@new.test", subject).await;
        accept(&world, &link).await.is_problem(400, "link-invalid");
        let path = again.header("location").unwrap();
        assert_eq!(owner.delete(path).await.status, 204);
        accept(&world, &newer).await.is_problem(400, "link-invalid");
    }
}

#[tokio::test]
async fn pwd_02_a_forgotten_password_is_set_by_a_letter_and_nothing_else_tells() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let mut answers = Vec::new();
        for email in ["owner@acme.test", "nobody@acme.test", "no address"] {
            let answer = public(
                &world,
                "/api/v1/password/forgot",
                &json!({ "email": email }),
            )
            .await;
            answers.push((answer.status.as_u16(), answer.text));
        }
        assert_eq!(answers[0], (202, String::new()));
        assert!(answers.iter().all(|answer| *answer == answers[0]));
        let link = token(&world, "owner@acme.test", "Choose a new password").await;
        // pwd_32: a program that looks through mail opens the link, and uses nothing up.
        let page = format!("/t/acme/reset?token={link}");
        let page = send(world.request(Method::GET, &page)).await;
        assert_eq!(page.status, 200, "{page:?}");
        let reset = async |password: &str| {
            let body = json!({ "token": link, "password": password });
            public(&world, "/api/v1/password/reset", &body).await
        };
        reset("short").await.is_problem(422, "validation");
        assert_eq!(reset(NEW).await.status, 204);
        reset(NEW).await.is_problem(400, "link-invalid");
        owner
            .get("/api/v1/me")
            .await
            .is_problem(401, "token-invalid");
        let form = password_form("owner@acme.test", PASSWORD);
        assert_eq!(world.token(Some("acme"), &form).await.status, 400);
        world.sign_in("acme", "owner@acme.test", NEW).await;
    }
}

#[tokio::test]
async fn pwd_15_an_address_is_verified_and_changed_by_letters() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let confirm = async |token: &str| {
            public(&world, "/api/v1/email/confirm", &json!({ "token": token })).await
        };
        let subject = "Please confirm your e-mail address";
        let first = token(&world, "owner@acme.test", subject).await;
        let asked = owner.post("/api/v1/me/verify", &json!({})).await;
        assert_eq!(asked.status, 202, "{asked:?}");
        let link = token(&world, "owner@acme.test", subject).await;
        for page in ["verify", "email"] {
            let page = format!("/t/acme/{page}?token={link}");
            assert_eq!(send(world.request(Method::GET, &page)).await.status, 200);
        }
        confirm(&first).await.is_problem(400, "link-invalid");
        assert_eq!(confirm(&link).await.json()["confirmed"], "address");

        let change = async |password: &str| {
            let body = json!({ "email": "new@acme.test", "password": password });
            send(owner.request(Method::PUT, "/api/v1/me/email").json(&body)).await
        };
        change(NEW).await.is_problem(422, "validation");
        assert_eq!(change(PASSWORD).await.status, 202);
        let link = token(
            &world,
            "new@acme.test",
            "Please confirm your new e-mail address",
        )
        .await;
        world.sign_in("acme", "owner@acme.test", PASSWORD).await;
        assert_eq!(confirm(&link).await.json()["confirmed"], "change");
        let me = owner.get("/api/v1/me").await.json();
        assert_eq!(me["user"]["email"], "new@acme.test");
        world.sign_in("acme", "new@acme.test", PASSWORD).await;
    }
}

#[tokio::test]
async fn pwd_26_accounts_end_but_not_that_of_a_last_owner() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let invite = json!({ "email": "bob@new.test" });
        owner.post("/api/v1/invitations", &invite).await;
        let link = token(&world, "bob@new.test", "You are invited to ACME").await;
        accept(&world, &link).await;
        let bob = world.sign_in("acme", "bob@new.test", PASSWORD).await;
        let password = json!({ "password": PASSWORD });
        let delete = async |caller: &crate::world::Caller<'_>, body: &Value| {
            send(caller.request(Method::DELETE, "/api/v1/me").json(body)).await
        };
        delete(&owner, &password)
            .await
            .is_problem(409, "last-owner");
        assert_eq!(owner.get("/api/v1/me").await.status, 200);
        delete(&bob, &json!({ "password": NEW }))
            .await
            .is_problem(422, "validation");

        let gone = bob.post("/api/v1/me/deactivate", &password).await;
        assert_eq!(gone.status, 204, "{gone:?}");
        bob.get("/api/v1/me").await.is_problem(401, "token-invalid");
        let form = password_form("bob@new.test", PASSWORD);
        assert_eq!(world.token(Some("acme"), &form).await.status, 400);
        let forgot = json!({ "email": "bob@new.test" });
        public(&world, "/api/v1/password/forgot", &forgot).await;
        let link = token(&world, "bob@new.test", "Choose a new password").await;
        let body = json!({ "token": link, "password": NEW });
        let back = public(&world, "/api/v1/password/reset", &body).await;
        assert_eq!(back.status, 204);

        let bob = world.sign_in("acme", "bob@new.test", NEW).await;
        let deleted = delete(&bob, &json!({ "password": NEW })).await;
        assert_eq!(deleted.status, 204, "{deleted:?}");
        bob.get("/api/v1/me").await.is_problem(401, "token-invalid");
        let members = owner.get("/api/v1/members").await.json();
        assert_eq!(members["items"].as_array().unwrap().len(), 1);
        // The address is free for somebody else.
        owner.post("/api/v1/invitations", &invite).await;
        let link = token(&world, "bob@new.test", "You are invited to ACME").await;
        assert_eq!(accept(&world, &link).await.status, 201);
    }
}

#[tokio::test]
async fn pwd_26_a_member_who_is_kept_out_is_out_at_once_and_back_in_later() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let invite = json!({ "email": "bob@new.test", "roles": ["admin"] });
        owner.post("/api/v1/invitations", &invite).await;
        let link = token(&world, "bob@new.test", "You are invited to ACME").await;
        let id = accept(&world, &link).await.json()["user"]["id"].clone();
        let bob = world.sign_in("acme", "bob@new.test", PASSWORD).await;
        let member = format!("/api/v1/members/{}", id.as_str().unwrap());
        let me = owner.get("/api/v1/me").await.json()["user"]["id"].clone();
        let own = format!("/api/v1/members/{}", me.as_str().unwrap());
        let out = json!({ "active": false });
        // Not whom one may not remove either.
        let above = bob.patch(&own, None, &out).await;
        above.is_problem(403, "grant-forbidden");
        let last = owner.patch(&own, None, &out).await;
        last.is_problem(409, "last-owner");
        let answer = owner.patch(&member, None, &out).await;
        assert_eq!(answer.json()["active"], false, "{answer:?}");
        assert_eq!(answer.json()["roles"], json!(["admin"]));
        bob.get("/api/v1/me").await.is_problem(401, "token-invalid");
        let form = password_form("bob@new.test", PASSWORD);
        assert_eq!(world.token(Some("acme"), &form).await.status, 400);
        let back = owner.patch(&member, None, &json!({ "active": true })).await;
        assert_eq!(back.json()["active"], true);
        world.sign_in("acme", "bob@new.test", PASSWORD).await;
    }
}
