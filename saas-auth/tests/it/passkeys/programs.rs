//! Programs of our own that sign people in: a challenge, and the grants that answer it.

use http::{Request, header};
use saas_core::Level;
use saas_tenancy::Tenant;
use serde_json::Value;

use super::{ANN, authenticator::Authenticator, person, worlds};
use crate::{
    second::pending,
    world::{Answer, CLIENT, World, encode},
};

const SECOND: &str = "urn:saas:grant-type:second-factor";
const ALONE: &str = "urn:saas:grant-type:passkey";

async fn ask(world: &World, tenant: &Tenant, form: &[(&str, &str)]) -> Answer {
    let request = Request::post("/oauth/passkey")
        .header(header::HOST, "localhost")
        .header("x-tenant", tenant.slug().as_str())
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    world.send(request.body(encode(form).into()).unwrap()).await
}

/// Answers a challenge, by a grant.
async fn grant(
    world: &World,
    asked: &Value,
    device: &Authenticator,
    more: &[(&str, &str)],
) -> Answer {
    let given = device.get(&asked["options"].to_string()).to_string();
    let mut form = vec![
        ("passkey", given.as_str()),
        (
            "passkey_challenge",
            asked["passkey_challenge"].as_str().unwrap(),
        ),
    ];
    form.extend(more);
    world.token(Some(&world.acme), &form).await
}

#[tokio::test]
async fn a_program_signs_a_person_in_after_a_password_and_without_one() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let token = pending(&world, &world.acme, ANN).await;
        let asked = ask(
            &world,
            &world.acme,
            &[("client_id", CLIENT), ("mfa_token", &token)],
        )
        .await;
        assert_eq!(asked.status, 200, "{asked:?}");
        let asked = asked.json();
        assert_eq!(asked["expires_in"], 300);
        assert_eq!(
            asked["options"]["allowCredentials"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        let second = [
            ("grant_type", SECOND),
            ("client_id", CLIENT),
            ("mfa_token", &token),
        ];
        let both = [&second[..], &[("otp", "123456")]].concat();
        let both = grant(&world, &asked, &device, &both).await;
        assert_eq!(both.field("error"), "invalid_request");
        let entered = grant(&world, &asked, &device, &second).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        let verifier = world.identity.verifier();
        let principal = verifier.verify(&entered.field("access_token")).unwrap();
        assert_eq!(principal.methods(), ["pwd", "pop", "uv"]);
        let again = grant(&world, &asked, &device, &second).await;
        assert_eq!(again.outcome(), (400, "second-factor-invalid".to_owned()));

        let asked = ask(&world, &world.acme, &[("client_id", CLIENT)])
            .await
            .json();
        let alone = [("grant_type", ALONE), ("client_id", CLIENT)];
        let entered = grant(&world, &asked, &device, &alone).await;
        assert_eq!(entered.status, 200, "{entered:?}");
        let principal = verifier.verify(&entered.field("access_token")).unwrap();
        assert_eq!(principal.level(), Level::PhishingResistant);
        let again = grant(&world, &asked, &device, &alone).await;
        assert_eq!(again.outcome(), (400, "credentials-invalid".to_owned()));
        // The refresh of it goes the way of every other.
        let refreshed = world.exchange(None, &entered.field("refresh_token")).await;
        let principal = verifier.verify(&refreshed.field("access_token")).unwrap();
        assert_eq!(principal.methods(), ["pop", "uv"]);
    }
}

#[tokio::test]
async fn other_programs_get_neither_a_challenge_nor_a_token() {
    for world in worlds().await {
        let device = person(&world, ANN).await;
        let refused = ask(&world, &world.acme, &[("client_id", "partner")]).await;
        assert_eq!(refused.field("error"), "unauthorized_client");
        let unknown = ask(&world, &world.acme, &[("client_id", "nobody")]).await;
        assert_eq!(unknown.field("error"), "invalid_client");
        let late = ask(
            &world,
            &world.acme,
            &[("client_id", CLIENT), ("mfa_token", "x")],
        )
        .await;
        assert_eq!(late.outcome(), (400, "credentials-invalid".to_owned()));
        let asked = ask(&world, &world.acme, &[("client_id", CLIENT)])
            .await
            .json();
        for client in ["partner", "ours"] {
            let form = [("grant_type", ALONE), ("client_id", client)];
            let refused = grant(&world, &asked, &device, &form).await;
            assert_eq!(refused.field("error"), "unauthorized_client");
        }
    }
}

#[tokio::test]
async fn mfa_19_what_is_no_answer_is_refused_with_a_code() {
    let world = super::world().await;
    person(&world, ANN).await;
    let asked = ask(&world, &world.acme, &[("client_id", CLIENT)])
        .await
        .json();
    let challenge = asked["passkey_challenge"].as_str().unwrap();
    for wrong in ["{}", "x", "[]", &"x".repeat(13_000)] {
        let form = [
            ("grant_type", ALONE),
            ("client_id", CLIENT),
            ("passkey", wrong),
            ("passkey_challenge", challenge),
        ];
        let refused = world.token(Some(&world.acme), &form).await;
        assert_eq!(refused.outcome(), (400, "credentials-invalid".to_owned()));
    }
}
