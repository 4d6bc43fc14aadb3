//! Refresh tokens (RFC 6749, section 6): opaque, kept as hashes, used once.
//!
//! A token names its row and carries 256 random bits. Using it makes a new one of the same family;
//! using one a second time means that somebody has a copy, and ends the family (RFC 9700, section
//! 4.14.2). That one of many parallel uses wins is decided by one conditional UPDATE. The whole
//! family ends at a fixed time after the sign-in, however often it is renewed.
//!
//! Everything that happens to a family happens while its first row is locked. Without that, ending a
//! family could miss the token that a parallel exchange is about to insert.

mod row;
mod text;

use std::{fmt, time::Duration};

use saas_core::{Id, Secret, TenantId, Timestamp, UserId};
use saas_tenancy::{Database, Registry, Scope, Status, SystemScope, Tenant, TenantTx};

pub(crate) use row::RefreshRow;
use row::{Families as _, NewRefreshToken, insert};
use text::Text;

use crate::{Accounts, Error, Membership, SignIn, account};

/// A refresh token to give to a client, with what it stands for. The text is a secret and is not
/// printed.
#[derive(Clone)]
pub struct Issued {
    text: Secret<String>,
    user: UserId,
    tenant: TenantId,
    authenticated_at: Timestamp,
    methods: Vec<String>,
}

impl Issued {
    /// Gives the text, for the answer to the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// Gives its holder.
    #[must_use]
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Gives the tenant it is good for.
    #[must_use]
    pub const fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Gives the time of the sign-in that began the family.
    #[must_use]
    pub const fn authenticated_at(&self) -> Timestamp {
        self.authenticated_at
    }

    /// Gives the ways in which the holder signed in (RFC 8176).
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued")
            .field("user", &self.user)
            .field("tenant", &self.tenant)
            .finish_non_exhaustive()
    }
}

/// Issues and exchanges refresh tokens.
#[derive(Debug, Clone)]
pub struct RefreshTokens {
    database: Database,
    registry: Registry,
    accounts: Accounts,
    lifetime: Duration,
}

impl RefreshTokens {
    /// Makes the service. `lifetime` bounds the whole family from the sign-in on.
    #[must_use]
    pub fn new(database: Database, registry: Registry, lifetime: Duration) -> Self {
        Self {
            accounts: Accounts::new(database.clone()),
            database,
            registry,
            lifetime,
        }
    }

    /// Begins a family for somebody who has just signed in, by `methods` (RFC 8176), such as `pwd`.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the person is no member of the tenant, [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the family exists or it does not; one that nobody got the token of ends by itself.
    pub async fn begin(
        &self,
        scope: &Scope,
        user: UserId,
        client: &str,
        methods: &[&str],
    ) -> Result<Issued, Error> {
        let now = self.database.clock().now();
        let mut tx = self.database.write(scope);
        let member = Membership::id_of(user);
        if tx.repo::<Membership>().find(member).await?.is_none() {
            return Err(Error::Credentials);
        }
        // Whoever signs in clears away what has run out, so that no row stays for ever.
        tx.remove_expired(user, now).await?;
        let first = Id::generate();
        let token = NewRefreshToken {
            user,
            family: Id::from_uuid(first.as_uuid()),
            client: client.to_owned(),
            methods: methods.join(" "),
            authenticated_at: now,
            expires_at: now.saturating_add(self.lifetime),
        };
        let issued = insert(&mut tx, first, token).await?;
        tx.commit().await?;
        Ok(issued)
    }

    /// Exchanges a token for the next of its family.
    ///
    /// `named` is the tenant that the address of the request names, if it names one.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshToken`] when it is unknown, expired, of another client or tenant, or its
    /// holder may not sign in any more; and when it was used before, which ends the family.
    ///
    /// # Cancel safety
    ///
    /// Either the old token is used up and the new one exists, or neither. A client that went away
    /// meanwhile has to sign in again.
    pub async fn exchange(
        &self,
        text: &str,
        client: &str,
        named: Option<TenantId>,
    ) -> Result<Issued, Error> {
        let text = Text::parse(text).ok_or(Error::RefreshToken)?;
        if named.is_some_and(|named| named != text.tenant) {
            return Err(Error::RefreshToken);
        }
        // What the token says only tells where to look; the row and its hash decide.
        let tenant = self.active_tenant(text.tenant).await?;
        let system = SystemScope::<SignIn>::enter();
        let scope = system.within(&tenant);
        // Reading comes first: a token that was never issued must not take SQLite's one writer.
        let row = self.find(&scope, &text, client).await?;
        let mut tx = self.database.system_write(&system);
        if !self.accounts.is_active(&mut tx, row.account_id).await? {
            return Err(Error::RefreshToken);
        }
        self.rotate(tx.into_scope(&scope).await?, row).await
    }

    /// Ends every sign-in of a member, inside the caller's transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn end_all(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        tx.end_all_of(user).await?;
        Ok(())
    }

    /// Ends every sign-in of a person, in all tenants, one after the other.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; some tenants may be done then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future may leave tenants undone.
    pub async fn end_everywhere(&self, user: UserId) -> Result<(), Error> {
        let system = SystemScope::<SignIn>::enter();
        let mut tx = self.database.system_read(&system).for_user(user);
        let tenants = account::store::tenants_of(&mut tx, user).await?;
        drop(tx);
        for id in tenants {
            if let Some(tenant) = self.registry.by_id(id).await? {
                let mut tx = self.database.write(&system.within(&tenant));
                self.end_all(&mut tx, user).await?;
                tx.commit().await?;
            }
        }
        Ok(())
    }

    async fn active_tenant(&self, id: TenantId) -> Result<Tenant, Error> {
        let tenant = self.registry.by_id(id).await?;
        tenant
            .filter(|tenant| tenant.status() == Status::Active)
            .ok_or(Error::RefreshToken)
    }

    /// Finds the row of a token that was issued to this client and has not expired.
    async fn find(&self, scope: &Scope, text: &Text, client: &str) -> Result<RefreshRow, Error> {
        let mut tx = self.database.read(scope);
        let row = tx.repo::<RefreshRow>().find(text.row).await?;
        let now = self.database.clock().now();
        row.filter(|row| text.matches(&row.secret_hash))
            .filter(|row| row.client == client && now < row.expires_at)
            .ok_or(Error::RefreshToken)
    }

    /// Uses a token up and inserts the next, or ends the family when it was used before.
    async fn rotate(&self, mut tx: TenantTx, row: RefreshRow) -> Result<Issued, Error> {
        if tx.hold_family(row.family).await? == 0 {
            return Err(Error::RefreshToken);
        }
        if tx.use_once(self.database.clock().now(), row.id).await? == 0 {
            tracing::warn!(tenant = %row.tenant_id, user = %row.account_id, "a refresh token was used twice; its family ends");
            tx.end_family(row.family).await?;
            tx.commit().await?;
            return Err(Error::RefreshToken);
        }
        let member = Membership::id_of(row.account_id);
        if tx.repo::<Membership>().find(member).await?.is_none() {
            return Err(Error::RefreshToken);
        }
        let issued = insert(&mut tx, Id::generate(), row.into()).await?;
        tx.commit().await?;
        Ok(issued)
    }
}
