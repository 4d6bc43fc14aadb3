//! Policies of tenants, kept in the database.

use std::collections::BTreeSet;

use saas_core::{Id, TenantId};
use saas_tenancy::{AuditEvent, TenantEntity, TenantTx, tenant_repository};

use sha2::{Digest as _, Sha256};

use super::{Model, Policy, PolicyError, limits};
use crate::Error;

/// One line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_casbin_rules", new = "NewCasbinRule")]
pub(crate) struct CasbinRule {
    #[entity(id)]
    pub(crate) id: Id<CasbinRule>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    /// The policy that it belongs to.
    #[entity(fixed)]
    pub(crate) policy: String,
    #[entity(fixed)]
    pub(crate) ptype: String,
    #[entity(fixed)]
    pub(crate) v0: String,
    #[entity(fixed)]
    pub(crate) v1: String,
    #[entity(fixed)]
    pub(crate) v2: String,
    #[entity(fixed)]
    pub(crate) v3: String,
    #[entity(fixed)]
    pub(crate) v4: String,
    #[entity(fixed)]
    pub(crate) v5: String,
    /// Of the fields, because they are too long for the index that has a line in a policy once.
    #[entity(fixed)]
    pub(crate) digest: String,
}

/// How many fields a line has.
const FIELDS: usize = 6;

/// How many lines are in memory at once.
const PAGE: i64 = 10_000;

#[tenant_repository(entity = CasbinRule)]
trait CasbinRules {
    #[sql(
        "SELECT * FROM saas_casbin_rules WHERE {tenant} AND policy = :policy AND id > :after ORDER BY id LIMIT :limit"
    )]
    async fn lines_after(
        &mut self,
        policy: &str,
        after: Id<CasbinRule>,
        limit: i64,
    ) -> Result<Vec<CasbinRule>>;

    #[sql(
        "SELECT * FROM saas_casbin_rules WHERE {tenant} AND policy = :policy AND ptype = :ptype ORDER BY id"
    )]
    async fn lines_of(&mut self, policy: &str, ptype: &str) -> Result<Vec<CasbinRule>>;

    #[sql("SELECT count(*) FROM saas_casbin_rules WHERE {tenant} AND policy = :policy")]
    async fn count_lines(&mut self, policy: &str) -> Result<(i64,)>;

    #[sql(
        "DELETE FROM saas_casbin_rules WHERE {tenant} AND policy = :policy AND ptype = :ptype AND digest = :digest"
    )]
    async fn delete_line(&mut self, policy: &str, ptype: &str, digest: &str) -> Result<u64>;
}

/// The policies of tenants for one model of the program, in the database: each tenant has its own.
///
/// ```
/// use saas_rbac::{Error, casbin::{Enforcer, Model, Policies}};
/// use saas_tenancy::TenantTx;
///
/// async fn share(
///     documents: &Policies,
///     tx: &mut TenantTx,
///     user: &str,
///     document: &str,
/// ) -> Result<Enforcer, Error> {
///     documents.add(tx, "p", &[user, document, "read"]).await?;
///     Enforcer::new(documents.model().clone(), documents.load(tx).await?)
/// }
/// ```
///
/// A change writes the lines that change and no others, and is [recorded](saas_tenancy::AuditRecord). Who may
/// make it is the business of the program: these rules are not those of [`Roles`](crate::Roles).
#[derive(Debug, Clone)]
pub struct Policies {
    name: &'static str,
    model: Model,
    max_rules: u32,
}

impl Policies {
    /// Names the policies, apart from those of other models, and says how many rules a tenant may have.
    #[must_use]
    pub const fn new(name: &'static str, model: Model, max_rules: u32) -> Self {
        Self {
            name,
            model,
            max_rules,
        }
    }

    /// Gives the model.
    #[must_use]
    pub const fn model(&self) -> &Model {
        &self.model
    }

    /// Reads the policy of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when a line is none of the model any more.
    pub async fn load(&self, tx: &mut TenantTx) -> Result<Policy, Error> {
        let mut policy = Policy::new(&self.model);
        let mut after: Id<CasbinRule> = Id::from_uuid(Default::default());
        loop {
            let lines = tx.lines_after(self.name, after, PAGE).await?;
            for line in &lines {
                policy.load(&line.ptype, &self.fields(line)?)?;
            }
            match lines.last() {
                Some(last) if i64::try_from(lines.len()).is_ok_and(|read| read == PAGE) => {
                    after = last.id;
                }
                _ => break,
            }
        }
        policy.verify()?;
        Ok(policy)
    }

    /// Adds a rule to the policy of the transaction's tenant, and gives whether it is new.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when it is none of the model, has more than six fields, or would make roles go round
    /// in a circle or too deep; [`Error::TooManyRules`].
    pub async fn add(&self, tx: &mut TenantTx, kind: &str, rule: &[&str]) -> Result<bool, Error> {
        let digest = digest(rule)?;
        // The rules of the same type are what it has to go together with: a line of its own, or the roles.
        let mut policy = Policy::new(&self.model);
        if self.model.is_role(kind) {
            for line in tx.lines_of(self.name, kind).await? {
                policy.load(&line.ptype, &self.fields(&line)?)?;
            }
        }
        policy.insert(kind, rule)?;
        if tx.count_lines(self.name).await?.0 >= i64::from(self.max_rules) {
            return Err(Error::TooManyRules(self.max_rules));
        }
        let mut fields = rule.iter().map(|field| (*field).to_owned());
        let mut next = || fields.next().unwrap_or_default();
        let (v0, v1, v2, v3, v4, v5) = (next(), next(), next(), next(), next(), next());
        let line = NewCasbinRule {
            policy: self.name.to_owned(),
            ptype: kind.to_owned(),
            v0,
            v1,
            v2,
            v3,
            v4,
            v5,
            digest,
        };
        let added = tx
            .savepoint(async |tx| tx.repo::<CasbinRule>().insert(line).await)
            .await;
        match added {
            Ok(_) => {}
            Err(saas_tenancy::Error::Unique(_)) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let event = AuditEvent::new("policy.added", format!("policy:{}", self.name));
        tx.record(event.after(&(kind, rule))?).await?;
        Ok(true)
    }

    /// Removes a rule from the policy of the transaction's tenant, and gives whether there was one.
    ///
    /// # Errors
    ///
    /// [`Error::Policy`] when it has more than six fields.
    pub async fn remove(
        &self,
        tx: &mut TenantTx,
        kind: &str,
        rule: &[&str],
    ) -> Result<bool, Error> {
        let gone = tx.delete_line(self.name, kind, &digest(rule)?).await?;
        if gone == 0 {
            return Ok(false);
        }
        let event = AuditEvent::new("policy.removed", format!("policy:{}", self.name));
        tx.record(event.before(&(kind, rule))?).await?;
        Ok(true)
    }

    /// Makes the policy of the transaction's tenant this one, as an import of a CSV does. Lines that are in
    /// both stay as they are, before those that are new.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRules`]; [`Error::Policy`] when a rule has more than six fields. Nothing is changed
    /// then.
    pub async fn replace(&self, tx: &mut TenantTx, policy: &Policy) -> Result<(), Error> {
        let max = usize::try_from(self.max_rules).unwrap_or(usize::MAX);
        if policy.len() > max {
            return Err(Error::TooManyRules(self.max_rules));
        }
        let before = self.load(tx).await?;
        let (old, new) = (lines(&before), lines(policy));
        tx.savepoint(async |tx| {
            for (kind, rule) in old.difference(&new) {
                let rule: Vec<&str> = rule.iter().map(String::as_str).collect();
                self.remove(tx, kind, &rule).await?;
            }
            // In the order of the policy, which matters to some effects.
            for (kind, rule) in policy.lines() {
                if !old.contains(&(kind.clone(), rule.clone())) {
                    let rule: Vec<&str> = rule.iter().map(String::as_str).collect();
                    self.add(tx, &kind, &rule).await?;
                }
            }
            Ok::<(), Error>(())
        })
        .await
    }

    /// Gives the fields of a line: as many as the model says, because an empty one is a field too.
    fn fields<'a>(&self, line: &'a CasbinRule) -> Result<Vec<&'a str>, PolicyError> {
        let width = self.model.width(&line.ptype).ok_or_else(|| {
            PolicyError::new(format!("rules of type `{}` are not defined", line.ptype))
        })?;
        let all = [&line.v0, &line.v1, &line.v2, &line.v3, &line.v4, &line.v5];
        Ok(all.into_iter().take(width).map(String::as_str).collect())
    }
}

fn lines(policy: &Policy) -> BTreeSet<(String, Vec<String>)> {
    policy.lines().collect()
}

/// Gives the SHA-256 of the fields.
fn digest(rule: &[&str]) -> Result<String, PolicyError> {
    if rule.len() > FIELDS || rule.iter().any(|field| field.len() > limits::FIELD_BYTES) {
        return Err(PolicyError::new(
            "a rule in the database has up to six fields of up to 4096 bytes",
        ));
    }
    let mut hash = Sha256::new();
    for field in rule {
        // With its length, so that no two rules run together into the same.
        hash.update(u64::try_from(field.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(field);
    }
    Ok(hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
