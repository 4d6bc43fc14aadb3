//! Domains of tenants' own: claimed, proven, released.
//!
//! Whoever claims a domain gets a token, puts it into the DNS of the domain, and asks for the proof. Until
//! then the domain leads nowhere, and anybody may claim it as well: a claim alone takes nothing from its
//! owner. The first to prove it has it.

use async_trait::async_trait;
use saas_core::{Id, Timestamp};
use serde::Serialize;

use super::{Change, Registry, store};
use crate::{Column as _, Domain, Error, Reason, Row, Scope, SystemScope, SystemTx, Value};

const CLAIM: &str = "INSERT INTO saas_domains (domain, tenant_id, token, created_at) VALUES ($1, $2, $3, $4) \
                     ON CONFLICT (domain, tenant_id) DO NOTHING";
const ONE: &str = "SELECT domain, token, created_at, verified_at FROM saas_domains WHERE tenant_id = $1 AND domain = $2";
const ALL: &str = "SELECT domain, token, created_at, verified_at FROM saas_domains WHERE tenant_id = $1 ORDER BY domain LIMIT 1000";
const COUNT: &str = "SELECT count(*) FROM saas_domains WHERE tenant_id = $1";
// The claim that was looked at: it may have been released meanwhile, and claimed anew with another token.
const VERIFY: &str = "UPDATE saas_domains SET verified_at = $4 WHERE tenant_id = $1 AND domain = $2 AND token = $3 \
                      AND verified_at IS NULL";
// Writing the tenant's row, though nothing changes, makes the claims of a tenant wait for each other.
const LOCK: &str = "UPDATE saas_tenants SET updated_at = updated_at WHERE id = $1";
const RELEASE: &str = "DELETE FROM saas_domains WHERE tenant_id = $1 AND domain = $2";

/// How many domains a tenant may claim.
const MAX_CLAIMS: i64 = 100;

/// Keeps domains, which belong to a table that no tenant may write.
#[derive(Debug)]
#[non_exhaustive]
pub struct ManageDomains;

impl Reason for ManageDomains {
    const NAME: &'static str = "manage-domains";
    const WHY: &'static str =
        "a domain has one owner among all tenants, so no tenant may write who it is";
}

/// Looks into the DNS. Implemented by the application with the resolver of its choice.
#[async_trait]
pub trait DomainProof: Send + Sync {
    /// Gives the TXT records of a name (RFC 1035, section 3.3.14), each as one text; none when there are none.
    ///
    /// # Errors
    ///
    /// Whatever keeps the question from being answered.
    async fn txt(
        &self,
        name: &str,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>>;
}

/// A domain that a tenant says is its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DomainClaim {
    /// The domain.
    pub domain: Domain,
    /// The text that a TXT record of [`record`](Self::record) has to hold. It is no secret.
    pub token: String,
    /// When it was claimed.
    pub created_at: Timestamp,
    /// When it was proven.
    pub verified_at: Option<Timestamp>,
}

impl DomainClaim {
    /// Gives the name of the TXT record.
    #[must_use]
    pub fn record(&self) -> String {
        format!("_saas-challenge.{}", self.domain)
    }
}

impl Registry {
    /// Claims a domain for the scope's tenant. Claiming it again gives the same token.
    ///
    /// # Errors
    ///
    /// [`Error::DomainTaken`] when another tenant has proven it; [`Error::TooManyDomains`].
    pub async fn claim_domain(&self, scope: &Scope, domain: &Domain) -> Result<DomainClaim, Error> {
        let owner = store::by_domain(&self.database, domain).await?;
        if owner.is_some_and(|owner| owner.id() != scope.tenant().id()) {
            return Err(Error::DomainTaken(domain.clone()));
        }
        let mut tx = self.system();
        tx.execute(LOCK, &[tenant(scope)]).await?;
        let count = tx.fetch_optional(COUNT, &[tenant(scope)]).await?;
        if count.map_or(Ok(0), |row| row.get::<i64>(0))? >= MAX_CLAIMS
            && find(&mut tx, scope, domain).await?.is_none()
        {
            return Err(Error::TooManyDomains);
        }
        let now = self.database.clock().now();
        let values = [
            Value::Text(domain.to_string()),
            tenant(scope),
            Value::Text(token()),
            Value::Timestamp(now),
        ];
        tx.execute(CLAIM, &values).await?;
        let claim = find(&mut tx, scope, domain).await?.ok_or(Error::NotFound)?;
        tx.commit().await?;
        Ok(claim)
    }

    /// Looks whether the domain's DNS holds the token, and gives the domain to the scope's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the tenant has not claimed it; [`Error::DomainUnproven`] when there is no
    /// such record; [`Error::DomainTaken`] when another tenant was faster; [`Error::Unavailable`] when the
    /// DNS does not answer.
    pub async fn verify_domain(
        &self,
        scope: &Scope,
        domain: &Domain,
        proof: &dyn DomainProof,
    ) -> Result<DomainClaim, Error> {
        let claim = find(&mut self.reading(), scope, domain)
            .await?
            .ok_or(Error::NotFound)?;
        let records = proof.txt(&claim.record()).await;
        let records =
            records.map_err(|error| Error::Unavailable(crate::error::Cause::new(error)))?;
        if !records.iter().any(|record| record.trim() == claim.token) {
            return Err(Error::DomainUnproven(domain.clone()));
        }
        let mut tx = self.system();
        let now = Value::Timestamp(self.database.clock().now());
        let values = [
            tenant(scope),
            Value::Text(domain.to_string()),
            Value::Text(claim.token),
            now,
        ];
        match tx.execute(VERIFY, &values).await {
            Err(Error::Unique(_)) => return Err(Error::DomainTaken(domain.clone())),
            done => done?,
        };
        let claim = find(&mut tx, scope, domain)
            .await?
            .filter(|claim| claim.verified_at.is_some())
            .ok_or(Error::NotFound)?;
        self.changed(tx, domain).await?;
        Ok(claim)
    }

    /// Gives a domain up. It leads nowhere from now on.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the tenant has not claimed it.
    pub async fn release_domain(&self, scope: &Scope, domain: &Domain) -> Result<(), Error> {
        let mut tx = self.system();
        let values = [tenant(scope), Value::Text(domain.to_string())];
        if tx.execute(RELEASE, &values).await? == 0 {
            return Err(Error::NotFound);
        }
        self.changed(tx, domain).await
    }

    /// Lists the domains that the scope's tenant has claimed, by name.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn domains(&self, scope: &Scope) -> Result<Vec<DomainClaim>, Error> {
        let rows = self.reading().fetch_all(ALL, &[tenant(scope)]).await?;
        rows.iter().map(read).collect()
    }

    fn system(&self) -> SystemTx {
        self.database
            .system_write(&SystemScope::<ManageDomains>::enter())
    }

    fn reading(&self) -> SystemTx {
        self.database
            .system_read(&SystemScope::<ManageDomains>::enter())
    }

    async fn changed(&self, mut tx: SystemTx, domain: &Domain) -> Result<(), Error> {
        let change = Change::Domain(domain.clone());
        store::announce(&mut tx, &change).await?;
        let cache = std::sync::Arc::clone(&self.cache);
        tx.after_commit(move || cache.forget(&change)).await?;
        tx.commit().await
    }
}

fn tenant(scope: &Scope) -> Value {
    scope.tenant().id().to_value()
}

/// An id has 74 random bits, so nobody can put the record of a claim there beforehand.
fn token() -> String {
    format!("saas-domain-verification={}", Id::<DomainClaim>::generate())
}

async fn find(
    tx: &mut SystemTx,
    scope: &Scope,
    domain: &Domain,
) -> Result<Option<DomainClaim>, Error> {
    let values = [tenant(scope), Value::Text(domain.to_string())];
    let row = tx.fetch_optional(ONE, &values).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<DomainClaim, Error> {
    let domain: String = row.get(0)?;
    Ok(DomainClaim {
        domain: domain
            .parse()
            .map_err(|error| Error::InvalidValue(crate::error::Cause::new(error)))?,
        token: row.get(1)?,
        created_at: row.get(2)?,
        verified_at: row.get(3)?,
    })
}
