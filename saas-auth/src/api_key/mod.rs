//! Keys with which a program acts for a person, without a sign-in.
//!
//! A key belongs to one member of one tenant, may do what its scopes and the member's roles both allow, and ends at
//! its time. Of its 256 random bits only a hash is kept. It is looked up at every use, so what was taken back is
//! refused at the next request, and so is the key of somebody who has left or may not sign in any more.

mod row;

use std::{fmt, time::Duration};

use saas_core::{
    Granted, Id, Principal, PrincipalKind, Secret, TenantId, Timestamp, UserId, VerifiedFacts,
};
use saas_tenancy::{AuditEvent, Database, Registry, Scope, Status, SystemScope, TenantTx};

pub(crate) use row::{ApiKeyRow, PREFIX};
use row::{Keys as _, NewApiKeyRow, Text};

use crate::{Accounts, Error, SignIn, session};

/// How many keys a member may have in a tenant.
const MAX_KEYS: u64 = 50;
/// How many scopes a key may have, and how long they may be together.
const MAX_SCOPES: (usize, usize) = (200, 8_000);
/// How exactly it is known when a key was last used.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// A key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiKey {
    /// The id.
    pub id: Id<ApiKey>,
    /// For whom it acts.
    pub user: UserId,
    /// What its maker calls it.
    pub name: String,
    /// What it may be used for.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Option<Timestamp>,
}

/// A key to make.
#[derive(Debug, Clone)]
#[expect(
    clippy::exhaustive_structs,
    reason = "whoever makes a key has to say all of it"
)]
pub struct NewApiKey {
    /// What to call it: 1 to 100 characters.
    pub name: String,
    /// What it may be used for: names of permissions.
    pub scopes: Vec<String>,
    /// How long it is good: a minute to [`NewApiKey::MAX_LIFETIME`].
    pub lifetime: Duration,
}

impl NewApiKey {
    /// The longest time for which a key can be good: a year and a day.
    pub const MAX_LIFETIME: Duration = Duration::from_secs(366 * 86_400);
}

/// A key that was just made, with the one text that will ever be shown of it.
#[derive(Clone)]
pub struct MadeApiKey {
    key: ApiKey,
    secret: Secret<String>,
}

impl MadeApiKey {
    /// Gives the key.
    #[must_use]
    pub const fn key(&self) -> &ApiKey {
        &self.key
    }

    /// Gives the text that the program sends as a bearer token.
    #[must_use]
    pub const fn secret(&self) -> &Secret<String> {
        &self.secret
    }
}

impl fmt::Debug for MadeApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MadeApiKey")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

/// Makes, lists, verifies and takes back keys; cheap to clone.
///
/// ```
/// use std::time::Duration;
///
/// use saas_auth::{ApiKeys, Error, NewApiKey};
/// use saas_core::{Secret, UserId};
/// use saas_tenancy::TenantTx;
///
/// async fn make(keys: &ApiKeys, tx: &mut TenantTx, user: UserId) -> Result<Secret<String>, Error> {
///     let new = NewApiKey {
///         name: "nightly import".to_owned(),
///         scopes: vec!["projects:write".to_owned()],
///         lifetime: Duration::from_secs(90 * 86_400),
///     };
///     let made = keys.create(tx, user, new).await?;
///     // It is shown once; afterwards there is only its hash.
///     Ok(made.secret().clone())
/// }
///
/// async fn take_back(keys: &ApiKeys, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
///     for key in keys.list(tx, user).await? {
///         keys.revoke(tx, user, key.id).await?;
///     }
///     Ok(())
/// }
/// # let _ = (make, take_back);
/// ```
#[derive(Debug, Clone)]
pub struct ApiKeys {
    database: Database,
    registry: Registry,
    accounts: Accounts,
}

impl ApiKeys {
    /// Makes the service.
    #[must_use]
    pub fn new(database: Database, registry: Registry) -> Self {
        Self {
            accounts: Accounts::new(database.clone()),
            database,
            registry,
        }
    }

    /// Makes a key for a member of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidApiKey`] names the field that is wrong; [`Error::TooManyApiKeys`];
    /// [`Error::Credentials`] when the person is no member; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn create(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        new: NewApiKey,
    ) -> Result<MadeApiKey, Error> {
        check(&new)?;
        let now = self.database.clock().now();
        tx.lock("saas_api_keys").await?;
        tx.forget_ended(user, now).await?;
        let (count,) = tx.count_keys(user).await?;
        if u64::try_from(count).unwrap_or(u64::MAX) >= MAX_KEYS {
            return Err(Error::TooManyApiKeys);
        }
        let text = Text::generate(tx.scope().tenant().id())?;
        let row = NewApiKeyRow {
            account_id: user,
            name: new.name,
            secret_hash: text.hash(),
            scope: new.scopes.join(" "),
            expires_at: now.saturating_add(new.lifetime),
            seen_at: None,
        };
        let row = match tx.repo::<ApiKeyRow>().insert_as(text.row, row).await {
            Ok(row) => row,
            Err(saas_tenancy::Error::Reference(_)) => return Err(Error::Credentials),
            Err(error) => return Err(error.into()),
        };
        let key = ApiKey::from(row);
        let event = AuditEvent::new("api-key.made", format!("api-key:{}", key.id))
            .after(&serde_json::json!({ "scopes": key.scopes, "expires_at": key.expires_at }))?;
        tx.record(event).await?;
        Ok(MadeApiKey {
            key,
            secret: text.write(),
        })
    }

    /// Lists the keys of a member in the transaction's tenant, the newest first.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx, user: UserId) -> Result<Vec<ApiKey>, Error> {
        let rows = tx.keys_of(user).await?;
        Ok(rows.into_iter().map(ApiKey::from).collect())
    }

    /// Takes a key of a member back, and tells whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// As [`ApiKeys::create`].
    pub async fn revoke(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        key: Id<ApiKey>,
    ) -> Result<bool, Error> {
        let gone = tx.remove_key(user, Id::from_uuid(key.as_uuid())).await? > 0;
        if gone {
            tx.record(AuditEvent::new("api-key.revoked", format!("api-key:{key}")))
                .await?;
        }
        Ok(gone)
    }

    /// Takes all keys of a member in the transaction's tenant back.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// As [`ApiKeys::create`].
    pub async fn revoke_all(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        tx.remove_keys(user).await?;
        Ok(())
    }

    /// Finds the holder of a key; none when it is not good, for whatever reason.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn verify(&self, key: &Secret<String>) -> Result<Option<Principal>, Error> {
        let Some(text) = Text::parse(key.expose()) else {
            return Ok(None);
        };
        // What the key says only tells where to look; the row and its hash decide.
        let tenant = self.registry.by_id(text.tenant).await?;
        let Some(tenant) = tenant.filter(|tenant| tenant.status() == Status::Active) else {
            return Ok(None);
        };
        let scope = session::entering(&tenant);
        let mut tx = self.database.read_primary(&scope);
        let row = tx.usable_key(text.row).await?;
        drop(tx);
        let now = self.database.clock().now();
        let row = row.filter(|row| text.matches(&row.secret_hash) && now < row.expires_at);
        let Some(row) = row else { return Ok(None) };
        let mut tx = self.database.system_read(&SystemScope::<SignIn>::enter());
        if !self.accounts.is_active(&mut tx, row.account_id).await? {
            return Ok(None);
        }
        drop(tx);
        // That it was seen is worth no refusal.
        if row.seen_at.is_none_or(|seen| now.since(seen) >= SEEN_EVERY)
            && let Err(error) = self.seen(&scope, row.id, now).await
        {
            tracing::warn!(%error, "when a key was seen could not be written");
        }
        Ok(Some(principal(row.tenant_id, row.into())))
    }

    async fn seen(&self, scope: &Scope, key: Id<ApiKeyRow>, now: Timestamp) -> Result<(), Error> {
        let mut tx = self.database.write(scope);
        tx.key_seen(now, key).await?;
        Ok(tx.commit().await?)
    }
}

fn principal(tenant: TenantId, key: ApiKey) -> Principal {
    #[expect(
        clippy::disallowed_methods,
        reason = "the secret of the key has just been compared with the database"
    )]
    Principal::assert_verified(VerifiedFacts {
        kind: PrincipalKind::User,
        subject: key.user,
        tenant,
        // The key proves nothing about when its person was last here.
        authenticated_at: key.created_at,
        expires_at: key.expires_at,
        methods: Vec::new(),
        session: None,
        granted: Granted::Only(key.scopes.into()),
    })
}

fn check(new: &NewApiKey) -> Result<(), Error> {
    let wrong = |field, message| Err(Error::InvalidApiKey { field, message });
    let length = new.name.chars().count();
    if !(1..=100).contains(&length) || new.name.chars().any(char::is_control) {
        return wrong("name", "has 1 to 100 characters and no control characters");
    }
    let (most, longest) = MAX_SCOPES;
    let size: usize = new.scopes.iter().map(|scope| scope.len() + 1).sum();
    if new.scopes.is_empty() || new.scopes.len() > most || size > longest {
        return wrong("scopes", "has 1 to 200 names of permissions");
    }
    // RFC 6749, section 3.3.
    let token = |scope: &String| {
        !scope.is_empty()
            && scope
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    if !new.scopes.iter().all(token) {
        return wrong("scopes", "has names of permissions only");
    }
    let range = Duration::from_secs(60)..=NewApiKey::MAX_LIFETIME;
    if !range.contains(&new.lifetime) {
        return wrong("expires_in", "lies between a minute and a year");
    }
    Ok(())
}
