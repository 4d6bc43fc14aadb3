//! What a tenant asks of its members.

use std::time::Duration;

use saas_core::{Id, TenantId, Timestamp};
use saas_tenancy::{
    AuditEvent, Column, Error as TenancyError, Kind as ColumnKind, TenantEntity, TenantTx, Value,
    tenant_repository,
};
use serde::{Deserialize, Serialize};

use super::policy::Requirement;
use crate::Error;

/// How many rules a tenant can have.
const MAX_RULES: usize = 50;
const MAX_ROLE: usize = 100;

/// What is asked of all members of a tenant, or of those with a role.
///
/// Where several hold for a member, the strictest counts; a code by mail is asked besides, of those who have no
/// factor yet, before they enrol one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(
    clippy::exhaustive_structs,
    reason = "a rule is written down by whoever sets it, and a new part of one has to be decided by them"
)]
pub struct MfaRule {
    /// The role that it is about; of everybody without one.
    #[serde(default)]
    pub role: Option<String>,
    /// What is asked.
    pub requirement: Requirement,
    /// How many seconds those have to enrol what is asked who have not: from the moment when the rule was set, or
    /// they joined. At most [`MfaRule::MAX_GRACE`].
    #[serde(default)]
    pub grace: u32,
}

impl MfaRule {
    /// The longest grace, in seconds.
    pub const MAX_GRACE: u32 = 90 * 86_400;
}

/// The row of a rule.
#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "saas_mfa_rules", new = "NewRuleRow")]
pub(crate) struct RuleRow {
    #[entity(id)]
    id: Id<RuleRow>,
    #[entity(tenant)]
    tenant_id: TenantId,
    role: Option<String>,
    requirement: Requirement,
    grace: i64,
    #[entity(created)]
    created_at: Timestamp,
}

/// The statements over rules.
#[tenant_repository(entity = RuleRow)]
trait Rules {
    #[sql("SELECT * FROM saas_mfa_rules WHERE {tenant} ORDER BY id LIMIT 50")]
    async fn rules(&mut self) -> Result<Vec<RuleRow>>;

    #[sql("UPDATE saas_mfa_rules SET created_at = :at WHERE {tenant} AND id = :id")]
    async fn set_since(&mut self, at: Timestamp, id: Id<RuleRow>) -> Result<u64>;

    #[sql("DELETE FROM saas_mfa_rules WHERE {tenant}")]
    async fn forget_rules(&mut self) -> Result<u64>;
}

impl Column for Requirement {
    const KIND: ColumnKind = ColumnKind::Text;

    fn to_value(&self) -> Value {
        Value::Text(self.name().to_owned())
    }

    fn from_value(value: Value) -> Result<Self, TenancyError> {
        let name = String::from_value(value)?;
        let mut all = Self::ALL.into_iter();
        all.find(|requirement| requirement.name() == name)
            .ok_or_else(|| TenancyError::decode("a requirement"))
    }
}

/// A rule with the time from which it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) role: Option<String>,
    pub(super) requirement: Requirement,
    grace: Duration,
    set_at: Timestamp,
}

impl Standing {
    /// Gives when it is enforced for somebody who joined then.
    pub(super) fn enforced_at(&self, joined: Timestamp) -> Timestamp {
        self.set_at.max(joined).saturating_add(self.grace)
    }
}

/// Gives the rules of the transaction's tenant.
pub(super) async fn standing(tx: &mut TenantTx) -> Result<Vec<Standing>, Error> {
    let rows = tx.rules().await?;
    Ok(rows
        .into_iter()
        .map(|row| Standing {
            role: row.role,
            requirement: row.requirement,
            grace: Duration::from_secs(row.grace.unsigned_abs()),
            set_at: row.created_at,
        })
        .collect())
}

/// Gives the rules of the transaction's tenant, as they were set.
pub(super) async fn get(tx: &mut TenantTx) -> Result<Vec<MfaRule>, Error> {
    let rules = standing(tx).await?;
    Ok(rules
        .into_iter()
        .map(|rule| MfaRule {
            role: rule.role,
            requirement: rule.requirement,
            grace: u32::try_from(rule.grace.as_secs()).unwrap_or(MfaRule::MAX_GRACE),
        })
        .collect())
}

/// Sets the rules of the transaction's tenant. One that stays runs on from when it was set.
pub(super) async fn set(tx: &mut TenantTx, rules: &[MfaRule]) -> Result<(), Error> {
    check(rules)?;
    tx.lock("saas_mfa_rules").await?;
    let (before, standing) = (get(tx).await?, standing(tx).await?);
    tx.forget_rules().await?;
    for rule in rules {
        let new = NewRuleRow {
            role: rule.role.clone(),
            requirement: rule.requirement,
            grace: rule.grace.into(),
        };
        let row = tx.repo::<RuleRow>().insert(new).await?;
        let same = standing.iter().find(|old| {
            old.role == rule.role
                && old.requirement == rule.requirement
                && old.grace.as_secs() == u64::from(rule.grace)
        });
        if let Some(old) = same {
            tx.set_since(old.set_at, row.id).await?;
        }
    }
    let event = AuditEvent::new("mfa-rules.changed", "mfa-rules");
    let event = event.before(&before)?.after(&rules)?;
    Ok(tx.record(event).await?)
}

/// A code by mail can be asked for beside something else: of those who have not enrolled that yet.
fn by_mail(rule: &MfaRule) -> bool {
    rule.requirement == Requirement::Email
}

fn check(rules: &[MfaRule]) -> Result<(), Error> {
    let wrong = |message| Err(Error::MfaRule { message });
    if rules.len() > MAX_RULES {
        return wrong("there are at most 50 rules");
    }
    for (number, rule) in rules.iter().enumerate() {
        let role = rule.role.as_deref().unwrap_or("x");
        let length = role.chars().count();
        if !(1..=MAX_ROLE).contains(&length) || role.chars().any(char::is_control) {
            return wrong("a role has 1 to 100 characters");
        }
        if by_mail(rule) && rule.grace > 0 {
            return wrong("a code by mail needs no grace: everybody has an address");
        }
        if rule.grace > MfaRule::MAX_GRACE {
            return wrong("the grace is at most 90 days");
        }
        if rules
            .iter()
            .take(number)
            .any(|other| other.role == rule.role && by_mail(other) == by_mail(rule))
        {
            return wrong(
                "there is one rule for each role, and one for everybody, beside one by mail",
            );
        }
    }
    Ok(())
}
