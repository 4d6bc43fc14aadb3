//! A program that proves who it is and asks at any endpoint.

use axum::body::Body;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Request, header};
use saas_auth::oauth::{AuthMethod, GrantType, NewClient};
use saas_tenancy::Tenant;
use serde_json::Value;

use crate::{
    flow::{Browser, CALLBACK, redeem, register},
    world::{Answer, World, encode},
};

/// A confidential client of a tenant.
#[derive(Debug, Clone)]
pub(crate) struct Desk {
    pub id: String,
    secret: String,
}

impl Desk {
    /// Registers one that may do everything that clients may.
    pub(crate) async fn open(world: &World, tenant: &Tenant) -> Self {
        let mut new = NewClient::new("A service");
        new.redirect_uris = vec![CALLBACK.to_owned()];
        new.post_logout_redirect_uris = vec!["https://app.example/bye".to_owned()];
        new.scopes = vec!["projects:read".to_owned()];
        new.auth_method = AuthMethod::SecretBasic;
        new.grants = vec![
            GrantType::AuthorizationCode,
            GrantType::RefreshToken,
            GrantType::ClientCredentials,
            GrantType::DeviceCode,
        ];
        let made = register(world, tenant, new).await;
        Self {
            id: made.client().id.clone(),
            secret: made.secret().unwrap().expose().clone(),
        }
    }

    pub(crate) async fn post(
        &self,
        world: &World,
        tenant: &Tenant,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let pair = STANDARD.encode(format!("{}:{}", self.id, self.secret));
        post(world, tenant, path, Some(&format!("Basic {pair}")), form).await
    }

    /// Asks what a token is good for.
    pub(crate) async fn introspect(&self, world: &World, tenant: &Tenant, token: &str) -> Value {
        let answer = self
            .post(world, tenant, "/oauth/introspect", &[("token", token)])
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.headers["cache-control"], "no-store");
        answer.json()
    }

    pub(crate) async fn is_active(&self, world: &World, tenant: &Tenant, token: &str) -> bool {
        let told = self.introspect(world, tenant, token).await;
        if told["active"] == false {
            assert_eq!(told, serde_json::json!({ "active": false }));
        }
        told["active"] == true
    }

    pub(crate) async fn revoke(&self, world: &World, tenant: &Tenant, token: &str) {
        let answer = self
            .post(world, tenant, "/oauth/revoke", &[("token", token)])
            .await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, "{}"));
    }

    /// Gets tokens of a person by way of their browser.
    pub(crate) async fn tokens(&self, browser: &Browser<'_>, change: &[(&str, &str)]) -> Answer {
        let mut asked = vec![("client_id", self.id.as_str())];
        asked.extend_from_slice(change);
        let sent = crate::flow::Sent::of(&browser.authorize(&asked).await);
        let code = match sent.get("code") {
            Some(code) => code,
            None => browser.allow(&sent).await,
        };
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", crate::flow::VERIFIER),
        ];
        let answer = self
            .post(browser.world, browser.tenant, "/oauth/token", &form)
            .await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer
    }
}

/// Gets tokens for the program of our own.
pub(crate) async fn tokens(browser: &Browser<'_>, change: &[(&str, &str)]) -> Answer {
    let code = browser.code(change).await;
    let answer = redeem(browser.world, browser.tenant, &code, &[]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer
}

/// Posts a form below the path of a tenant.
pub(crate) async fn post(
    world: &World,
    tenant: &Tenant,
    path: &str,
    authorization: Option<&str>,
    form: &[(&str, &str)],
) -> Answer {
    let mut request = Request::post(format!("/t/{}{path}", tenant.slug()))
        .header(header::HOST, "localhost")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    if let Some(value) = authorization {
        request = request.header(header::AUTHORIZATION, value);
    }
    let request = request.body(Body::from(encode(form))).unwrap();
    world.send(request).await
}

/// Reads header and claims of a token without checking anything.
pub(crate) fn read(token: &str) -> (Value, Value) {
    let mut parts = token.split('.').map(|part| {
        let bytes = URL_SAFE_NO_PAD.decode(part).unwrap();
        serde_json::from_slice(&bytes).unwrap_or_default()
    });
    (parts.next().unwrap(), parts.next().unwrap())
}
