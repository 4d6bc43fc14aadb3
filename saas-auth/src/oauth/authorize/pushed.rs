//! Requests that the client pushes before it sends the person (RFC 9126), so that nobody on the way, the browser
//! included, can see or change them.
//!
//! What the client gets for it is the request itself, sealed. It gives tokens once, since all its codes are one;
//! and after that it is refused.

use std::time::Duration;

use axum::{Json, body::Body, extract::Extension, response::Response};
use http::{Request, StatusCode};
use saas_core::{Id, Purpose, edge::Limits};
use saas_tenancy::Tenant;
use serde_json::json;
use uuid::Uuid;

use super::{asked::Asked, fault::Refused};
use crate::{
    Identity,
    oauth::{
        code::UsedCodeRow,
        envelope,
        error::{OAuthError, Refusal},
        posted::Posted,
        routes::private,
    },
    session,
};

const PURPOSE: Purpose = Purpose::new("saas-auth/pushed-authorization/1");
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";
const LIFETIME: Duration = Duration::from_secs(90);
/// The longest that fits into an address with the name of the client.
const MAX_SEALED: usize = 7 << 10;

/// `POST /oauth/par` (RFC 9126, section 2).
///
/// It takes its [`Identity`] from the request's extensions.
pub async fn push(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        let client = posted.client(&identity).await?;
        let tenant = posted.tenant()?;
        let read = Asked::read(&identity, tenant, &posted.form, Some(client)).await;
        let (mut asked, _) = read.map_err(refusal)?;
        asked.pushed = Some(Id::<UsedCodeRow>::generate().as_uuid());
        let keys = identity.database().keys();
        let sealed = envelope::seal(keys, PURPOSE, tenant.id(), &asked)?;
        if sealed.len() > MAX_SEALED {
            return Err(OAuthError::invalid_request("the request is too long").into());
        }
        let body = json!({
            "request_uri": format!("{PREFIX}{sealed}"),
            "expires_in": LIFETIME.as_secs(),
        });
        Ok((StatusCode::CREATED, Json(body)))
    };
    private(answer.await)
}

fn refusal(refused: Refused) -> Refusal {
    match refused {
        Refused::Here(problem) if problem.code().status().is_client_error() => {
            OAuthError::invalid_request("`redirect_uri` is missing, or not registered").into()
        }
        Refused::Here(problem) => Refusal::Service(problem),
        Refused::Back { fault, .. } => OAuthError::of(fault).into(),
    }
}

/// Tells whether an address is that of a pushed request.
pub(super) fn is_pushed(request_uri: &str) -> bool {
    request_uri.starts_with(PREFIX)
}

/// Opens a pushed request for the client that pushed it.
pub(super) async fn open(
    identity: &Identity,
    tenant: &Tenant,
    client_id: Option<&str>,
    request_uri: &str,
) -> Result<Asked, Refused> {
    let gone =
        || Refused::here("the request has expired or was used; begin again at the application");
    let keys = identity.database().keys();
    let sealed = request_uri.strip_prefix(PREFIX).unwrap_or_default();
    let (of, asked): (_, Asked) = envelope::open(keys, PURPOSE, sealed).ok_or_else(gone)?;
    let now = identity.database().clock().now();
    let in_time = now < asked.at.time().saturating_add(LIFETIME);
    if of != tenant.id() || !in_time || client_id != Some(asked.client.as_str()) {
        return Err(gone());
    }
    let id = Id::from_uuid(asked.pushed.unwrap_or(Uuid::nil()));
    let mut tx = identity.database().read(&session::entering(tenant));
    let used = tx.repo::<UsedCodeRow>().find(id).await;
    match used.map_err(crate::Error::from)? {
        Some(_) => Err(gone()),
        None => Ok(asked),
    }
}
