//! Tokens for a code (RFC 6749, section 4.1.3).

use std::time::Duration;

use saas_core::{Granted, Secret, TenantId};
use saas_tenancy::{AuditEvent, Status, SystemScope, Tenant, TenantTx};
use serde_json::json;

use super::{
    AuthorizationCode,
    row::{UsedCodeRow, UsedCodes as _},
};
use crate::{
    Authenticated, Error, Identity, Session, SignIn,
    oauth::{
        client::{Client, GrantType},
        consent,
        error::{OAuthError, Refusal},
        grant::{Given, Introduced},
        pkce,
        posted::Posted,
    },
    session,
};

/// How long a used code is remembered. The code itself is good for a minute; what is told by one that comes back
/// later is that somebody has a copy.
const REMEMBERED: Duration = Duration::from_secs(86_400);

/// Gives tokens for a code, once.
///
/// Whoever presents a code uses it up. When anything about it is wrong, nothing is given for it; and when it was
/// used before, what was given then ends, since one of the two was not the client (RFC 9700, section 2.1.1). Of
/// many at once the database decides which is the first, and the others wait for it.
pub(in crate::oauth) async fn redeem(
    identity: &Identity,
    posted: &Posted,
    client: &Client,
) -> Result<Given, Refusal> {
    let text = posted.form.required("code", "`code` is missing")?;
    let keys = identity.database().keys();
    let (tenant, code) =
        AuthorizationCode::read(keys, text.expose()).ok_or(OAuthError::invalid_code())?;
    // The code says where it is from, also when it is presented elsewhere, and is used up there.
    let tenant = active(identity, tenant).await?;
    let mut tx = identity
        .database()
        .system_write(&SystemScope::<SignIn>::enter());
    let may_sign_in = identity.accounts().is_active(&mut tx, code.user).await?;
    let scope = session::entering(&tenant);
    let mut tx = tx.into_scope(&scope).await.map_err(Error::from)?;
    let given = match use_up(&mut tx, &code).await? {
        Used::Now if may_sign_in => {
            let attempt = Attempt {
                identity,
                posted,
                client,
                tenant: &tenant,
                code: &code,
            };
            attempt.give(&mut tx).await?
        }
        Used::Now => None,
        Used::Before(row) => {
            end(identity, &mut tx, &code, &row).await?;
            None
        }
    };
    // Also that the code is used up is to be kept.
    match (tx.commit().await, given) {
        (Ok(()), Some(given)) => Ok(given),
        (Ok(()), None) | (Err(saas_tenancy::Error::Aborted), _) => {
            Err(OAuthError::invalid_code().into())
        }
        (Err(error), _) => Err(Error::from(error).into()),
    }
}

async fn active(identity: &Identity, id: TenantId) -> Result<Tenant, Refusal> {
    let tenant = identity.registry().by_id(id).await.map_err(Error::from)?;
    let tenant = tenant.filter(|tenant| tenant.status() == Status::Active);
    Ok(tenant.ok_or(OAuthError::invalid_code())?)
}

enum Used {
    Now,
    Before(UsedCodeRow),
}

async fn use_up(tx: &mut TenantTx, code: &AuthorizationCode) -> Result<Used, Error> {
    let now = tx.database().clock().now();
    tx.forget_codes(now).await?;
    let until = code.expires_at.time().saturating_add(REMEMBERED);
    if tx.use_code(code.id, now, until).await? == 1 {
        return Ok(Used::Now);
    }
    let row = tx.repo::<UsedCodeRow>().get(code.id).await?;
    Ok(Used::Before(row))
}

/// Ends what a code has given, because it came a second time.
async fn end(
    identity: &Identity,
    tx: &mut TenantTx,
    code: &AuthorizationCode,
    row: &UsedCodeRow,
) -> Result<(), Error> {
    tracing::warn!(tenant = %row.tenant_id, user = %code.user, client = code.client, "a code was used twice; what it gave ends");
    if let Some(session) = row.session_id {
        identity.sessions().remove(tx, session).await?;
    }
    let event = AuditEvent::new("authorization-code.reused", format!("user:{}", code.user))
        .after(&json!({ "client": code.client, "session": row.session_id }))?;
    Ok(tx.record(event).await?)
}

/// A code that is presented for the first time.
struct Attempt<'a> {
    identity: &'a Identity,
    posted: &'a Posted,
    client: &'a Client,
    tenant: &'a Tenant,
    code: &'a AuthorizationCode,
}

impl Attempt<'_> {
    /// Begins the session of the client; gives nothing when anything is wrong.
    async fn give(&self, tx: &mut TenantTx) -> Result<Option<Given>, Error> {
        let Self { client, code, .. } = self;
        if !self.is_right() {
            return Ok(None);
        }
        let granted = client.grant(&code.scopes);
        if !self.has_consent(tx, &granted).await? {
            return Ok(None);
        }
        let Some(who) = self.person(tx).await? else {
            return Ok(None);
        };
        let Some((session, refresh_token)) = self.begin(tx, &who, &granted).await? else {
            return Ok(None);
        };
        tx.given_for(session.id, code.id).await?;
        let openid = code.scopes.iter().any(|scope| scope == "openid");
        Ok(Some(Given {
            session,
            refresh_token,
            introduced: openid.then(|| Introduced {
                nonce: code.nonce.clone(),
            }),
        }))
    }

    /// Tells whether it is presented by the client to which it was given, with what only that can know.
    fn is_right(&self) -> bool {
        let Self { client, code, .. } = self;
        let text = |name: &str| self.posted.form.get(name).map(Secret::expose);
        let here = self
            .posted
            .named()
            .is_some_and(|named| named.id() == self.tenant.id());
        let proven =
            text("code_verifier").is_some_and(|verifier| pkce::matches(&code.challenge, verifier));
        let now = self.identity.database().clock().now();
        here && proven
            && code.client == client.id
            && text("redirect_uri") == Some(&code.redirect_uri)
            && now < code.expires_at.time()
    }

    /// Tells whether what the person has allowed is still allowed.
    async fn has_consent(&self, tx: &mut TenantTx, granted: &Granted) -> Result<bool, Error> {
        let allowed = consent::find(tx, self.code.user, &self.client.id).await?;
        Ok(self.client.first_party || consent::covers(allowed.as_deref(), granted))
    }

    /// Finds the session in which the person was. Without it, or when it has ended, nothing begins from it.
    async fn person(&self, tx: &mut TenantTx) -> Result<Option<Authenticated>, Error> {
        let sessions = self.identity.sessions();
        let held = sessions.held(tx, self.code.session, self.code.user).await?;
        let doors = self.identity.sign_ins();
        Ok(held.and_then(|held| doors.by_session(self.tenant, &held, &self.posted.device)))
    }

    /// A client that may not go on without the person gets no refresh token, and a session that ends with its
    /// access token.
    async fn begin(
        &self,
        tx: &mut TenantTx,
        who: &Authenticated,
        granted: &Granted,
    ) -> Result<Option<(Session, Option<String>)>, Error> {
        let Self {
            identity, client, ..
        } = self;
        let begun = if client.may_use(GrantType::RefreshToken) {
            let tokens = identity.refresh_tokens();
            let issued = tokens.begin_in(tx, who, &client.id, granted).await;
            issued.map(|issued| (issued.session().clone(), Some(issued.expose().to_owned())))
        } else {
            let lifetime = identity.config().token.access_lifetime.into();
            let sessions = identity.sessions();
            let session = sessions.insert_for_client(tx, who, &client.id, granted, lifetime);
            session.await.map(|session| (session, None))
        };
        match begun {
            Ok(begun) => Ok(Some(begun)),
            // The person has left the tenant.
            Err(Error::Credentials) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
