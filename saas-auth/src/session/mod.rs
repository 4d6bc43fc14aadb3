//! Sign-ins that last: of a browser, by a cookie, and of a program, by refresh tokens.
//!
//! A session belongs to one person in one tenant, so two tabs in two tenants are two sessions and neither
//! disturbs the other. It is a row; whoever holds the row's secret, of which only a hash is kept, is its
//! person. Ending a session removes the row with its refresh tokens, and notes its id among the
//! [`Revocations`], so that the access tokens that came from it end too.

mod cookie;
mod device;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod row;
mod text;

use std::{fmt, sync::Arc, time::Duration};

use saas_core::{Granted, Id, Secret, SessionId, TenantId, Timestamp, UserId};
use saas_tenancy::{AuditEvent, Database, Registry, Scope, SystemScope, Tenant, TenantTx};

pub use cookie::{SessionCookie, TwoCookies};
pub use device::Device;
pub(crate) use row::{NewSessionRow, SessionRow, Sessions as Statements};
pub(crate) use text::Text;

use crate::{Authenticated, Error, Membership, Revocations, SessionConfig, SignIn, account};

/// A sign-in that lasts. It is made by this crate alone, for somebody whose credentials were checked.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The id, which its access tokens name as `sid`.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// The one tenant that it is good for.
    pub tenant: TenantId,
    /// The program that it was given to; none for a browser.
    pub client: Option<String>,
    /// What it was given for.
    pub granted: Granted,
    /// How the person signed in (RFC 8176).
    pub methods: Vec<String>,
    /// When the person signed in.
    pub authenticated_at: Timestamp,
    /// What the browser or program calls itself.
    pub device: String,
    /// Where it came from at the beginning.
    pub address: String,
    /// When it began.
    pub created_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

/// A session that has just begun, with the secret that continues it.
#[derive(Clone)]
pub struct Started {
    session: Session,
    secret: Secret<String>,
}

impl Started {
    /// Gives the session.
    #[must_use]
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Gives the text that continues it, for [`SessionCookie`].
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.secret
    }
}

impl fmt::Debug for Started {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Started")
            .field("session", &self.session)
            .finish_non_exhaustive()
    }
}

/// Begins, continues and ends sessions; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sessions {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    registry: Registry,
    revocations: Revocations,
    config: SessionConfig,
}

impl Sessions {
    /// Makes the service.
    #[must_use]
    pub fn new(
        database: Database,
        registry: Registry,
        revocations: Revocations,
        config: SessionConfig,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                database,
                registry,
                revocations,
                config,
            }),
        }
    }

    /// Begins the session of a browser.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the person has left the tenant meanwhile, [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the session exists or it does not; one that nobody got the secret of ends by itself.
    pub async fn begin(&self, who: &Authenticated) -> Result<Started, Error> {
        let mut tx = self.inner.database.write(who.scope());
        let started = self.insert(&mut tx, who).await?;
        tx.commit().await?;
        Ok(started)
    }

    /// Begins a session in the place of another, which ends: after every change of what a session may do, so
    /// that an id that somebody has planted or seen is worth nothing afterwards.
    ///
    /// # Errors
    ///
    /// As [`Sessions::begin`].
    ///
    /// # Cancel safety
    ///
    /// Either both happen or neither.
    pub async fn renew(&self, old: &Session, who: &Authenticated) -> Result<Started, Error> {
        let mut tx = self.inner.database.write(who.scope());
        if old.tenant == who.tenant().id() {
            self.remove(&mut tx, old.id).await?;
        }
        let started = self.insert(&mut tx, who).await?;
        tx.commit().await?;
        Ok(started)
    }

    /// Finds the session of a browser by the text of its cookie; none when it is unknown, has ended, or was
    /// not used for too long.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn resume(
        &self,
        tenant: &Tenant,
        secret: &Secret<String>,
    ) -> Result<Option<Session>, Error> {
        let Some(text) = Text::parse(secret.expose()) else {
            return Ok(None);
        };
        let scope = SystemScope::<SignIn>::enter().within(tenant);
        let mut tx = self.inner.database.read(&scope);
        let row = tx.repo::<SessionRow>().find(text.row).await?;
        drop(tx);
        let now = self.now();
        let idle = Duration::from(self.inner.config.idle);
        let row = row
            .filter(|row| row.client.is_none() && text.matches(row.secret_hash.as_deref()))
            .filter(|row| now < row.expires_at && now < row.seen_at.saturating_add(idle));
        let Some(row) = row else { return Ok(None) };
        if now.since(row.seen_at) >= SEEN_EVERY {
            let mut tx = self.inner.database.write(&scope);
            tx.seen(now, row.id).await?;
            tx.commit().await?;
        }
        Ok(Some(row.into()))
    }

    /// Lists the sessions of a person in the tenant of the transaction, the last seen first, at most 100.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx, user: UserId) -> Result<Vec<Session>, Error> {
        let rows = tx.sessions_of(user, self.now()).await?;
        Ok(rows.into_iter().map(Session::from).collect())
    }

    /// Ends a session of a person, inside the caller's transaction, and tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn end(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        session: SessionId,
    ) -> Result<bool, Error> {
        let row = tx
            .repo::<SessionRow>()
            .find(SessionRow::id_of(session))
            .await?;
        if row.is_none_or(|row| row.account_id != user) {
            return Ok(false);
        }
        self.remove(tx, session).await?;
        let event = AuditEvent::new("session.ended", format!("session:{session}"));
        tx.record(event).await?;
        Ok(true)
    }

    /// Ends every session of a person in the tenant of the transaction, but for one.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// As [`Sessions::end`].
    pub async fn end_all(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        but: Option<SessionId>,
    ) -> Result<(), Error> {
        for row in tx.all_sessions_of(user).await? {
            let id = Session::from(row).id;
            if Some(id) != but {
                self.remove(tx, id).await?;
            }
        }
        let event = AuditEvent::new("session.all-ended", format!("user:{user}"));
        Ok(tx.record(event).await?)
    }

    /// Ends every session of a person, in all tenants, one after the other.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; some tenants may be done then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may leave tenants undone; calling again goes on.
    pub async fn end_everywhere(&self, user: UserId, but: Option<SessionId>) -> Result<(), Error> {
        let system = SystemScope::<SignIn>::enter();
        let database = &self.inner.database;
        let mut tx = database.system_read(&system).for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        drop(tx);
        for id in tenants {
            if let Some(tenant) = self.inner.registry.by_id(id).await? {
                let mut tx = database.write(&system.within(&tenant));
                self.end_all(&mut tx, user, but).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    /// Ends every session of a person, in all tenants, that began before a time: for whoever makes sure, a
    /// while later, that a change has ended them.
    pub(crate) async fn end_older(&self, user: UserId, before: Timestamp) -> Result<(), Error> {
        let system = SystemScope::<SignIn>::enter();
        let database = &self.inner.database;
        let mut tx = database.system_read(&system).for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        drop(tx);
        for id in tenants {
            let Some(tenant) = self.inner.registry.by_id(id).await? else {
                continue;
            };
            let mut tx = database.write(&system.within(&tenant));
            let sessions = tx.all_sessions_of(user).await?.into_iter();
            for session in sessions.map(Session::from) {
                if session.authenticated_at < before {
                    self.remove(&mut tx, session.id).await?;
                }
            }
            tx.commit().await?;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.inner.database.clock().now()
    }

    pub(crate) fn database(&self) -> &Database {
        &self.inner.database
    }

    pub(crate) fn revocations(&self) -> &Revocations {
        &self.inner.revocations
    }

    pub(crate) fn registry(&self) -> &Registry {
        &self.inner.registry
    }

    /// Removes a session, with its refresh tokens, and lets its access tokens end.
    pub(crate) async fn remove(&self, tx: &mut TenantTx, id: SessionId) -> Result<(), Error> {
        tx.end_session(SessionRow::id_of(id)).await?;
        self.inner.revocations.revoke(tx, id.as_uuid()).await
    }

    /// Inserts a session for a program, whose secrets are refresh tokens.
    pub(crate) async fn insert_for_client(
        &self,
        tx: &mut TenantTx,
        who: &Authenticated,
        client: &str,
        granted: &Granted,
        lifetime: Duration,
    ) -> Result<Session, Error> {
        let new = self.row(who, Some((client, granted)), None, lifetime);
        insert(tx, Id::generate(), new).await
    }

    async fn insert(&self, tx: &mut TenantTx, who: &Authenticated) -> Result<Started, Error> {
        let id = Id::generate();
        let text = Text::generate(id)?;
        let new = self.row(
            who,
            None,
            Some(text.hash()),
            self.inner.config.lifetime.into(),
        );
        let session = insert(tx, id, new).await?;
        Ok(Started {
            session,
            secret: text.write(),
        })
    }

    fn row(
        &self,
        who: &Authenticated,
        client: Option<(&str, &Granted)>,
        secret_hash: Option<Vec<u8>>,
        lifetime: Duration,
    ) -> NewSessionRow {
        let now = self.now();
        NewSessionRow {
            account_id: who.user(),
            client: client.map(|(client, _)| client.to_owned()),
            origin_id: who.origin(),
            secret_hash,
            scope: match client {
                Some((_, Granted::Only(scopes))) => Some(scopes.join(" ")),
                _ => None,
            },
            methods: who.methods().join(" "),
            authenticated_at: who.at(),
            device: who.device().agent().to_owned(),
            address: who.device().address_text(),
            seen_at: now,
            expires_at: now.saturating_add(lifetime),
        }
    }
}

/// How exactly it is known when a session was last used.
const SEEN_EVERY: Duration = Duration::from_secs(60);

async fn insert(
    tx: &mut TenantTx,
    id: Id<SessionRow>,
    new: NewSessionRow,
) -> Result<Session, Error> {
    let user = new.account_id;
    // Whoever signs in clears away what has run out, so that no row stays for ever.
    tx.remove_expired(user, tx.database().clock().now()).await?;
    let member = Membership::id_of(user);
    let member = tx.repo::<Membership>().find(member).await?;
    if member.is_none_or(|member| !member.active) {
        return Err(Error::Credentials);
    }
    let described = serde_json::json!({
        "session": id,
        "client": new.client,
        "methods": new.methods,
        "device": new.device,
        "address": new.address,
    });
    let row = match tx.repo::<SessionRow>().insert_as(id, new).await {
        Ok(row) => row,
        // The membership ended meanwhile.
        Err(saas_tenancy::Error::Reference(_)) => return Err(Error::Credentials),
        Err(error) => return Err(error.into()),
    };
    let event = AuditEvent::new("session.begun", format!("user:{user}")).after(&described)?;
    tx.record(event).await?;
    Ok(row.into())
}

/// Gives the scope of the sign-in of a person in a tenant.
pub(crate) fn entering(tenant: &Tenant) -> Scope {
    SystemScope::<SignIn>::enter().within(tenant)
}
