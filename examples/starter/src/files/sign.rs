//! Addresses that somebody without a session may use, and the routes that answer them.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Request, State},
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::{HeaderMap, Method, StatusCode, Uri, header};
use saas_core::{
    Code, Problem,
    edge::{Json, Limits},
};
use saas_storage::{
    Key, SignRequest, SignedFile, SignedMethod, SignedUrl, Storage as _, body_stream, download,
};
use saas_tenancy::{Scope, Tenant};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::visitor::Visitor;
use crate::{
    permission::Can,
    state::AppState,
    validate::{Valid, plain},
};

#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SignInput {
    #[garde(custom(plain))]
    path: String,
    /// `GET`, or `PUT` for who may write files.
    #[garde(skip)]
    #[schema(value_type = String)]
    method: SignedMethod,
    /// In seconds. More than the configuration allows is cut.
    #[garde(range(min = 1, max = 604_800))]
    expires_in: u32,
    /// How many bytes an upload may have.
    #[garde(skip)]
    max_size: Option<u64>,
    /// Which `Content-Type` an upload must be sent with.
    #[garde(length(max = 200))]
    content_type: Option<String>,
}

/// A signed address. Whoever has it has the file.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedView {
    url: String,
    method: &'static str,
    /// Headers that have to be sent along.
    headers: std::collections::BTreeMap<String, String>,
    expires_at: saas_core::Timestamp,
}

impl From<SignedUrl> for SignedView {
    fn from(signed: SignedUrl) -> Self {
        Self {
            url: signed.url,
            method: signed.method.as_str(),
            headers: signed.headers,
            expires_at: signed.expires_at,
        }
    }
}

#[utoipa::path(
    post, path = "/api/v1/files:sign", tag = "files",
    request_body = SignInput,
    responses((status = 200, description = "An address that is good without a token.", body = SignedView))
)]
pub(crate) async fn sign(
    State(state): State<AppState>,
    scope: Scope,
    Valid(input): Valid<SignInput>,
) -> Result<Json<SignedView>, Problem> {
    let key: Key = input.path.parse()?;
    let expires_in = Duration::from_secs(input.expires_in.into());
    let request = match input.method {
        SignedMethod::Get => SignRequest::get(expires_in),
        _ if state.authorizer.may(&scope, &Can::WriteFiles).await? => {
            let mut request = SignRequest::put(expires_in);
            if let Some(bytes) = input.max_size {
                request = request.max_size(bytes);
            }
            if let Some(kind) = input.content_type {
                request = request.content_type(kind);
            }
            request
        }
        _ => return Err(Problem::new(Code::FORBIDDEN)),
    };
    Ok(Json(
        state.signer.sign(&scope, &key, &request).await?.into(),
    ))
}

#[utoipa::path(
    get, path = "/signed/{tenant_id}/{path}", tag = "files",
    params(("tenant_id" = String, Path), ("path" = String, Path), ("signature" = Option<String>, Query)),
    responses((status = 200, description = "The file.", content_type = "application/octet-stream"))
)]
pub(crate) async fn fetch_signed(
    State(state): State<AppState>,
    limits: Limits,
    visitor: Visitor,
    request: Request,
) -> Result<Response, Problem> {
    let (signed, tenant) = verify(&state, &visitor, request.method(), request.uri()).await?;
    limits.lift_deadline();
    let scope = signed.scope(&tenant)?;
    let (method, headers) = (request.method(), request.headers());
    download(&state.files, &scope, signed.key(), method, headers).await
}

#[utoipa::path(
    put, path = "/signed/{tenant_id}/{path}", tag = "files",
    params(("tenant_id" = String, Path), ("path" = String, Path), ("signature" = Option<String>, Query)),
    request_body(content = String, content_type = "application/octet-stream"),
    responses((status = 204, description = "The file is stored."))
)]
pub(crate) async fn store_signed(
    State(state): State<AppState>,
    limits: Limits,
    visitor: Visitor,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let (signed, tenant) = verify(&state, &visitor, &method, &uri).await?;
    limits.set_body(state.files.max_size());
    limits.lift_deadline();
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok());
    let stored = signed
        .put(&state.files, &tenant, kind, body_stream(body))
        .await?;
    let etag = stored.etag().unwrap_or_default();
    Ok((StatusCode::NO_CONTENT, [(header::ETAG, etag)]).into_response())
}

/// Judges an address. One of a tenant that is gone or suspended is refused as a wrong one is.
async fn verify(
    state: &AppState,
    visitor: &Visitor,
    method: &Method,
    uri: &Uri,
) -> Result<(SignedFile, Tenant), Problem> {
    let signed = state
        .signer
        .verify(method.as_str(), uri.path(), uri.query())?;
    let tenant = state.registry.by_id(signed.tenant()).await?;
    let tenant = tenant.ok_or(saas_storage::Error::Refused)?;
    // Looked at once more where the file is reached.
    signed.scope(&tenant)?;
    visitor.admit(state, &tenant).await?;
    Ok((signed, tenant))
}
