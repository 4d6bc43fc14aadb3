//! What the server says of itself.

use axum::body::Body;
use http::{Request, header};
use saas_tenancy::Dialect;
use serde_json::{Value, json};

use crate::world::{Answer, World};

async fn get(world: &World, path: &str, host: &str) -> Answer {
    let request = Request::get(path).header(header::HOST, host);
    world.send(request.body(Body::empty()).unwrap()).await
}

fn expected(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let algorithms = json!(["EdDSA", "ES256", "RS256"]);
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("/oauth/authorize"),
        "token_endpoint": at("/oauth/token"),
        "pushed_authorization_request_endpoint": at("/oauth/par"),
        "device_authorization_endpoint": at("/oauth/device"),
        "revocation_endpoint": at("/oauth/revoke"),
        "introspection_endpoint": at("/oauth/introspect"),
        "userinfo_endpoint": at("/oauth/userinfo"),
        "end_session_endpoint": at("/oauth/logout"),
        "jwks_uri": at("/.well-known/jwks.json"),
        "scopes_supported": [
            "openid", "profile", "email", "offline_access", "projects:read", "projects:write"
        ],
        "claims_supported": [
            "iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "at_hash", "sid",
            "tid", "name", "updated_at", "email", "email_verified"
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:device_code", "password"
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": [
            "none", "client_secret_basic", "client_secret_post", "private_key_jwt"
        ],
        "token_endpoint_auth_signing_alg_values_supported": algorithms,
        "revocation_endpoint_auth_methods_supported": [
            "none", "client_secret_basic", "client_secret_post", "private_key_jwt"
        ],
        "revocation_endpoint_auth_signing_alg_values_supported": algorithms,
        "introspection_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "private_key_jwt"
        ],
        "introspection_endpoint_auth_signing_alg_values_supported": algorithms,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent"],
        "acr_values_supported": ["aal1", "aal2", "phr"],
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
    })
}

#[tokio::test]
async fn oau_41_the_metadata_names_the_issuer_that_was_asked() {
    let world = World::on(Dialect::Sqlite).await;
    let issuer = world.identity.config().token.issuer.clone();
    let of_acme = format!("{issuer}/t/acme");
    for (path, issuer) in [
        ("/.well-known/openid-configuration", &issuer),
        ("/.well-known/oauth-authorization-server", &issuer),
        // OpenID Connect Discovery puts the document behind the issuer, RFC 8414 before its path.
        ("/t/acme/.well-known/openid-configuration", &of_acme),
        ("/.well-known/openid-configuration/t/acme", &of_acme),
        ("/.well-known/oauth-authorization-server/t/acme", &of_acme),
        ("/t/acme/.well-known/oauth-authorization-server", &of_acme),
    ] {
        for host in ["localhost", "127.0.0.1:8080", "localhost:1"] {
            let answer = get(&world, path, host).await;
            assert_eq!(answer.status, 200, "{path}");
            assert_eq!(answer.headers["content-type"], "application/json");
            assert_eq!(answer.headers["cache-control"], "public, max-age=300");
            assert_eq!(answer.json(), expected(issuer), "{path}");
        }
        let evil = get(&world, path, "evil.test").await;
        assert_eq!(evil.status, 404);
        assert!(!evil.text.contains("evil.test"));
    }
    let unknown = get(
        &world,
        "/.well-known/oauth-authorization-server/t/nobody",
        "localhost",
    )
    .await;
    assert_eq!(unknown.outcome(), (404, "tenant-unknown".to_owned()));
    let other = get(
        &world,
        "/.well-known/oauth-authorization-server/x/acme",
        "localhost",
    )
    .await;
    assert_eq!(other.status, 404);
}

#[tokio::test]
async fn every_endpoint_that_is_named_is_there() {
    let world = World::on(Dialect::Sqlite).await;
    let issuer = &world.identity.config().token.issuer;
    let document = get(
        &world,
        "/t/acme/.well-known/openid-configuration",
        "localhost",
    )
    .await;
    for (name, address) in document.json().as_object().unwrap() {
        if name.ends_with("_endpoint") || name == "jwks_uri" {
            let path = address.as_str().unwrap().strip_prefix(issuer).unwrap();
            assert_ne!(get(&world, path, "localhost").await.status, 404, "{name}");
        }
    }
}

#[tokio::test]
async fn what_is_off_is_not_named() {
    let world = World::with(Dialect::Sqlite, |config| {
        config.password_grant = false;
        config.token.id_token_algorithm = saas_auth::Algorithm::EdDsa;
    })
    .await;
    let document = get(&world, "/.well-known/openid-configuration", "localhost")
        .await
        .json();
    assert!(
        !document["grant_types_supported"]
            .as_array()
            .unwrap()
            .contains(&json!("password"))
    );
    assert_eq!(
        document["id_token_signing_alg_values_supported"],
        json!(["EdDSA"])
    );
}
