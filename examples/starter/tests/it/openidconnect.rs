//! A client in Rust that others wrote goes through the code flow.

use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IntrospectionUrl, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, RedirectUrl,
    RevocationUrl, Scope, TokenIntrospectionResponse as _, TokenResponse as _,
    core::{
        CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreRevocableToken,
        CoreUserInfoClaims,
    },
};
use reqwest::Method;
use saas_tenancy::Dialect;
use serde_json::json;

use crate::{
    clients::{person_of, walks},
    world::{World, send},
};

const CALLBACK: &str = "https://app.example/callback";

/// What openidconnect sends its requests with.
async fn fetch(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let client = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()?;
    let (parts, body) = request.into_parts();
    let request = client
        .request(parts.method, parts.uri.to_string())
        .headers(parts.headers)
        .body(body);
    let answer = request.send().await?;
    let (status, headers) = (answer.status(), answer.headers().clone());
    let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

#[tokio::test]
async fn openidconnect_of_rust_completes_the_code_flow() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let owner = world.sign_up("acme").await;
    let program = json!({
        "name": "Elsewhere", "redirect_uris": [CALLBACK], "scopes": ["projects:read"],
        "grants": ["authorization_code", "refresh_token"], "auth_method": "client_secret_basic",
    });
    let request = owner
        .request(Method::POST, "/api/v1/clients")
        .json(&program);
    let program = send(request).await.json();
    let issuer = format!("{}/t/acme", world.url);
    let metadata =
        CoreProviderMetadata::discover_async(IssuerUrl::new(issuer.clone()).unwrap(), &fetch);
    let text = |name: &str| program[name].as_str().unwrap().to_owned();
    let client = CoreClient::from_provider_metadata(
        metadata.await.unwrap(),
        ClientId::new(text("id")),
        Some(ClientSecret::new(text("secret"))),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
    .set_introspection_url(IntrospectionUrl::new(format!("{issuer}/oauth/introspect")).unwrap())
    // The crate takes no address without TLS for it, and sends nothing there before it is used.
    .set_revocation_url(RevocationUrl::new(format!("{issuer}/oauth/revoke")).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(["email", "offline_access", "projects:read"].map(|one| Scope::new(one.into())))
        .set_pkce_challenge(challenge)
        .url();
    let landed = walks(&person_of(&world, &owner), address.as_str());
    let said = |name: &str| {
        let mut pairs = landed.query_pairs();
        let pair = pairs.find(|(key, _)| key == name);
        pair.map(|(_, value)| value.into_owned())
    };
    assert_eq!(said("state").as_ref(), Some(state.secret()));
    let code = AuthorizationCode::new(said("code").unwrap());
    let exchange = client
        .exchange_code(code)
        .unwrap()
        .set_pkce_verifier(verifier);
    let tokens = exchange.request_async(&fetch).await.unwrap();

    let id = tokens.id_token().unwrap();
    let claims = id.claims(&client.id_token_verifier(), &nonce).unwrap();
    assert_eq!(claims.issuer().as_str(), issuer);
    assert_eq!(claims.email().unwrap().as_str(), "owner@acme.test");
    let subject = claims.subject().clone();
    let about = client.user_info(tokens.access_token().clone(), Some(subject));
    let about: CoreUserInfoClaims = about.unwrap().request_async(&fetch).await.unwrap();
    assert_eq!(about.email().unwrap().as_str(), "owner@acme.test");

    let refresh = tokens.refresh_token().unwrap();
    let refresh = client.exchange_refresh_token(refresh).unwrap();
    let fresh = refresh.request_async(&fetch).await.unwrap();
    assert_ne!(
        fresh.access_token().secret(),
        tokens.access_token().secret()
    );
    let known = client.introspect(fresh.access_token());
    assert!(known.request_async(&fetch).await.unwrap().active());
    let refresh = fresh.refresh_token().unwrap().clone();
    let end = client.revoke_token(CoreRevocableToken::RefreshToken(refresh));
    // It insists on TLS where tokens are ended.
    assert!(end.is_err());
}
