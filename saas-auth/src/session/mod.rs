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

use std::{fmt, ops::Deref, sync::Arc, time::Duration};

use saas_core::{Granted, Id, Level, Secret, SessionId, TenantId, Timestamp, UserId};
use saas_tenancy::{AuditEvent, Database, Registry, Scope, SystemScope, Tenant, TenantTx};

pub use cookie::{SessionCookie, TwoCookies};
pub use device::Device;
pub(crate) use row::{NewSessionRow, SessionRow, Sessions as Statements};
pub(crate) use text::Text;

use crate::{Authenticated, Error, Membership, Revocations, SessionConfig, SignIn, account, mfa};

/// A sign-in that lasts, as the proof that its person is signed in. This crate alone makes it, for somebody whose
/// credentials were checked, and nobody can change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session(SessionInfo);

impl Session {
    /// Gives the same session, good for no more than this.
    pub(crate) fn narrowed(mut self, granted: Granted) -> Self {
        self.0.granted = granted;
        self
    }
}

#[cfg(test)]
impl From<SessionInfo> for Session {
    fn from(info: SessionInfo) -> Self {
        Self(info)
    }
}

impl Deref for Session {
    type Target = SessionInfo;

    fn deref(&self) -> &SessionInfo {
        &self.0
    }
}

/// What there is to know of a sign-in that lasts. It proves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionInfo {
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

impl SessionInfo {
    /// Gives how surely the person signed in.
    #[must_use]
    pub fn level(&self) -> Level {
        Level::of(&self.methods)
    }
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
///
/// ```
/// use http::HeaderMap;
/// use saas_auth::{Authenticated, Error, Session, SessionCookie, Sessions};
/// use saas_core::{Code, Problem};
/// use saas_tenancy::Tenant;
///
/// /// Signs a browser in: what it is told to keep.
/// async fn begin(sessions: &Sessions, who: &Authenticated) -> Result<HeaderMap, Error> {
///     let started = sessions.begin(who).await?;
///     let cookie = SessionCookie::of(who.tenant().id()).set(started.secret());
///     Ok(cookie.map(|cookie| (http::header::SET_COOKIE, cookie)).into_iter().collect())
/// }
///
/// /// Knows it again.
/// async fn resume(
///     sessions: &Sessions,
///     tenant: &Tenant,
///     headers: &HeaderMap,
/// ) -> Result<Option<Session>, Problem> {
///     match SessionCookie::of(tenant.id()).read(headers) {
///         Ok(Some(secret)) => Ok(sessions.resume(tenant, &secret).await?),
///         Ok(None) => Ok(None),
///         Err(_) => Err(Problem::new(Code::HEADER_INVALID)),
///     }
/// }
/// # let _ = (begin, resume);
/// ```
///
/// The [`AuthLayer`](crate::AuthLayer) does the second for every request.
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
        let mut tx = self.entered(who).await?;
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
        let mut tx = self.entered(who).await?;
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
        let mut tx = self.inner.database.read_primary(&scope);
        let row = tx.repo::<SessionRow>().find(text.row).await?;
        drop(tx);
        let now = self.now();
        let idle = Duration::from(self.inner.config.idle);
        let row = row
            .filter(|row| row.client.is_none() && text.matches(row.secret_hash.as_deref()))
            .filter(|row| now < row.expires_at && now < row.seen_at.saturating_add(idle));
        let Some(row) = row else { return Ok(None) };
        // That it was seen is worth no refusal, and one of many at once writes it.
        if now.since(row.seen_at) >= SEEN_EVERY
            && let Err(error) = self.note_seen(&scope, row.id, now).await
        {
            tracing::warn!(%error, "when a session was seen could not be written");
        }
        Ok(Some(row.into()))
    }

    /// Lists the sessions of a person in the tenant of the transaction, the last seen first, at most 100.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx, user: UserId) -> Result<Vec<SessionInfo>, Error> {
        let rows = tx.sessions_of(user, self.now()).await?;
        Ok(rows.into_iter().map(SessionInfo::from).collect())
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
        self.end_all_but(tx, user, but).await?;
        record_all_ended(tx, user).await
    }

    async fn end_all_but(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        but: Option<SessionId>,
    ) -> Result<usize, Error> {
        let rows = tx.all_sessions_of(user).await?;
        let ids = rows
            .iter()
            .map(|row| SessionId::from_uuid(row.id.as_uuid()));
        let ending: Vec<_> = ids.filter(|id| Some(*id) != but).collect();
        for id in &ending {
            self.remove(tx, *id).await?;
        }
        Ok(ending.len())
    }

    /// Ends every session of a person, in all tenants, one after the other, and looks again for one that was begun
    /// meanwhile from one that had not ended yet. Devices that are remembered are forgotten, in all tenants, too: whoever
    /// signs in anew proves everything.
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
        let mut tx = database.system_write(&system);
        mfa::forget_devices(&mut tx, user).await?;
        tx.commit().await?;
        let tenants = self.tenants_of(user).await?;
        for look in 0..2 {
            for tenant in &tenants {
                let mut tx = database.write(&system.within(tenant));
                let ended = self.end_all_but(&mut tx, user, but).await?;
                if look == 0 || ended > 0 {
                    record_all_ended(&mut tx, user).await?;
                }
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn tenants_of(&self, user: UserId) -> Result<Vec<Tenant>, Error> {
        let system = SystemScope::<SignIn>::enter();
        let mut tx = self.inner.database.system_read(&system).for_user(user);
        let ids = account::store::tenants_of(&mut tx, user).await?;
        drop(tx);
        let mut tenants = Vec::with_capacity(ids.len());
        for id in ids {
            tenants.extend(self.inner.registry.by_id(id).await?);
        }
        Ok(tenants)
    }

    /// Ends every session of a person, in all tenants, that began before a time: for whoever makes sure, a
    /// while later, that a change has ended them.
    pub(crate) async fn end_older(&self, user: UserId, before: Timestamp) -> Result<(), Error> {
        let system = SystemScope::<SignIn>::enter();
        let database = &self.inner.database;
        for tenant in self.tenants_of(user).await? {
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

    /// Begins a transaction for somebody who enters. When the account has changed since it was looked at, nothing
    /// begins; and it does not change until the transaction has ended.
    pub(crate) async fn entered(&self, who: &Authenticated) -> Result<TenantTx, Error> {
        let database = &self.inner.database;
        let Some(generation) = who.generation() else {
            return Ok(database.write(who.scope()));
        };
        let mut tx = database.system_write(&SystemScope::<SignIn>::enter());
        if !account::store::stands(&mut tx, who.user(), generation).await? {
            return Err(Error::Credentials);
        }
        Ok(tx.into_scope(who.scope()).await?)
    }

    /// Finds the session of a browser in which a person was when they let a program in, and keeps it from ending
    /// until the transaction has; none when it has ended.
    pub(crate) async fn held(
        &self,
        tx: &mut TenantTx,
        id: SessionId,
        user: UserId,
    ) -> Result<Option<Session>, Error> {
        let (id, now) = (SessionRow::id_of(id), self.now());
        // Locks the row.
        if tx.seen(now, id).await? == 0 {
            return Ok(None);
        }
        let row = tx.repo::<SessionRow>().get(id).await?;
        let stands = row.client.is_none() && now < row.expires_at && row.account_id == user;
        Ok(stands.then(|| row.into()))
    }

    async fn note_seen(
        &self,
        scope: &Scope,
        session: Id<SessionRow>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.inner.database.write(scope);
        tx.seen_again(now, session, now.saturating_sub(SEEN_EVERY))
            .await?;
        Ok(tx.commit().await?)
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

    /// Ends a session that has just begun.
    #[cfg(feature = "axum")]
    pub(crate) async fn end_now(&self, session: &Session) -> Result<(), Error> {
        let Some(tenant) = self.inner.registry.by_id(session.tenant).await? else {
            return Ok(());
        };
        let mut tx = self.inner.database.write(&entering(&tenant));
        self.remove(&mut tx, session.id).await?;
        Ok(tx.commit().await?)
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
        self.insert_row(tx, Id::generate(), new).await
    }

    /// Inserts a session, and ends the ones not used for longest when their person has too many by it.
    async fn insert_row(
        &self,
        tx: &mut TenantTx,
        id: Id<SessionRow>,
        new: NewSessionRow,
    ) -> Result<Session, Error> {
        let session = insert(tx, id, new).await?;
        for row in tx.sessions_beyond(session.user, MAX_SESSIONS).await? {
            if row.id != id {
                self.remove(tx, SessionId::from_uuid(row.id.as_uuid()))
                    .await?;
            }
        }
        Ok(session)
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
        let session = self.insert_row(tx, id, new).await?;
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
        let end = now.saturating_add(lifetime);
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
            expires_at: who.end().map_or(end, |until| end.min(until)),
        }
    }
}

/// How many sessions a person can have in a tenant.
const MAX_SESSIONS: i64 = 100;
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

async fn record_all_ended(tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
    let event = AuditEvent::new("session.all-ended", format!("user:{user}"));
    Ok(tx.record(event).await?)
}

/// Gives the scope of the sign-in of a person in a tenant.
pub(crate) fn entering(tenant: &Tenant) -> Scope {
    SystemScope::<SignIn>::enter().within(tenant)
}
