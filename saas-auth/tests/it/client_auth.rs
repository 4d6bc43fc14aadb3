//! How clients prove who they are.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, KeyPair as _},
};
use axum::body::Body;
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::{Request, header};
use jsonwebtoken::{Algorithm, EncodingKey};
use saas_auth::oauth::{AuthMethod, NewClient, Registered};
use saas_tenancy::{Dialect, Tenant};
use serde_json::{Value, json};

use crate::{
    flow::{CALLBACK, register},
    world::{Answer, World, at_once, encode},
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

async fn client(world: &World, auth_method: AuthMethod, jwks: Option<Value>) -> Registered {
    let mut new = NewClient::new("Reports");
    new.redirect_uris = vec![CALLBACK.to_owned()];
    new.auth_method = auth_method;
    new.jwks = jwks;
    register(world, &world.acme, new).await
}

/// Asks for tokens with a refresh token that there is not. So a client that is believed learns that, and any
/// other one that it is not known.
async fn ask(
    world: &World,
    tenant: &Tenant,
    authorization: Option<&str>,
    form: &[(&str, &str)],
) -> Answer {
    let mut all = vec![("grant_type", "refresh_token"), ("refresh_token", "x")];
    all.extend_from_slice(form);
    let mut request = Request::post(format!("/t/{}/oauth/token", tenant.slug()))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    world
        .send(request.body(Body::from(encode(&all))).unwrap())
        .await
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

const BELIEVED: &str = "invalid_grant";

#[tokio::test]
async fn oau_28_a_client_is_believed_by_the_way_it_is_registered_with() {
    for world in World::all().await {
        let (none, by_basic, by_post) = (
            client(&world, AuthMethod::None, None).await,
            client(&world, AuthMethod::SecretBasic, None).await,
            client(&world, AuthMethod::SecretPost, None).await,
        );
        let own = |made: &Registered| {
            let secret = made.secret().map(|secret| secret.expose().clone());
            (made.client().id.clone(), secret.unwrap_or_default())
        };
        let (public, _) = own(&none);
        let (one, secret) = own(&by_basic);
        let (other, other_secret) = own(&by_post);
        let acme = &world.acme;
        let error = async |authorization: Option<String>, form: &[(&str, &str)]| {
            let answer = ask(&world, acme, authorization.as_deref(), form).await;
            answer.field("error")
        };
        assert_eq!(error(None, &[("client_id", &public)]).await, BELIEVED);
        assert_eq!(error(Some(basic(&one, &secret)), &[]).await, BELIEVED);
        let encoded = basic(&one.replace('-', "%2D"), &secret.replace('_', "%5F"));
        assert_eq!(error(Some(encoded), &[]).await, BELIEVED);
        let posted = [
            ("client_id", other.as_str()),
            ("client_secret", &other_secret),
        ];
        assert_eq!(error(None, &posted).await, BELIEVED);
        // Every client with a secret may use the header (RFC 6749, section 2.3.1).
        assert_eq!(
            error(Some(basic(&other, &other_secret)), &[]).await,
            BELIEVED
        );

        // Any other way, and any other secret.
        for (authorization, form) in [
            (None, vec![("client_id", one.as_str())]),
            (
                None,
                vec![
                    ("client_id", one.as_str()),
                    ("client_secret", secret.as_str()),
                ],
            ),
            (None, vec![("client_id", other.as_str())]),
            (Some(basic(&other, &secret)), vec![]),
            (Some(basic(&one, &other_secret)), vec![]),
            (Some(basic(&one, "")), vec![]),
            (Some(basic(&public, "")), vec![]),
            (Some(basic(&public, "x")), vec![]),
            (Some(basic("nobody", &secret)), vec![]),
            (
                None,
                vec![("client_id", public.as_str()), ("client_secret", "x")],
            ),
            (None, vec![("client_id", "nobody")]),
        ] {
            let named = format!("{authorization:?} {form:?}");
            assert_eq!(
                error(authorization, &form).await,
                "invalid_client",
                "{named}"
            );
        }
        let both = [
            ("client_id", one.as_str()),
            ("client_secret", secret.as_str()),
        ];
        assert_eq!(
            error(Some(basic(&one, &secret)), &both).await,
            "invalid_request"
        );
        // An old secret is none.
        let id = by_basic.client().registered().unwrap();
        let mut tx = world.db.database().write(&world.db.scope(acme));
        let renewed = world
            .identity
            .clients()
            .rotate_secret(&mut tx, id)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            error(Some(basic(&one, &secret)), &[]).await,
            "invalid_client"
        );
        let secret = renewed.secret().unwrap().expose();
        assert_eq!(error(Some(basic(&one, secret)), &[]).await, BELIEVED);
    }
}

#[tokio::test]
async fn oau_28_a_client_of_the_configuration_has_the_hash_of_its_secret_there() {
    let hash = sha2_of("another secret");
    let world = World::with(Dialect::Sqlite, |config| {
        let text = format!(
            r#"{{"id":"server","auth_method":"client_secret_basic","secret_sha256":"{hash}"}}"#
        );
        config.clients.push(serde_json::from_str(&text).unwrap());
    })
    .await;
    for tenant in [&world.acme, &world.beta] {
        let right = basic("server", "another+secret");
        let answer = ask(&world, tenant, Some(&right), &[]).await;
        assert_eq!(answer.field("error"), BELIEVED);
        let wrong = ask(&world, tenant, Some(&basic("server", "wrong")), &[]).await;
        assert_eq!(wrong.field("error"), "invalid_client");
    }
}

fn sha2_of(text: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

#[tokio::test]
async fn oau_42_who_is_not_believed_learns_not_why() {
    for world in World::all().await {
        let made = client(&world, AuthMethod::SecretBasic, None).await;
        let (id, secret) = (&made.client().id, made.secret().unwrap().expose());
        let right = ask(&world, &world.acme, Some(&basic(id, secret)), &[]).await;
        assert_eq!(right.field("error"), BELIEVED);
        // Another tenant's client, with its secret.
        let reference = ask(&world, &world.beta, Some(&basic(id, secret)), &[]).await;
        assert_eq!(reference.status, 401);
        assert!(reference.headers.contains_key(header::WWW_AUTHENTICATE));
        let unknown = saas_core::Id::<()>::generate().to_string();
        for (tenant, authorization) in [
            (&world.acme, basic(id, "wrong")),
            (&world.acme, basic(&unknown, secret)),
            (&world.acme, basic("nobody", "wrong")),
            (&world.acme, basic("ours", "wrong")),
        ] {
            let answer = ask(&world, tenant, Some(&authorization), &[]).await;
            assert_eq!(
                (answer.status, &answer.text),
                (reference.status, &reference.text)
            );
        }
    }
}

#[tokio::test]
async fn a_header_for_clients_is_one_at_their_endpoints_only() {
    let world = World::on(Dialect::Sqlite).await;
    let answer = world.who("/anybody", &[&basic("web", "x")]).await;
    assert_eq!(answer.outcome(), (400, "header-invalid".to_owned()));
}

/// A client that signs.
struct Signer {
    key: EncodingKey,
    jwks: Value,
}

impl Signer {
    fn new() -> Self {
        let pkcs8 = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).unwrap();
        let pair = Ed25519KeyPair::from_pkcs8(pkcs8.as_ref()).unwrap();
        let x = URL_SAFE_NO_PAD.encode(pair.public_key().as_ref());
        Self {
            key: EncodingKey::from_ed_der(pkcs8.as_ref()),
            jwks: json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": x, "kid": "one"}]}),
        }
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let signature =
            jsonwebtoken::crypto::sign(signed.as_bytes(), &self.key, Algorithm::EdDSA).unwrap();
        format!("{signed}.{signature}")
    }
}

fn header_of(kid: &str) -> Value {
    json!({"alg": "EdDSA", "kid": kid})
}

async fn assert_with(world: &World, tenant: &Tenant, assertion: &str) -> String {
    let form = [
        ("client_assertion_type", ASSERTION_TYPE),
        ("client_assertion", assertion),
    ];
    ask(world, tenant, None, &form).await.field("error")
}

#[tokio::test]
async fn oau_30_a_signed_proof_is_for_us_for_now_and_for_once() {
    for world in World::all().await {
        let (signer, stranger) = (Signer::new(), Signer::new());
        let made = client(&world, AuthMethod::PrivateKeyJwt, Some(signer.jwks.clone())).await;
        assert!(made.secret().is_none());
        let id = &made.client().id;
        let issuer = format!("{}/t/acme", world.identity.config().token.issuer);
        let now = world.db.now().as_secs();
        let mut number = 0;
        let mut claims = |change: Value| {
            number += 1;
            let mut claims = json!({
                "iss": id, "sub": id, "aud": issuer, "exp": now + 60, "jti": format!("j{number}"),
            });
            for (name, value) in change.as_object().unwrap() {
                claims[name] = value.clone();
            }
            claims
        };
        let header = header_of("one");
        let good = signer.sign(&header, &claims(json!({})));
        assert_eq!(assert_with(&world, &world.acme, &good).await, BELIEVED);
        assert_eq!(
            assert_with(&world, &world.acme, &good).await,
            "invalid_client",
            "used before"
        );
        for change in [
            json!({"aud": format!("{issuer}/oauth/token")}),
            json!({"aud": [issuer, format!("{issuer}/oauth/token")]}),
            json!({"exp": now + 300, "iat": now, "nbf": now}),
            json!({"exp": now + 3600, "iat": now}),
            json!({"exp": now + 3600, "iat": now - 304}),
        ] {
            let proof = signer.sign(&header, &claims(change.clone()));
            assert_eq!(
                assert_with(&world, &world.acme, &proof).await,
                BELIEVED,
                "{change}"
            );
        }
        for change in [
            json!({"aud": "https://elsewhere.example"}),
            json!({"aud": [issuer, "https://elsewhere.example"]}),
            json!({"aud": world.identity.config().token.issuer}),
            json!({"exp": now + 306}),
            json!({"exp": now + 3600, "iat": now - 305}),
            json!({"exp": now + 86_400}),
            json!({"exp": now - 5}),
            json!({"iat": now + 60}),
            json!({"nbf": now + 60}),
            json!({"iss": "ours"}),
            json!({"sub": "ours"}),
            json!({"iss": "ours", "sub": "ours"}),
            json!({"jti": ""}),
            json!({"jti": "x".repeat(257)}),
        ] {
            let proof = signer.sign(&header, &claims(change.clone()));
            let error = assert_with(&world, &world.acme, &proof).await;
            assert_eq!(error, "invalid_client", "{change}");
        }
        for (header, by) in [
            (json!({"alg": "none"}), &signer),
            (json!({"alg": "HS256", "kid": "one"}), &signer),
            (json!({"alg": "ES256", "kid": "one"}), &signer),
            (json!({"alg": "EdDSA", "crit": ["x"]}), &signer),
            (header_of("two"), &signer),
            (header_of("one"), &stranger),
        ] {
            let proof = by.sign(&header, &claims(json!({})));
            let error = assert_with(&world, &world.acme, &proof).await;
            assert_eq!(error, "invalid_client", "{header}");
        }
        let unsigned = signer.sign(&json!({"alg": "none"}), &claims(json!({})));
        let unsigned = format!("{}.", unsigned.rsplit_once('.').unwrap().0);
        assert_eq!(
            assert_with(&world, &world.acme, &unsigned).await,
            "invalid_client"
        );
        // A proof for beta, of a client that beta does not have.
        let elsewhere = claims(json!({"aud": issuer.replace("acme", "beta")}));
        let proof = signer.sign(&header, &elsewhere);
        assert_eq!(
            assert_with(&world, &world.beta, &proof).await,
            "invalid_client"
        );
    }
}

#[tokio::test]
async fn oau_30_of_many_uses_at_once_one_is_believed() {
    for world in World::all().await {
        let signer = Signer::new();
        let made = client(&world, AuthMethod::PrivateKeyJwt, Some(signer.jwks.clone())).await;
        let id = &made.client().id;
        let issuer = format!("{}/t/acme", world.identity.config().token.issuer);
        let now = world.db.now().as_secs();
        let claims = json!({"iss": id, "sub": id, "aud": issuer, "exp": now + 60, "jti": "one"});
        let proof = signer.sign(&header_of("one"), &claims);
        let world = std::sync::Arc::new(world);
        let errors = at_once(20, |_| {
            let (world, proof) = (world.clone(), proof.clone());
            Box::pin(async move { assert_with(&world, &world.acme, &proof).await })
        })
        .await;
        let believed = errors.iter().filter(|error| *error == BELIEVED).count();
        assert_eq!(believed, 1, "{errors:?}");
    }
}
