//! Refresh tokens (RFC 6749, section 6): opaque, kept as hashes, used once.
//!
//! A token names its row and carries 256 random bits. Using it makes the next one of the same session; using
//! one a second time means that somebody has a copy, and ends the session (RFC 9700, section 4.14.2). That one
//! of many parallel uses wins is decided by one conditional UPDATE.
//!
//! A client that did not receive an answer asks again with the token that it has, which is used by then. For a
//! few seconds, and as long as the next token was not used itself, it gets that next token again: the secret of
//! the next is made from the last by a keyed hash, so the same one can be told twice though none is kept. The
//! session gains no second branch by it, and a copy that turns up later still gives itself away.
//!
//! Everything that happens to a session happens while its row is locked. Without that, ending it could miss the
//! token that a parallel exchange is about to insert.

mod row;

use std::fmt;

use saas_core::{Granted, Id, Secret, TenantId, Timestamp};
use saas_tenancy::{AuditEvent, Database, Scope, Status, SystemScope, Tenant, TenantTx};

pub(crate) use row::RefreshRow;
use row::{Text, Tokens as _, insert};

use crate::{
    Accounts, Authenticated, Error, Session, Sessions, SignIn, TokenConfig,
    session::{self, SessionRow, Statements as _},
};

/// A refresh token to give to a client, with the session that it continues. The text is a secret and is not
/// printed.
#[derive(Clone)]
pub struct Issued {
    text: Secret<String>,
    session: Session,
}

impl Issued {
    /// Gives the text, for the answer to the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// Gives the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Issues and exchanges refresh tokens.
///
/// ```
/// use saas_auth::{AccessToken, Authenticated, Error, Issued, Issuer, RefreshTokens, TokenConfig};
/// use saas_core::Granted;
///
/// /// Gives a program both tokens, for somebody who has just signed in.
/// async fn first(
///     tokens: &RefreshTokens,
///     issuer: &Issuer,
///     config: &TokenConfig,
///     who: &Authenticated,
/// ) -> Result<(AccessToken, Issued), Error> {
///     let refresh = tokens.begin(who, "web", &Granted::All).await?;
///     let access = issuer.issue(refresh.session(), &config.issuer)?;
///     Ok((access, refresh))
/// }
/// # let _ = first;
/// ```
///
/// The token endpoint ([`oauth::router`](crate::oauth::router)) exchanges them.
#[derive(Debug, Clone)]
pub struct RefreshTokens {
    sessions: Sessions,
    accounts: Accounts,
    config: TokenConfig,
}

impl RefreshTokens {
    /// Makes the service.
    #[must_use]
    pub fn new(sessions: Sessions, config: TokenConfig) -> Self {
        Self {
            accounts: Accounts::new(sessions.database().clone()),
            sessions,
            config,
        }
    }

    /// Begins the session of a program for somebody who has signed in, good for what was granted.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the person has left the tenant meanwhile, [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the session exists or it does not; one that nobody got the token of ends by itself.
    pub async fn begin(
        &self,
        who: &Authenticated,
        client: &str,
        granted: &Granted,
    ) -> Result<Issued, Error> {
        let mut tx = self.sessions.entered(who).await?;
        let issued = self.begin_in(&mut tx, who, client, granted).await?;
        tx.commit().await?;
        Ok(issued)
    }

    /// Does so inside the caller's transaction.
    pub(crate) async fn begin_in(
        &self,
        tx: &mut TenantTx,
        who: &Authenticated,
        client: &str,
        granted: &Granted,
    ) -> Result<Issued, Error> {
        let lifetime = self.config.refresh_lifetime.into();
        let session = self
            .sessions
            .insert_for_client(tx, who, client, granted, lifetime)
            .await?;
        let text = Text::generate(session.tenant)?;
        insert(tx, &text, &session, self.config.refresh_idle.into()).await?;
        Ok(Issued {
            text: text.write(),
            session,
        })
    }

    /// Exchanges a token for the next of its session.
    ///
    /// `named` is the tenant that the address of the request names, if it names one.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshToken`] when it is unknown, expired, of another client or tenant, or its
    /// holder may not sign in any more; and when it was used before, which ends the session.
    ///
    /// # Cancel safety
    ///
    /// Either the old token is used up and the new one exists, or neither. A client that went away
    /// meanwhile can ask again for a few seconds.
    pub async fn exchange(
        &self,
        text: &str,
        client: &str,
        named: Option<TenantId>,
    ) -> Result<Issued, Error> {
        let Found {
            scope,
            text,
            session,
            ..
        } = self.find(text, client, named).await?;
        let system = SystemScope::<SignIn>::enter();
        let mut tx = self.database().system_write(&system);
        if !self.accounts.is_active(&mut tx, session.user).await? {
            return Err(Error::RefreshToken);
        }
        let mut tx = tx.into_scope(&scope).await?;
        let rotated = self.rotate(&mut tx, &text, session).await?;
        // Also that a session has ended is to be kept.
        tx.commit().await?;
        rotated.ok_or(Error::RefreshToken)
    }

    /// Finds the session of a token of a client, used or not, without changing anything.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshToken`] when there is none, [`Error::Storage`].
    pub(crate) async fn session_of(
        &self,
        text: &str,
        client: &str,
        named: Option<TenantId>,
    ) -> Result<(Scope, Session), Error> {
        let found = self.find(text, client, named).await?;
        Ok((found.scope, found.session))
    }

    /// Finds the session of a token of a client that has not been used, without using it, and when the token
    /// ends.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshToken`] when there is none, [`Error::Storage`].
    #[cfg(feature = "axum")]
    pub(crate) async fn unused(
        &self,
        text: &str,
        client: &str,
        named: Option<TenantId>,
    ) -> Result<(Session, Timestamp), Error> {
        let found = self.find(text, client, named).await?;
        if found.used {
            return Err(Error::RefreshToken);
        }
        Ok((found.session, found.expires_at))
    }

    fn database(&self) -> &Database {
        self.sessions.database()
    }

    /// Finds a token that was issued to this client and has not expired. Reading comes first: one that was never
    /// issued must not take SQLite's one writer.
    async fn find(
        &self,
        text: &str,
        client: &str,
        named: Option<TenantId>,
    ) -> Result<Found, Error> {
        let text = Text::parse(text).ok_or(Error::RefreshToken)?;
        if named.is_some_and(|named| named != text.tenant) {
            return Err(Error::RefreshToken);
        }
        // What the token says only tells where to look; the row and its hash decide.
        let tenant = self.active_tenant(text.tenant).await?;
        let scope = session::entering(&tenant);
        let mut tx = self.database().read_primary(&scope);
        let row = tx.repo::<RefreshRow>().find(text.row).await?;
        let now = self.sessions.now();
        let row = row
            .filter(|row| text.matches(&row.secret_hash) && now < row.expires_at)
            .ok_or(Error::RefreshToken)?;
        let id = SessionRow::id_of(row.session_id);
        let session = tx.repo::<SessionRow>().find(id).await?;
        let session = session
            .filter(|session| session.client.as_deref() == Some(client))
            .filter(|session| now < session.expires_at)
            .ok_or(Error::RefreshToken)?
            .into();
        Ok(Found {
            scope,
            text,
            session,
            used: row.used_at.is_some(),
            expires_at: row.expires_at,
        })
    }

    async fn active_tenant(&self, id: TenantId) -> Result<Tenant, Error> {
        let tenant = self.sessions.registry().by_id(id).await?;
        tenant
            .filter(|tenant| tenant.status() == Status::Active)
            .ok_or(Error::RefreshToken)
    }

    /// Uses a token up and gives the next. When it was used before, either tells the next again or ends the
    /// session and gives none.
    async fn rotate(
        &self,
        tx: &mut TenantTx,
        text: &Text,
        session: Session,
    ) -> Result<Option<Issued>, Error> {
        let now = self.sessions.now();
        // Locks the row, too.
        if tx.seen(now, SessionRow::id_of(session.id)).await? == 0 {
            return Err(Error::RefreshToken);
        }
        let next = text.next(self.database().keys(), Id::generate())?;
        let next = if tx.use_once(now, next.row, text.row).await? == 1 {
            insert(tx, &next, &session, self.config.refresh_idle.into()).await?;
            Some(next)
        } else {
            self.told_again(tx, text).await?
        };
        if let Some(next) = next {
            return Ok(Some(Issued {
                text: next.write(),
                session,
            }));
        }
        tracing::warn!(tenant = %session.tenant, user = %session.user, session = %session.id, "a refresh token was used twice; its session ends");
        self.sessions.remove(tx, session.id).await?;
        let event = AuditEvent::new("refresh-token.reused", format!("user:{}", session.user))
            .after(&serde_json::json!({ "session": session.id, "client": session.client }))?;
        tx.record(event).await?;
        Ok(None)
    }

    /// Gives the token that came after one that was used a moment ago, as long as nobody has used that.
    async fn told_again(&self, tx: &mut TenantTx, text: &Text) -> Result<Option<Text>, Error> {
        let used = tx.repo::<RefreshRow>().find(text.row).await?;
        let now = self.sessions.now();
        let grace = self.config.refresh_grace.into();
        let next = used
            .filter(|row| {
                row.used_at
                    .is_some_and(|used| now < used.saturating_add(grace))
            })
            .and_then(|row| row.next_id);
        let Some(next) = next else { return Ok(None) };
        let row = tx.repo::<RefreshRow>().find(next).await?;
        let text = text.next(self.database().keys(), next)?;
        Ok(row
            .filter(|row| row.used_at.is_none() && text.matches(&row.secret_hash))
            .map(|_| text))
    }
}

/// A token that was issued here, with what it belongs to.
struct Found {
    scope: Scope,
    text: Text,
    session: Session,
    used: bool,
    expires_at: Timestamp,
}
