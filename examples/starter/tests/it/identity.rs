//! Sign-in, tokens, and every token that is not good.

use std::time::{Duration, SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use crate::world::{PASSWORD, World, password_form, send};

#[tokio::test]
async fn me_says_who_is_calling() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let me = acme.get("/api/v1/me").await.json();
        assert_eq!(me["user"]["email"], "owner@acme.test");
        assert_eq!(me["tenant"]["slug"], "acme");
        assert_eq!(me["roles"], json!(["owner"]));
        assert_eq!(me["amr"], json!(["pwd"]));
        assert!(
            me["permissions"]
                .as_array()
                .unwrap()
                .contains(&json!("projects:write"))
        );
        assert_eq!(me["memberships"][0]["tenant"]["slug"], "acme");
    }
}

#[tokio::test]
async fn pwd_01_wrong_credentials_all_look_alike() {
    for world in World::all().await {
        world.sign_up("acme").await;
        for (email, password) in [
            ("owner@acme.test", "wrong password"),
            ("nobody@acme.test", PASSWORD),
            ("not an address", PASSWORD),
            ("owner@acme.test", &"x".repeat(5000)),
            ("owner@acme.test", "nul\0byte"),
        ] {
            let answer = world
                .token(Some("acme"), &password_form(email, password))
                .await;
            assert_eq!(answer.status, 400, "{email}");
            let body = answer.json();
            assert_eq!(body["error"], "invalid_grant");
            assert_eq!(body["code"], "credentials-invalid");
            assert_eq!(answer.header("cache-control"), Some("no-store"));
        }
    }
}

#[tokio::test]
async fn oau_12_48_a_malformed_token_request_is_an_error_of_rfc_6749() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    world.sign_up("acme").await;
    let ask = async |body: &'static [u8], kind: &'static str| {
        let request = world
            .request(Method::POST, "/oauth/token")
            .header("x-tenant", "acme")
            .header("content-type", kind);
        send(request.body(body)).await
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    for (body, kind, status, error) in [
        (&b""[..], FORM, 400, "invalid_request"),
        (b"grant_type=password", FORM, 400, "invalid_request"),
        (
            b"grant_type=password&client_id=nobody",
            FORM,
            401,
            "invalid_client",
        ),
        (
            b"grant_type=magic&client_id=starter-web",
            FORM,
            400,
            "unsupported_grant_type",
        ),
        (
            b"grant_type=password&client_id=starter-web",
            FORM,
            400,
            "invalid_request",
        ),
        (
            b"grant_type=password&grant_type=password&client_id=starter-web",
            FORM,
            400,
            "invalid_request",
        ),
        (
            b"grant_type=refresh_token&client_id=starter-web&refresh_token=srt_x",
            FORM,
            400,
            "invalid_grant",
        ),
        (
            b"grant_type=refresh_token&client_id=starter-web&refresh_token=\xff",
            FORM,
            400,
            "invalid_request",
        ),
        (
            b"{\"grant_type\":\"password\"}",
            "application/json",
            400,
            "invalid_request",
        ),
    ] {
        let answer = ask(body, kind).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["error"].as_str()),
            (status, Some(error)),
            "{answer:?}"
        );
    }
    let answer = world
        .token(None, &password_form("owner@acme.test", PASSWORD))
        .await;
    assert_eq!(answer.json()["error"], "invalid_request");
    let large = send(
        world
            .request(Method::POST, "/oauth/token")
            .header("content-type", FORM)
            .body("x".repeat(20_000)),
    )
    .await;
    large.is_problem(413, "body-too-large");
}

#[tokio::test]
async fn oau_23_24_a_refresh_token_has_one_next_and_a_late_second_use_ends_the_session() {
    for world in World::all().await {
        let acme = world.sign_up("acme").await;
        let form = |token: &str| {
            vec![
                ("grant_type", "refresh_token".to_owned()),
                ("client_id", "starter-web".to_owned()),
                ("refresh_token", token.to_owned()),
            ]
        };
        let uses = (0..20).map(|_| {
            let request = world
                .request(Method::POST, "/oauth/token")
                .form(&form(&acme.refresh));
            tokio::spawn(async move {
                // Who had to wait for too long asks again.
                let mut answer = send(request.try_clone().unwrap()).await;
                for _ in 0..10 {
                    if answer.status != 503 {
                        break;
                    }
                    answer = send(request.try_clone().unwrap()).await;
                }
                answer
            })
        });
        let mut won = Vec::new();
        for task in uses.collect::<Vec<_>>() {
            let answer = task.await.unwrap();
            match answer.status.as_u16() {
                200 => won.push(answer.json()["refresh_token"].as_str().unwrap().to_owned()),
                400 => assert_eq!(answer.json()["error"], "invalid_grant"),
                _ => panic!("{answer:?}"),
            }
        }
        // Whoever asks again at once is told the same, as a client that lost an answer would be.
        won.dedup();
        assert_eq!(won.len(), 1);
        let ask = async |token: &str| {
            send(
                world
                    .request(Method::POST, "/oauth/token")
                    .form(&form(token)),
            )
            .await
        };
        let third = ask(&won[0]).await.json()["refresh_token"].to_string();
        // Since then the first is a copy that somebody kept, and ends everything.
        assert_eq!(ask(&acme.refresh).await.json()["error"], "invalid_grant");
        for token in [&won[0], third.trim_matches('"')] {
            let after = ask(token).await;
            assert_eq!(
                after.json()["error"],
                "invalid_grant",
                "the session goes on"
            );
        }
    }
}

/// Takes the parts of a token.
fn parts(token: &str) -> (Value, Value, String) {
    let part = |n: usize| token.split('.').nth(n).unwrap();
    let json =
        |n: usize| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part(n)).unwrap()).unwrap();
    (json(0), json(1), part(2).to_owned())
}

fn join(header: &Value, claims: &Value, signature: &str) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.{signature}", part(header), part(claims))
}

#[tokio::test]
async fn jwt_01_02_03_04_15_16_17_a_changed_token_is_refused() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let (acme, beta) = (world.sign_up("acme").await, world.sign_up("beta").await);
    let (header, claims, signature) = parts(&acme.token);
    let beta_id = beta.get("/api/v1/me").await.json()["tenant"]["id"].clone();
    let with = |value: &Value, name: &str, to: Value| {
        let mut value = value.clone();
        value[name] = to;
        value
    };
    let mut tokens = vec![
        join(&header, &with(&claims, "tid", beta_id), &signature),
        join(&with(&header, "typ", json!("JWT")), &claims, &signature),
        join(&with(&header, "zip", json!("DEF")), &claims, &signature),
        join(&with(&header, "crit", json!(["b64"])), &claims, &signature),
        join(&header, &claims, ""),
        format!("{}.", acme.token),
        format!("{}A", acme.token),
        "a.b.c".to_owned(),
        "..".to_owned(),
        "x".repeat(9000),
    ];
    tokens.retain(|token| *token != acme.token);
    for alg in ["none", "None", "nOnE", "HS256", "RS256", "ES256"] {
        tokens.push(join(&with(&header, "alg", json!(alg)), &claims, &signature));
        tokens.push(join(&with(&header, "alg", json!(alg)), &claims, ""));
    }
    for kid in ["../../etc/passwd", "' OR 1=1 --", "\0", &"k".repeat(1000)] {
        tokens.push(join(&with(&header, "kid", json!(kid)), &claims, &signature));
    }
    for exp in [
        json!("9999999999"),
        json!(1e30),
        json!(null),
        json!([1]),
        json!(-1),
        json!(99_999_999_999.5),
    ] {
        tokens.push(join(&header, &with(&claims, "exp", exp), &signature));
    }
    for token in tokens {
        let answer = send(world.request(Method::GET, "/api/v1/me").bearer_auth(&token)).await;
        assert_eq!(
            (answer.status.as_u16(), answer.json()["code"].as_str()),
            (401, Some("token-invalid")),
            "{token}"
        );
        assert!(
            answer
                .header("www-authenticate")
                .unwrap()
                .contains("invalid_token")
        );
    }
    assert_eq!(acme.get("/api/v1/me").await.status, 200);
}

#[tokio::test]
async fn jwt_28_where_a_token_may_stand() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let acme = world.sign_up("acme").await;
    let ask = |value: String| {
        world
            .request(Method::GET, "/api/v1/me")
            .header("authorization", value)
    };
    assert_eq!(
        send(ask(format!("bearer {}", acme.token))).await.status,
        200
    );
    send(ask(format!("Bearer  {}", acme.token)))
        .await
        .is_problem(400, "header-invalid");
    send(ask("Basic eDp5".to_owned()))
        .await
        .is_problem(400, "header-invalid");
    let twice = ask(format!("Bearer {}", acme.token))
        .header("authorization", format!("Bearer {}", acme.token));
    send(twice).await.is_problem(400, "header-invalid");
    let query = format!("/api/v1/me?access_token={}", acme.token);
    send(world.request(Method::GET, &query))
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_ends_when_it_says() {
    let short = [
        ("SAAS__AUTH__TOKEN__ACCESS_LIFETIME", "1s"),
        ("SAAS__AUTH__TOKEN__LEEWAY", "0s"),
    ];
    let world = World::on(Dialect::Sqlite, &short).await;
    world.sign_up("acme").await;
    let now = || {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        since.unwrap().as_secs_f64()
    };
    // A second is short: a token may have ended before it is used.
    for _ in 0..20 {
        let acme = world.sign_in("acme", "owner@acme.test", PASSWORD).await;
        let ends = parts(&acme.token).1["exp"].as_f64().unwrap();
        let mut was_good = false;
        loop {
            let before = now();
            let status = acme.get("/api/v1/me").await.status.as_u16();
            match status {
                200 => assert!(before < ends, "{before} {ends}"),
                401 => assert!(now() >= ends, "{ends}"),
                _ => panic!("{status}"),
            }
            if status == 401 {
                break;
            }
            was_good = true;
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        if was_good {
            return;
        }
    }
    panic!("no token was ever good");
}

#[tokio::test]
async fn jwt_23_the_key_set_is_public_and_holds_the_next_key() {
    for world in World::all().await {
        let set = send(world.request(Method::GET, "/.well-known/jwks.json"))
            .await
            .json();
        let keys = set["keys"].as_array().unwrap();
        // Of each algorithm the one that signs and the next.
        for (kind, curve, algorithm) in [("OKP", "Ed25519", "EdDSA"), ("EC", "P-256", "ES256")] {
            let is =
                |key: &&Value| key["kty"] == kind && key["crv"] == curve && key["alg"] == algorithm;
            assert_eq!(keys.iter().filter(is).count(), 2, "{keys:?}");
        }
        assert_eq!(keys.len(), 4);
        assert!(keys.iter().all(|key| key.get("d").is_none()));
    }
}
