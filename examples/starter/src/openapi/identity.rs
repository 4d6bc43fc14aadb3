//! What the document says of the OAuth server and of the pages, which have no handlers here.

use http::Method;
use saas_auth::{oauth, pages};
use saas_core::Problem;
use saas_rbac::RouteInfo;
use serde_json::{Value, json};

/// Gives each operation, with its method in lower case and its path.
pub(super) fn operations() -> impl Iterator<Item = (String, &'static str, Value)> {
    let endpoints = oauth::ROUTES.iter().map(|(method, path)| {
        let operation = match (method, *path) {
            (&Method::OPTIONS, _) => preflight(),
            (_, "/oauth/token") => token(),
            (_, "/oauth/totp") => totp(),
            (_, path) => endpoint(path),
        };
        (method.as_str().to_lowercase(), *path, operation)
    });
    let pages = pages::ROUTES.iter().chain(pages::INVITATION_ROUTES);
    let pages = pages.map(|(method, path)| (method.as_str().to_lowercase(), *path, page()));
    endpoints.chain(pages)
}

/// Whether it is one where a client shows who it is.
pub(super) fn knows_clients(route: &RouteInfo) -> bool {
    let name = route.path.strip_prefix("/oauth/").unwrap_or_default();
    route.method == "POST" && ["token", "introspect", "revoke", "par", "device"].contains(&name)
}

fn endpoint(path: &str) -> Value {
    let summary = match path.strip_prefix("/oauth/") {
        Some(endpoint) => format!("The endpoint `{endpoint}` of OAuth 2.0 and OpenID Connect."),
        None => "What clients have to know of the server (RFC 8414, RFC 7517).".to_owned(),
    };
    json!({
        "tags": ["identity"], "summary": summary,
        "responses": { "200": { "description": summary }, "default": error("An error of RFC 6749, section 5.2, or a problem (RFC 9457).") }
    })
}

fn preflight() -> Value {
    json!({
        "tags": ["identity"], "summary": "Tells a page of another origin whether it may ask (Fetch, section 3.3).",
        "responses": { "200": { "description": "It may, where the headers say so." } }
    })
}

fn page() -> Value {
    json!({
        "tags": ["identity"], "summary": "A page for people.",
        "responses": {
            "200": { "description": "The page, or a file that it needs." },
            "303": { "description": "It goes on at another address." },
            "default": {
                "description": "A page that says what is wrong; a problem (RFC 9457) where nobody could say it on a page.",
                "content": {
                    "text/html": { "schema": { "type": "string" } },
                    Problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } },
                }
            }
        }
    })
}

/// Errors of the endpoints have the members of both.
fn error(description: &str) -> Value {
    let schema = json!({
        "type": "object", "required": ["error"],
        "properties": { "error": { "type": "string" }, "error_description": { "type": "string" }, "code": { "type": "string" } }
    });
    json!({
        "description": description,
        "content": {
            "application/json": { "schema": schema },
            "text/html": { "schema": { "type": "string" } },
            Problem::MEDIA_TYPE: { "schema": { "$ref": "#/components/schemas/Problem" } },
        }
    })
}

fn token() -> Value {
    let text = json!({ "type": "string" });
    posted(
        "Gives tokens for a password, with a second factor where one is wanted, or for a refresh token (RFC 6749).",
        &json!({
            "type": "object",
            "required": ["grant_type", "client_id"],
            "properties": {
                "grant_type": { "type": "string", "enum": ["password", "refresh_token", "urn:saas:grant-type:second-factor"] },
                "client_id": text, "username": text, "password": text, "refresh_token": text,
                "mfa_token": text, "otp": text, "recovery_code": text, "email_code": text, "factor": text,
            }
        }),
        "Tokens.",
        &json!({
            "access_token": text, "token_type": text, "expires_in": { "type": "integer" }, "refresh_token": text,
            "recovery_codes": { "type": "array", "items": text },
        }),
    )
}

fn totp() -> Value {
    let text = json!({ "type": "string" });
    posted(
        "Begins an app for codes for who was answered `mfa_enrolment_required`. Its first code, as `otp` with `factor` at the token endpoint, gives the tokens.",
        &json!({
            "type": "object",
            "required": ["client_id", "mfa_token"],
            "properties": { "client_id": text, "mfa_token": text, "name": text }
        }),
        "What the app is told, once.",
        &json!({ "factor": text, "secret": text, "otpauth_uri": text, "expires_in": { "type": "integer" } }),
    )
}

/// An endpoint that a program posts a form to.
fn posted(summary: &str, form: &Value, told: &str, properties: &Value) -> Value {
    json!({
        "tags": ["identity"],
        "summary": summary,
        "parameters": [{
            "name": "X-Tenant", "in": "header", "schema": { "type": "string" },
            "description": "The tenant to sign in to, unless the host or the path names it."
        }],
        "requestBody": { "required": true, "content": { "application/x-www-form-urlencoded": { "schema": form } } },
        "responses": {
            "200": { "description": told, "content": { "application/json": { "schema": {
                "type": "object", "properties": properties
            } } } },
            "401": error("The client is unknown."),
            "403": error("A second factor is wanted, of who shows `mfa_token`: one that the person has, or where `mfa_method` is `email` the code of a letter."),
            "default": error("An error of RFC 6749, section 5.2, or a problem (RFC 9457).")
        }
    })
}
