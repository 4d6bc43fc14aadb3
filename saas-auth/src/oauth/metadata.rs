//! What the server says of itself (RFC 8414; OpenID Connect Discovery 1.0).
//!
//! Every address begins with the issuer, which is the configured one and what the path has named of a tenant.
//! Nothing of it comes from the header `Host`, which anybody can write.

use axum::{Extension, Json};
use http::{HeaderName, HeaderValue, header};
use saas_core::Level;
use saas_tenancy::resolve::PathPrefix;
use serde_json::{Value, json};

use super::{
    AUTHORIZE,
    client::{AuthMethod, GrantType},
};
use crate::Identity;

/// Where tokens are given.
pub(super) const TOKEN: &str = "/oauth/token";
/// Where programs send what they ask for ahead (RFC 9126).
pub(super) const PAR: &str = "/oauth/par";
/// Where devices without a browser ask (RFC 8628).
pub(super) const DEVICE: &str = "/oauth/device";
/// Where tokens are ended (RFC 7009).
pub(super) const REVOKE: &str = "/oauth/revoke";
/// Where services ask about tokens (RFC 7662).
pub(super) const INTROSPECT: &str = "/oauth/introspect";
/// Where programs learn of the person.
pub(crate) const USERINFO: &str = "/oauth/userinfo";
/// Where programs send people to sign out.
pub(super) const LOGOUT: &str = "/oauth/logout";
/// Where the keys are.
pub(super) const JWKS: &str = "/.well-known/jwks.json";
/// Where this document is, for OpenID Connect and for OAuth.
pub(super) const DOCUMENTS: [&str; 2] = [
    "/.well-known/openid-configuration",
    "/.well-known/oauth-authorization-server",
];

/// What is told of people, and of their sign-ins.
const CLAIMS: [&str; 16] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
    "tid",
    "name",
    "updated_at",
    "email",
    "email_verified",
];
/// How clients sign what proves them (RFC 7523).
const CLIENT_ALGORITHMS: [&str; 3] = ["EdDSA", "ES256", "RS256"];

/// `GET /.well-known/openid-configuration` and `/.well-known/oauth-authorization-server`.
pub(super) async fn metadata(
    Extension(identity): Extension<Identity>,
    prefix: Option<Extension<PathPrefix>>,
) -> ([(HeaderName, HeaderValue); 1], Json<Value>) {
    let cache = HeaderValue::from_static("public, max-age=300");
    let prefix = prefix.map(|Extension(prefix)| prefix);
    let document = document(&identity, prefix.as_ref());
    ([(header::CACHE_CONTROL, cache)], Json(document))
}

fn document(identity: &Identity, prefix: Option<&PathPrefix>) -> Value {
    let issuer = identity.config().token.issuer_at(prefix);
    let at = |path: &str| format!("{issuer}{path}");
    let scopes = identity.clients().scopes().all();
    let scopes: Vec<_> = scopes.iter().map(|scope| &*scope.name).collect();
    let grants: Vec<_> = grants(identity).collect();
    let any = AuthMethod::ALL.map(AuthMethod::as_str);
    let proven: Vec<_> = AuthMethod::ALL
        .into_iter()
        .filter(|method| *method != AuthMethod::None)
        .map(AuthMethod::as_str)
        .collect();
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "pushed_authorization_request_endpoint": at(PAR),
        "device_authorization_endpoint": at(DEVICE),
        "revocation_endpoint": at(REVOKE),
        "introspection_endpoint": at(INTROSPECT),
        "userinfo_endpoint": at(USERINFO),
        "end_session_endpoint": at(LOGOUT),
        "jwks_uri": at(JWKS),
        "scopes_supported": scopes,
        "claims_supported": CLAIMS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grants,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [identity.config().token.id_token_algorithm.as_str()],
        "token_endpoint_auth_methods_supported": any,
        "token_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "revocation_endpoint_auth_methods_supported": any,
        "revocation_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": proven,
        "introspection_endpoint_auth_signing_alg_values_supported": CLIENT_ALGORITHMS,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent"],
        "acr_values_supported": Level::ALL.map(Level::as_str),
        "authorization_response_iss_parameter_supported": true,
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        // True when it is missing.
        "request_uri_parameter_supported": false,
    })
}

/// Gives the ways to tokens. That one program may switch between tenants concerns nobody else.
fn grants(identity: &Identity) -> impl Iterator<Item = &'static str> {
    let supported = |grant: &GrantType| identity.config().allows(*grant);
    let all = GrantType::ALL.into_iter().filter(supported);
    all.map(GrantType::as_str)
}
