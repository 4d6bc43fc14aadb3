//! Second factors: every door, under every rule.

use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use crate::world::{Answer, Caller, PASSWORD, World, password_form, send};

const OWNER: &str = "owner@acme.test";

/// An app for codes, by the clock of the machine.
pub(crate) struct App(totp_rs::Totp);

impl App {
    pub(crate) fn new(secret: &str) -> Self {
        let secret = totp_rs::Secret::try_from_base32(secret).unwrap();
        Self(totp_rs::Builder::new().with_secret(secret).build().unwrap())
    }

    /// The code of so many steps from now. Each step is good once, and the ones beside it count.
    pub(crate) fn code(&self, steps: i64) -> String {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        self.0
            .generate(now.strict_add_signed(steps * 30))
            .to_string()
    }
}

pub(crate) async fn enrolled(owner: &Caller<'_>) -> (App, Vec<String>) {
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

/// Nor does an answer go past what their handlers ask, which is a recent proof.
#[tokio::test]
async fn mfa_08_what_is_shown_once_is_not_told_again_to_who_sends_its_idempotency_key() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let client = json!({
            "name": "program", "grants": ["client_credentials"], "scopes": ["projects:read"],
            "auth_method": "client_secret_basic",
        });
        for (path, body) in [
            ("/api/v1/me/totp", json!({ "name": "phone" })),
            (
                "/api/v1/me/api-keys",
                json!({ "name": "program", "scopes": ["projects:read"] }),
            ),
            ("/api/v1/clients", client),
        ] {
            let ask = async || {
                let request = owner.request(Method::POST, path).json(&body);
                send(request.header("idempotency-key", path)).await
            };
            let (first, again) = (ask().await, ask().await);
            assert_eq!(first.status, 201, "{path}: {first:?}");
            assert_eq!(first.header("cache-control"), Some("no-store"), "{path}");
            again.is_problem(409, "idempotency-answer-lost");
            let secret = first.json()["secret"].as_str().unwrap().to_owned();
            assert!(!again.text.contains(&secret), "{path}");
        }
    }
}

pub(crate) async fn second(world: &World, pending: &Answer, name: &str, proof: &str) -> Answer {
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

/// What each door answers under each rule to a person without a second factor and to one with an app. The tokens are of
/// a sign-in before the app and before the rule.
const DOORS: &str = "
rule       person  password                  page    second factor             token                       refresh                api key
none       bare    200                       in      -                         200                         200                    201
none       app     403 mfa_required          second  200                       200                         400 invalid_grant        201
optional   bare    200                       in      -                         200                         200                    201
optional   app     403 mfa_required          second  200                       200                         400 invalid_grant        201
grace      bare    200                       in      -                         200                         200                    201
grace      app     403 mfa_required          second  200                       200                         400 invalid_grant        201
email      bare    403 mfa_required          second  -                         401 step-up-required        400 invalid_grant        401 step-up-required
email      app     403 mfa_required          second  200                       401 step-up-required        400 invalid_grant        401 step-up-required
required   bare    403 mfa_enrolment_required  enrol  -                        403 mfa-enrolment-required  400 invalid_grant        403 mfa-enrolment-required
required   app     403 mfa_required          second  200                       401 step-up-required        400 invalid_grant        401 step-up-required
passkey    bare    403 mfa_enrolment_required  choose  -                        403 mfa-enrolment-required  400 invalid_grant        403 mfa-enrolment-required
passkey    app     403 mfa_required          second  403 mfa_enrolment_required  403 mfa-enrolment-required  400 invalid_grant        403 mfa-enrolment-required
";

/// The words of a line, however far apart they stand.
fn words(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| !line.is_empty()).skip(1);
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    lines.map(line).collect()
}

/// The status, and the code of what is no success.
fn told(answer: &Answer) -> String {
    let code = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
    let code = ["error", "code"]
        .iter()
        .find_map(|name| code[name].as_str());
    match code {
        Some(code) => format!("{} {code}", answer.status.as_u16()),
        None => answer.status.as_u16().to_string(),
    }
}

/// What the page for signing in leads to.
async fn page(world: &World, tenant: &str, email: &str) -> &'static str {
    let path = format!("/t/{tenant}/login");
    let shown = send(world.request(Method::GET, &path)).await;
    let cookie = shown.header("set-cookie").unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let (_, token) = shown
        .text
        .split_once("name=\"form_token\" value=\"")
        .unwrap();
    let token = token.split('"').next().unwrap();
    let form = [
        ("form_token", token),
        ("username", email),
        ("password", PASSWORD),
    ];
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let address = format!("{}{path}", world.url);
    let sent = browser.build().unwrap().post(address).form(&form);
    let sent = sent.header("cookie", cookie).header("origin", &world.url);
    let answer = send(sent).await;
    let has_session = answer
        .headers
        .get_all("set-cookie")
        .iter()
        .any(|cookie| cookie.to_str().unwrap().starts_with("__Host-session-"));
    let forms =
        ["login/second", "login/enrol"].map(|form| answer.text.contains(&format!("/{form}\"")));
    match (has_session, forms) {
        // A passkey would outlive the password that an administrator chose.
        (false, [false, false]) if answer.text.contains("password-provisional") => "choose",
        (true, [false, false]) => "in",
        (false, [true, false]) => "second",
        (false, [false, true]) => "enrol",
        _ => panic!("{answer:?}"),
    }
}

#[tokio::test]
async fn mfa_11_every_door_under_every_rule() {
    // Browsers know no passkeys at an address in digits.
    let site = [("SAAS__AUTH__TOKEN__ISSUER", "https://app.example")];
    let world = World::on(Dialect::Sqlite, &site).await;
    let mut seen = Vec::new();
    for (name, rule) in [
        ("none", json!([])),
        ("optional", json!([{ "requirement": "optional" }])),
        (
            "grace",
            json!([{ "requirement": "required", "grace": 3600 }]),
        ),
        ("email", json!([{ "requirement": "email" }])),
        ("required", json!([{ "requirement": "required" }])),
        ("passkey", json!([{ "requirement": "passkey" }])),
    ] {
        let owner = world.sign_up(name).await;
        let people = [format!("bare@{name}.test"), format!("app@{name}.test")];
        for email in &people {
            let body =
                json!({ "email": email, "name": "P", "password": PASSWORD, "roles": ["user"] });
            assert_eq!(owner.post("/api/v1/members", &body).await.status, 201);
        }
        let [bare, app] = &people;
        let early = [
            world.sign_in(name, bare, PASSWORD).await,
            world.sign_in(name, app, PASSWORD).await,
        ];
        let (_, codes) = enrolled(&early[1]).await;
        let set = owner.request(Method::PUT, "/api/v1/mfa-rules");
        assert_eq!(send(set.json(&json!({ "rules": rule }))).await.status, 200);
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
        for (person, email, early) in [("bare", bare, &early[0]), ("app", app, &early[1])] {
            let door = world
                .token(Some(name), &password_form(email, PASSWORD))
                .await;
            let page = page(&world, name, email).await;
            let second = match person {
                "app" => {
                    let pending = door.json()["mfa_token"].as_str().unwrap().to_owned();
                    let form = [
                        ("grant_type", "urn:saas:grant-type:second-factor"),
                        ("client_id", "starter-web"),
                        ("mfa_token", &pending),
                        ("recovery_code", &codes[0]),
                    ];
                    told(&world.token(Some(name), &form).await)
                }
                _ => "-".to_owned(),
            };
            let token = told(&early.get("/api/v1/me").await);
            let key = json!({ "name": "k", "scopes": ["projects:read"], "expires_in": 3600 });
            let key = told(&early.post("/api/v1/me/api-keys", &key).await);
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", "starter-web"),
                ("refresh_token", &*early.refresh),
            ];
            let refresh = told(&world.token(Some(name), &form).await);
            let door = told(&door);
            seen.push(format!(
                "{name} {person} {door} {page} {second} {token} {refresh} {key}"
            ));
        }
    }
    assert_eq!(seen, words(DOORS), "{seen:#?}");
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
