//! A program in which a person sets up the second factor that the tenant wants, before there is a token.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    mfa::{App, enrolled, second},
    world::{Answer, Caller, PASSWORD, World, password_form, send},
};

const BOB: &str = "bob@acme.test";

async fn begin(world: &World, tenant: &str, token: &str) -> Answer {
    let form = [("client_id", "starter-web"), ("mfa_token", token)];
    let request = world.request(Method::POST, "/oauth/totp").form(&form);
    send(request.header("x-tenant", tenant)).await
}

async fn confirm(world: &World, tenant: &str, token: &str, told: &Answer) -> Answer {
    let app = App::new(told.json()["secret"].as_str().unwrap());
    let (code, factor) = (app.code(0), told.json()["factor"].clone());
    let form = [
        ("grant_type", "urn:saas:grant-type:second-factor"),
        ("client_id", "starter-web"),
        ("mfa_token", token),
        ("factor", factor.as_str().unwrap()),
        ("otp", &code),
    ];
    world.token(Some(tenant), &form).await
}

fn told(answer: &Answer) -> (u16, String) {
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    (answer.status.as_u16(), code)
}

#[tokio::test]
async fn mfa_08_12_a_member_enrols_an_app_with_the_sign_in_that_waits_and_only_with_it() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        world.sign_up("beta").await;
        let body = json!({ "email": BOB, "name": "Bob", "password": PASSWORD, "roles": ["user"] });
        assert_eq!(owner.post("/api/v1/members", &body).await.status, 201);
        let bob = world.sign_in("acme", BOB, PASSWORD).await;
        let (app, _) = enrolled(&owner).await;
        let owners = password_form("owner@acme.test", PASSWORD);
        let owners = world.token(Some("acme"), &owners).await;
        // Who sets the rules has what they ask for.
        let entered = second(&world, &owners, "otp", &app.code(1)).await.json();
        let owner = Caller {
            world: &world,
            token: entered["access_token"].as_str().unwrap().to_owned(),
            refresh: String::new(),
        };
        let rules = json!({ "rules": [{ "requirement": "required" }] });
        let set = async |rules: &Value| {
            let set = owner.request(Method::PUT, "/api/v1/mfa-rules").json(rules);
            assert_eq!(send(set).await.status, 200);
        };
        set(&rules).await;
        let waiting = async |password: &str| {
            let form = password_form(BOB, password);
            let answer = world.token(Some("acme"), &form).await;
            assert_eq!(answer.json()["error"], "mfa_enrolment_required");
            answer.json()["mfa_token"].as_str().unwrap().to_owned()
        };
        let refused = (400, "credentials-invalid".to_owned());
        let token = waiting(PASSWORD).await;
        assert_eq!(told(&begin(&world, "beta", &token).await), refused);
        // Who has a factor proves it.
        let owners = owners.json();
        let owners = owners["mfa_token"].as_str().unwrap();
        let mere = begin(&world, "acme", owners).await;
        assert_eq!(told(&mere), (400, "step-up-required".to_owned()));
        // The password is changed meanwhile.
        let begun = begin(&world, "acme", &token).await;
        assert_eq!(begun.status, 200, "{begun:?}");
        set(&json!({ "rules": [] })).await;
        let new = "another horse battery";
        let change_to = json!({ "current": PASSWORD, "new": new });
        let begun_to_ask = Instant::now();
        loop {
            let change = bob.request(Method::PUT, "/api/v1/me/password");
            let changed = send(change.json(&change_to)).await;
            if changed.status == 204 {
                break;
            }
            // The rules of before hold for a moment.
            changed.is_problem(401, "step-up-required");
            assert!(begun_to_ask.elapsed() < Duration::from_secs(10));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        set(&rules).await;
        let late = confirm(&world, "acme", &token, &begun).await;
        assert_eq!(told(&late), refused);

        let token = waiting(new).await;
        let begun = begin(&world, "acme", &token).await;
        let elsewhere = confirm(&world, "beta", &token, &begun).await;
        assert_eq!(told(&elsewhere), refused);
        let entered = confirm(&world, "acme", &token, &begun).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        let entered = entered.json();
        assert_eq!(entered["recovery_codes"].as_array().unwrap().len(), 10);
        let bearer = entered["access_token"].as_str().unwrap();
        let me = world.request(Method::GET, "/api/v1/me").bearer_auth(bearer);
        assert_eq!(send(me).await.json()["acr"], "aal2");
        let again = begin(&world, "acme", &token).await;
        assert_eq!(told(&again), (400, "step-up-required".to_owned()));
    }
}
