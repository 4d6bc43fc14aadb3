//! Ending tokens before their time (RFC 7009).
//!
//! A refresh token ends with its whole session, so the access tokens that came from it end too; an access token
//! ends alone. What is unknown, or belongs to another client, is answered like what has just ended: with an empty
//! object, since there are clients that read every answer as JSON.
//! A hint of the kind of token is not needed, since every token tells what it is.

use axum::{Extension, Json, body::Body, response::Response};
use http::Request;
use saas_core::edge::Limits;
use saas_tenancy::{AuditEvent, Tenant};
use serde_json::json;

use super::{client::Client, error::Refusal, posted::Posted, routes::private};
use crate::{Error, Identity, session};

/// `POST /oauth/revoke`.
pub(super) async fn revoke(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        let client = posted.client(&identity).await?;
        let token = posted.form.required("token", "`token` is missing")?;
        end(&identity, &client, posted.named(), token.expose()).await?;
        // Nobody has to read it (RFC 7009, section 2.2).
        Ok::<_, Refusal>(Json(json!({})))
    };
    private(answer.await)
}

async fn end(
    identity: &Identity,
    client: &Client,
    named: Option<&Tenant>,
    token: &str,
) -> Result<(), Error> {
    let refresh = identity.refresh_tokens();
    match refresh
        .session_of(token, &client.id, named.map(Tenant::id))
        .await
    {
        Ok((scope, session)) => {
            let mut tx = identity.database().write(&scope);
            identity
                .sessions()
                .end(&mut tx, session.user, session.id)
                .await?;
            return Ok(tx.commit().await?);
        }
        Err(Error::RefreshToken) => {}
        Err(error) => return Err(error),
    }
    let Ok(known) = identity.verifier().known(token) else {
        return Ok(());
    };
    let holder = &known.principal;
    if *known.client != *client.id || named.is_some_and(|named| named.id() != holder.tenant()) {
        return Ok(());
    }
    let Some(tenant) = identity.registry().by_id(holder.tenant()).await? else {
        return Ok(());
    };
    let mut tx = identity.database().write(&session::entering(&tenant));
    let revocations = identity.sessions().revocations();
    revocations.revoke(&mut tx, known.id).await?;
    let object = format!("{}:{}", holder.kind(), holder.subject());
    let event = AuditEvent::new("token.revoked", object);
    let event = event.after(&json!({ "client": client.id, "token": known.id }))?;
    tx.record(event).await?;
    Ok(tx.commit().await?)
}
