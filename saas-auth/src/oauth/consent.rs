//! What people have allowed programs to do.

#[cfg(feature = "axum")]
use saas_core::Granted;
use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_tenancy::{AuditEvent, TenantEntity, TenantTx, tenant_repository};
use serde_json::json;

use crate::{Error, Session, Sessions, session::Statements as _};

/// What a person has allowed a program, in one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Consent {
    /// The `client_id` of the program.
    pub client: String,
    /// The scopes that it was allowed.
    pub scopes: Vec<String>,
    /// When it was first allowed anything.
    pub created_at: Timestamp,
    /// When that last changed.
    pub updated_at: Timestamp,
}

/// The row of a consent.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_consents", new = "NewConsentRow", patch = "ConsentPatch")]
pub(crate) struct ConsentRow {
    #[entity(id)]
    id: Id<ConsentRow>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(fixed)]
    account_id: UserId,
    #[entity(fixed)]
    client: String,
    scopes: String,
    #[entity(created)]
    created_at: Timestamp,
    #[entity(updated)]
    updated_at: Timestamp,
}

/// The statements over consents.
#[tenant_repository(entity = ConsentRow)]
trait Rows {
    #[sql(
        "SELECT * FROM saas_consents WHERE {tenant} AND account_id = :account AND client = :client"
    )]
    async fn consent(&mut self, account: UserId, client: String) -> Result<Option<ConsentRow>>;

    #[sql(
        "SELECT * FROM saas_consents WHERE {tenant} AND account_id = :account ORDER BY updated_at DESC LIMIT 1000"
    )]
    async fn consents_of(&mut self, account: UserId) -> Result<Vec<ConsentRow>>;

    #[sql(
        "DELETE FROM saas_consents WHERE {tenant} AND account_id = :account AND client = :client"
    )]
    async fn remove_consent(&mut self, account: UserId, client: String) -> Result<u64>;

    #[sql("DELETE FROM saas_consents WHERE {tenant} AND client = :client")]
    async fn remove_consents_to(&mut self, client: String) -> Result<u64>;
}

impl From<ConsentRow> for Consent {
    fn from(row: ConsentRow) -> Self {
        Self {
            client: row.client,
            scopes: row.scopes.split_whitespace().map(str::to_owned).collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// What people have allowed programs; cheap to clone.
#[derive(Debug, Clone)]
pub struct Consents {
    sessions: Sessions,
}

impl Consents {
    /// Makes the service.
    #[must_use]
    pub const fn new(sessions: Sessions) -> Self {
        Self { sessions }
    }

    /// Lists what a person has allowed in the tenant of the transaction, the last first.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn list(&self, tx: &mut TenantTx, user: UserId) -> Result<Vec<Consent>, Error> {
        let rows = tx.consents_of(user).await?;
        Ok(rows.into_iter().map(Consent::from).collect())
    }

    /// Takes back what a person has allowed a program, and ends its sessions; tells whether there was anything.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn withdraw(
        &self,
        tx: &mut TenantTx,
        user: UserId,
        client: &str,
    ) -> Result<bool, Error> {
        let removed = tx.remove_consent(user, client.to_owned()).await? > 0;
        let rows = tx.sessions_of_client(user, client.to_owned()).await?;
        let any = removed || !rows.is_empty();
        for row in rows {
            let id = Session::from(row).id;
            self.sessions.remove(tx, id).await?;
        }
        if any {
            let event = AuditEvent::new("consent.withdrawn", format!("user:{user}"))
                .before(&json!({ "client": client }))?;
            tx.record(event).await?;
        }
        Ok(any)
    }
}

/// Gives what a person has allowed a program; nothing when the person was never asked.
#[cfg(feature = "axum")]
pub(super) async fn find(
    tx: &mut TenantTx,
    user: UserId,
    client: &str,
) -> Result<Option<Vec<String>>, Error> {
    let row = tx.consent(user, client.to_owned()).await?;
    Ok(row.map(|row| Consent::from(row).scopes))
}

/// Tells whether what was allowed is all that is granted. Somebody who was never asked has not allowed even the
/// least.
#[cfg(feature = "axum")]
pub(super) fn covers(allowed: Option<&[String]>, granted: &Granted) -> bool {
    match (allowed, granted) {
        (Some(allowed), Granted::Only(scopes)) => {
            scopes.iter().all(|scope| allowed.contains(scope))
        }
        _ => false,
    }
}

/// Adds to what a person has allowed a program.
pub(super) async fn add(
    tx: &mut TenantTx,
    user: UserId,
    client: &str,
    scopes: &[String],
) -> Result<(), Error> {
    // Two answers at once must not lose each other's scopes.
    tx.lock("saas_consents").await?;
    let row = tx.consent(user, client.to_owned()).await?;
    let mut all: Vec<String> = match &row {
        Some(row) => row.scopes.split_whitespace().map(str::to_owned).collect(),
        None => Vec::new(),
    };
    let new: Vec<_> = scopes
        .iter()
        .filter(|scope| !all.contains(scope))
        .cloned()
        .collect();
    if row.is_some() && new.is_empty() {
        return Ok(());
    }
    all.extend(new);
    let text = all.join(" ");
    match row {
        Some(row) => {
            let patch = ConsentPatch { scopes: Some(text) };
            tx.repo::<ConsentRow>().update(row.id, None, patch).await?;
        }
        None => {
            let new = NewConsentRow {
                account_id: user,
                client: client.to_owned(),
                scopes: text,
            };
            match tx.repo::<ConsentRow>().insert(new).await {
                Ok(_) => {}
                // The membership ended meanwhile.
                Err(saas_tenancy::Error::Reference(_)) => return Err(Error::Credentials),
                Err(error) => return Err(error.into()),
            }
        }
    }
    let event = AuditEvent::new("consent.given", format!("user:{user}"))
        .after(&json!({ "client": client, "scopes": all }))?;
    Ok(tx.record(event).await?)
}

/// Forgets what anybody has allowed a program.
pub(super) async fn forget_client(tx: &mut TenantTx, client: &str) -> Result<(), Error> {
    tx.remove_consents_to(client.to_owned()).await?;
    Ok(())
}
