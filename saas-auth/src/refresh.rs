//! Refresh tokens (RFC 6749, section 6): opaque, kept as hashes, used once.
//!
//! A token names its row and carries 256 random bits. Using it makes a new one of the same family;
//! using one a second time means that somebody has a copy, and ends the family (RFC 9700, section
//! 4.14.2). That one of many parallel uses wins is decided by one conditional UPDATE.

use std::{fmt, time::Duration};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{
    Database, Registry, Scope, Status, SystemScope, TenantEntity, TenantTx, tenant_repository,
};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::{Error, Membership, SignIn};

const PREFIX: &str = "srt_";
const SECRET: usize = 32;

/// A refresh token as kept.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_refresh_tokens", new = "NewRefreshRow")]
pub(crate) struct RefreshRow {
    #[entity(id)]
    id: Id<RefreshRow>,
    #[entity(tenant)]
    tenant_id: TenantId,
    account_id: UserId,
    family: Id<RefreshTokens>,
    secret_hash: Vec<u8>,
    client: String,
    authenticated_at: Timestamp,
    #[entity(created)]
    created_at: Timestamp,
    expires_at: Timestamp,
    used_at: Option<Timestamp>,
}

/// The statements over refresh tokens.
#[tenant_repository(entity = RefreshRow)]
trait Families {
    #[sql(
        "UPDATE saas_refresh_tokens SET used_at = :now WHERE {tenant} AND id = :id AND used_at IS NULL"
    )]
    async fn use_once(&mut self, now: Timestamp, id: Id<RefreshRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_refresh_tokens WHERE {tenant} AND family = :family")]
    async fn end_family(&mut self, family: Id<RefreshTokens>) -> Result<u64>;

    #[sql("DELETE FROM saas_refresh_tokens WHERE {tenant} AND account_id = :account")]
    async fn end_all_of(&mut self, account: UserId) -> Result<u64>;
}

/// A refresh token to give to a client, with what it stands for. The text is a secret and is not
/// printed.
#[derive(Clone)]
pub struct Issued {
    text: String,
    user: UserId,
    tenant: TenantId,
    authenticated_at: Timestamp,
}

impl Issued {
    /// Gives the text, for the answer to the client.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
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
    lifetime: Duration,
}

impl RefreshTokens {
    /// Makes the service. `lifetime` bounds the whole family from the sign-in on.
    #[must_use]
    pub const fn new(database: Database, registry: Registry, lifetime: Duration) -> Self {
        Self {
            database,
            registry,
            lifetime,
        }
    }

    /// Begins a family for somebody who has just signed in.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn begin(&self, scope: &Scope, user: UserId, client: &str) -> Result<Issued, Error> {
        let now = self.database.clock().now();
        let mut tx = self.database.write(scope);
        let expires_at = now.saturating_add(self.lifetime);
        let issued = insert(&mut tx, user, Id::generate(), client, now, expires_at).await?;
        tx.commit().await?;
        Ok(issued)
    }

    /// Exchanges a token for the next of its family.
    ///
    /// # Errors
    ///
    /// [`Error::RefreshToken`] when it is unknown, expired, of another client or tenant, or its
    /// holder is no member any more; and when it was used before, which ends the family.
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
        let (tenant, id, secret) = parse(text).ok_or(Error::RefreshToken)?;
        if named.is_some_and(|named| named != tenant) {
            return Err(Error::RefreshToken);
        }
        let tenant = self
            .registry
            .by_id(tenant)
            .await?
            .filter(|tenant| tenant.status() == Status::Active);
        // What the token says only tells where to look; the row and its hash decide.
        let scope = SystemScope::<SignIn>::enter().within(&tenant.ok_or(Error::RefreshToken)?);
        let mut tx = self.database.write(&scope);
        let row = tx
            .repo::<RefreshRow>()
            .find(id)
            .await?
            .ok_or(Error::RefreshToken)?;
        let matches: bool = Sha256::digest(secret)[..].ct_eq(&row.secret_hash).into();
        if !matches || row.client != client {
            return Err(Error::RefreshToken);
        }
        let now = self.database.clock().now();
        if tx.use_once(now, id).await? == 0 {
            tracing::warn!(user = %row.account_id, "a refresh token was used twice; its family ends");
            tx.end_family(row.family).await?;
            tx.commit().await?;
            return Err(Error::RefreshToken);
        }
        let member = tx
            .repo::<Membership>()
            .find(Membership::id_of(row.account_id))
            .await?;
        if now >= row.expires_at || member.is_none() {
            return Err(Error::RefreshToken);
        }
        let RefreshRow {
            account_id,
            family,
            authenticated_at,
            expires_at,
            ..
        } = row;
        let issued = insert(
            &mut tx,
            account_id,
            family,
            client,
            authenticated_at,
            expires_at,
        )
        .await?;
        tx.commit().await?;
        Ok(issued)
    }

    /// Ends every sign-in of a member, inside the caller's transaction.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn end_all(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        tx.end_all_of(user).await?;
        Ok(())
    }
}

async fn insert(
    tx: &mut TenantTx,
    user: UserId,
    family: Id<RefreshTokens>,
    client: &str,
    authenticated_at: Timestamp,
    expires_at: Timestamp,
) -> Result<Issued, Error> {
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
    let (id, tenant) = (Id::generate(), tx.scope().tenant().id());
    let row = NewRefreshRow {
        account_id: user,
        family,
        secret_hash: Sha256::digest(secret).to_vec(),
        client: client.to_owned(),
        authenticated_at,
        expires_at,
        used_at: None,
    };
    tx.repo::<RefreshRow>().insert_as(id, row).await?;
    let bytes = [
        &tenant.as_uuid().as_bytes()[..],
        id.as_uuid().as_bytes(),
        &secret,
    ]
    .concat();
    Ok(Issued {
        text: format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)),
        user,
        tenant,
        authenticated_at,
    })
}

fn parse(text: &str) -> Option<(TenantId, Id<RefreshRow>, [u8; SECRET])> {
    let encoded = text
        .strip_prefix(PREFIX)
        .filter(|encoded| encoded.len() <= 128)?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    let (tenant, rest) = bytes.split_first_chunk::<16>()?;
    let (row, secret) = rest.split_first_chunk::<16>()?;
    let tenant = TenantId::from_uuid(uuid::Uuid::from_bytes(*tenant));
    let row = Id::from_uuid(uuid::Uuid::from_bytes(*row));
    Some((tenant, row, secret.try_into().ok()?))
}
