//! Second factors: every door, under every rule.

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use crate::world::{Answer, Caller, PASSWORD, World, password_form, send};

const OWNER: &str = "owner@acme.test";

/// An app for codes, by the clock of the machine.
struct App(totp_rs::Totp);

impl App {
    fn new(secret: &str) -> Self {
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    /// The code of so many steps from now. Each step is good once, and the ones beside it count.
    fn code(&self, steps: i64) -> String {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.0
            .generate(now.strict_add_signed(steps * 30))
            .to_string()
    }
}

async fn enrolled(owner: &Caller<'_>) -> (App, Vec<String>) {
    let told = owner
        .post("/api/v1/me/totp", &json!({ "name": "phone" }))
        .await;
    assert_eq!(told.status, 201, "{told:?}");
    let told = told.json();
    let app = App::new(told["secret"].as_str().unwrap());
    assert!(
        told["otpauth_uri"]
            .as_str()
            .unwrap()
            .starts_with("otpauth://totp/")
    );
    let path = format!("/api/v1/me/totp/{}", told["id"].as_str().unwrap());
    let wrong = owner.post(&path, &json!({ "code": "000000" })).await;
    wrong.is_problem(401, "second-factor-invalid");
    let confirmed = owner.post(&path, &json!({ "code": app.code(0) })).await;
    assert_eq!(confirmed.status, 200, "{confirmed:?}");
    let codes = confirmed.json()["recovery_codes"].clone();
    (app, serde_json::from_value(codes).unwrap())
}

async fn second(world: &World, pending: &Answer, name: &str, proof: &str) -> Answer {
    let token = pending.json()["mfa_token"].as_str().unwrap().to_owned();
    let form = [
        ("grant_type", "urn:saas:grant-type:second-factor"),
        ("client_id", "starter-web"),
        ("mfa_token", &token),
        (name, proof),
    ];
    world.token(Some("acme"), &form).await
}

#[tokio::test]
async fn an_owner_signs_in_with_an_app_and_with_a_recovery_code() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (app, codes) = enrolled(&owner).await;
        let pending = world
            .token(Some("acme"), &password_form(OWNER, PASSWORD))
            .await;
        assert_eq!(pending.status, 403, "{pending:?}");
        assert_eq!(pending.json()["error"], "mfa_required");
        // The one after that which has confirmed it, whatever the clock does meanwhile.
        let code = app.code(1);
        let entered = second(&world, &pending, "otp", &code).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        assert_eq!(second(&world, &pending, "otp", &code).await.status, 400);
        let bearer = entered.json()["access_token"].as_str().unwrap().to_owned();
        let me = world
            .request(Method::GET, "/api/v1/me")
            .bearer_auth(&bearer);
        let me = send(me).await.json();
        assert_eq!(
            (&me["acr"], &me["amr"]),
            (&json!("aal2"), &json!(["pwd", "otp"]))
        );
        let entered = second(&world, &pending, "recovery_code", &codes[0]).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        // A session of before is not enough to change factors.
        let factors = owner.get("/api/v1/me/factors").await.json();
        assert_eq!(factors["recovery_codes"], 9);
        let id = factors["items"][0]["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/me/factors/{id}");
        let refused = owner.delete(&path).await;
        refused.is_problem(401, "step-up-required");
        let challenge = refused.header("www-authenticate").unwrap();
        assert!(challenge.contains("acr_values=\"aal2\""), "{challenge}");
        let remove = world.request(Method::DELETE, &path).bearer_auth(&bearer);
        assert_eq!(send(remove).await.status, 204);
        world.sign_in("acme", OWNER, PASSWORD).await;
    }
}

#[tokio::test]
async fn mfa_11_every_door_asks_what_the_rule_says() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let other = world.sign_up("beta").await;
    let body = json!({ "email": OWNER, "roles": ["user"] });
    assert_eq!(other.post("/api/v1/invitations", &body).await.status, 201);
    for (requirement, open) in [("optional", true), ("required", false), ("passkey", false)] {
        let rules = json!({ "rules": [{ "requirement": requirement }] });
        let early = world
            .token(Some("acme"), &password_form(OWNER, PASSWORD))
            .await;
        let set = owner.request(Method::PUT, "/api/v1/mfa-rules").json(&rules);
        assert_eq!(send(set).await.status, 200, "{requirement}");
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        // The password.
        let door = world
            .token(Some("acme"), &password_form(OWNER, PASSWORD))
            .await;
        assert_eq!(door.status == 200, open, "{requirement}: {door:?}");
        // What is signed in, and its refreshing.
        let tokens = early.json();
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        let me = world.request(Method::GET, "/api/v1/me");
        let me = send(me.bearer_auth(text("access_token"))).await;
        assert_eq!(me.status == 200, open, "{requirement}: {me:?}");
        let refresh = text("refresh_token");
        let form = [
            ("grant_type", "refresh_token"),
            ("client_id", "starter-web"),
            ("refresh_token", &*refresh),
        ];
        let refreshed = world.token(Some("acme"), &form).await;
        assert_eq!(
            refreshed.status == 200,
            open,
            "{requirement}: {refreshed:?}"
        );
        // A key of a program is made by who has proven enough, or not at all.
        let key = json!({ "name": "k", "scopes": ["projects:read"], "expires_in": 3600 });
        let key = owner.post("/api/v1/me/api-keys", &key).await;
        assert_eq!(key.status == 201, open, "{requirement}: {key:?}");
        // The rule goes again, by who is still let: nobody but the database.
        if !open {
            break;
        }
    }
}

#[tokio::test]
async fn a_rule_about_a_role_is_about_who_has_it() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    for (name, role) in [("admin", "admin"), ("user", "user")] {
        let body = json!({
            "email": format!("{name}@acme.test"), "name": name, "password": PASSWORD, "roles": [role],
        });
        assert_eq!(owner.post("/api/v1/members", &body).await.status, 201);
    }
    let rules = json!({ "rules": [{ "role": "admin", "requirement": "required" }] });
    let set = owner.request(Method::PUT, "/api/v1/mfa-rules").json(&rules);
    assert_eq!(send(set).await.status, 200);
    let read: Value = owner.get("/api/v1/mfa-rules").await.json();
    assert_eq!(read["rules"][0]["role"], "admin");
    let door = async |name: &str| {
        let email = format!("{name}@acme.test");
        let form = password_form(&email, PASSWORD);
        world.token(Some("acme"), &form).await.status.as_u16()
    };
    assert_eq!((door("admin").await, door("user").await), (403, 200));
    let wrong = json!({ "rules": [{ "requirement": "required", "grace": 99_999_999 }] });
    let set = owner.request(Method::PUT, "/api/v1/mfa-rules").json(&wrong);
    send(set).await.is_problem(422, "validation");
}

#[tokio::test]
async fn mfa_12_what_waits_reaches_no_route() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    enrolled(&owner).await;
    let pending = world
        .token(Some("acme"), &password_form(OWNER, PASSWORD))
        .await;
    let token = pending.json()["mfa_token"].as_str().unwrap().to_owned();
    let table = world.command(&["routes", "--json"]).output().unwrap();
    let table: Value = serde_json::from_slice(&table.stdout).unwrap();
    let mut guarded = 0;
    for route in table.as_array().unwrap() {
        let text = |name: &str| route[name].as_str().unwrap_or_default().to_owned();
        if route["auth"] == "public" || text("path").is_empty() {
            continue;
        }
        let path = text("path").replace("{*path}", "x").replace(['{', '}'], "");
        let method: Method = text("method").parse().unwrap();
        let request = world.request(method.clone(), &path).bearer_auth(&token);
        let answer = send(request.header("x-tenant", "acme")).await;
        assert_eq!(answer.status, 401, "{method} {path}: {answer:?}");
        guarded += 1;
    }
    assert!(guarded > 50, "{guarded}: {table}");
}

#[tokio::test]
async fn mfa_23_an_owner_takes_the_factors_of_a_member_who_has_lost_them() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let body =
        json!({ "email": "bob@acme.test", "name": "Bob", "password": PASSWORD, "roles": ["user"] });
    let bob_id = owner.post("/api/v1/members", &body).await.json()["id"].clone();
    let bob = world.sign_in("acme", "bob@acme.test", PASSWORD).await;
    enrolled(&bob).await;
    let path = format!("/api/v1/members/{}/factors", bob_id.as_str().unwrap());
    bob.delete(&path).await.is_problem(403, "forbidden");
    assert_eq!(owner.delete(&path).await.status, 204);
    world.sign_in("acme", "bob@acme.test", PASSWORD).await;
}

#[tokio::test]
async fn mfa_19_a_passkey_that_is_none_is_refused_with_a_code() {
    let site = [("SAAS__AUTH__TOKEN__ISSUER", "https://app.example")];
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let world = World::on(dialect, &site).await;
        let owner = world.sign_up("acme").await;
        let passkeys = "/api/v1/me/passkeys";
        let unnamed = owner.post(passkeys, &json!({ "name": "" })).await;
        unnamed.is_problem(422, "validation");
        let begun = owner.post(passkeys, &json!({ "name": "phone" })).await;
        assert_eq!(begun.status, 201, "{begun:?}");
        let begun = begun.json();
        assert_eq!(begun["options"]["rp"]["id"], "app.example");
        let path = format!("{passkeys}/{}", begun["id"].as_str().unwrap());
        let response = json!({ "clientDataJSON": "e30", "attestationObject": "oA" });
        let good = json!({ "id": "YQ", "rawId": "YQ", "type": "public-key", "response": response });
        let large = json!({ "id": "a".repeat(500_000) });
        for wrong in [json!({}), json!([]), json!(null), json!(1), good, large] {
            owner
                .post(&path, &wrong)
                .await
                .is_problem(400, "passkey-invalid");
        }
        let larger = owner
            .post(&path, &json!({ "id": "a".repeat(3 << 20) }))
            .await;
        larger.is_problem(413, "body-too-large");
        // What waits is no passkey yet, and nobody has that of another.
        assert_eq!(owner.get(passkeys).await.json()["items"], json!([]));
        let other = world.sign_up("beta").await;
        other.delete(&path).await.is_problem(404, "not-found");
        let renamed = other.patch(&path, None, &json!({ "name": "x" })).await;
        renamed.is_problem(404, "not-found");
        let renamed = owner
            .patch(&path, None, &json!({ "name": "my phone" }))
            .await;
        assert_eq!(renamed.status, 204, "{renamed:?}");
        assert_eq!(owner.delete(&path).await.status, 204);
    }
    // At an address in digits browsers know none.
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let none = owner
        .post("/api/v1/me/passkeys", &json!({ "name": "phone" }))
        .await;
    none.is_problem(409, "conflict");
}
