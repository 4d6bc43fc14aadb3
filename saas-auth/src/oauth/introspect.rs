//! What a token is good for, told to services (RFC 7662).
//!
//! Whoever verifies tokens by itself learns late of what has ended; here the database is asked, so what was
//! revoked, and who has left or may not sign in any more, is known at once. The client has to prove who it is.
//! A token of another tenant, of another client (a refresh token is for its client only), one that has ended, and
//! one that never existed are all answered with the very same bytes.

use axum::{Extension, Json, body::Body, response::Response};
use http::Request;
use saas_core::{Granted, PrincipalKind, edge::Limits};
use saas_tenancy::Tenant;
use serde::Serialize;

use super::{
    client::Client,
    error::{OAuthError, Refusal},
    person::Person,
    posted::Posted,
    routes::private,
};
use crate::{
    Error, Identity, Revocations,
    session::{self, SessionRow},
    token::Known,
};

/// The answer (RFC 7662, section 2.2).
#[derive(Debug, Default, Serialize)]
struct Introspection {
    active: bool,
    #[serde(flatten)]
    token: Option<Told>,
}

#[derive(Debug, Serialize)]
struct Told {
    iss: String,
    sub: String,
    client_id: String,
    exp: i64,
    iat: i64,
    tid: String,
    auth_time: i64,
    amr: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    jti: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

/// `POST /oauth/introspect`.
pub(super) async fn introspect(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    let answer = async {
        let posted = Posted::read(&identity, &limits, request).await?;
        let client = posted.client(&identity).await?;
        if !client.is_confidential() {
            return Err(OAuthError::invalid_client().into());
        }
        let token = posted.form.required("token", "`token` is missing")?;
        let desk = Desk {
            identity: &identity,
            client: &client,
            tenant: posted.tenant()?,
            issuer: &posted.issuer,
        };
        let told = desk.tell(token.expose()).await?;
        Ok::<_, Refusal>(Json(Introspection {
            active: told.is_some(),
            token: told,
        }))
    };
    private(answer.await)
}

/// Who asks, and where.
struct Desk<'a> {
    identity: &'a Identity,
    client: &'a Client,
    tenant: &'a Tenant,
    issuer: &'a str,
}

impl Desk<'_> {
    async fn tell(&self, token: &str) -> Result<Option<Told>, Error> {
        match self.identity.verifier().known(token) {
            Ok(known) => self.access(&known).await,
            Err(_) => self.refresh(token).await,
        }
    }

    async fn access(&self, known: &Known) -> Result<Option<Told>, Error> {
        let holder = &known.principal;
        if holder.tenant() != self.tenant.id() || !self.stands(known).await? {
            return Ok(None);
        }
        Ok(Some(Told {
            iss: known.issuer.to_string(),
            sub: holder.subject().to_string(),
            client_id: known.client.to_string(),
            exp: holder.expires_at().as_secs(),
            iat: known.issued_at.as_secs(),
            tid: holder.tenant().to_string(),
            auth_time: holder.authenticated_at().as_secs(),
            amr: holder.methods().to_vec(),
            token_type: Some("Bearer"),
            aud: Some(self.identity.config().token.audience.clone()),
            jti: Some(known.id.to_string()),
            sid: holder.session().map(|session| session.to_string()),
            scope: scope(holder.granted()),
        }))
    }

    async fn refresh(&self, token: &str) -> Result<Option<Told>, Error> {
        let tokens = self.identity.refresh_tokens();
        let tenant = Some(self.tenant.id());
        let (session, ends) = match tokens.unused(token, &self.client.id, tenant).await {
            Ok(found) => found,
            Err(Error::RefreshToken) => return Ok(None),
            Err(error) => return Err(error),
        };
        if Person::find(self.identity, self.tenant, session.user)
            .await?
            .is_none()
        {
            return Ok(None);
        }
        Ok(Some(Told {
            iss: self.issuer.to_owned(),
            sub: session.user.to_string(),
            client_id: self.client.id.clone(),
            exp: ends.as_secs(),
            iat: session.created_at.as_secs(),
            tid: session.tenant.to_string(),
            auth_time: session.authenticated_at.as_secs(),
            amr: session.methods.clone(),
            token_type: None,
            aud: None,
            jti: None,
            sid: Some(session.id.to_string()),
            scope: scope(&session.granted),
        }))
    }

    /// Tells whether everything that an access token rests on is still there.
    async fn stands(&self, known: &Known) -> Result<bool, Error> {
        let holder = &known.principal;
        let database = self.identity.database();
        let mut tx = database.read_primary(&session::entering(self.tenant));
        let ids = known.subjects().into_iter().flatten();
        if !Revocations::stand(&mut tx, ids).await? {
            return Ok(false);
        }
        if let Some(session) = holder.session() {
            let row = tx
                .repo::<SessionRow>()
                .find(SessionRow::id_of(session))
                .await?;
            if row.is_none_or(|row| row.expires_at <= database.clock().now()) {
                return Ok(false);
            }
        }
        drop(tx);
        // A client that is gone has taken its tokens with it.
        if holder.kind() != PrincipalKind::User {
            return Ok(true);
        }
        let person = Person::find(self.identity, self.tenant, holder.subject()).await?;
        Ok(person.is_some())
    }
}

fn scope(granted: &Granted) -> Option<String> {
    match granted {
        Granted::Only(scopes) => Some(scopes.join(" ")),
        _ => None,
    }
}
