//! Who changed what in a tenant.
//!
//! A record is written in the transaction of the change, so there is neither a change without its record nor
//! a record of a change that never happened. The service can add records and read them. On PostgreSQL it has
//! no right to change or remove one; on SQLite, where it owns the tables, triggers refuse both.

use std::fmt;

use saas_core::{Id, TenantId, Timestamp};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{Actor, Error, TenantEntity, TenantTx, error::Cause};

/// A change of one thing, to be [recorded](TenantTx::record).
///
/// ```
/// use saas_tenancy::{AuditEvent, Error, TenantTx};
///
/// async fn rename(tx: &mut TenantTx, before: &str, after: &str) -> Result<(), Error> {
///     // … the change …
///     let event = AuditEvent::new("project.renamed", "project:1").before(&before)?.after(&after)?;
///     tx.record(event).await
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AuditEvent {
    action: &'static str,
    object: String,
    before: Option<String>,
    after: Option<String>,
}

/// A change as it was recorded.
#[derive(Debug, Clone, PartialEq, Eq, TenantEntity)]
#[entity(table = "saas_audit", new = "NewAuditRecord")]
#[non_exhaustive]
pub struct AuditRecord {
    /// The id, in the order of the records.
    #[entity(id)]
    pub id: Id<AuditRecord>,
    /// Whose record it is.
    #[entity(tenant)]
    pub tenant_id: TenantId,
    /// Who did it: `user:` or `service:` and an id, or `system:` and a reason.
    #[entity(fixed, filter)]
    pub actor: String,
    /// What was done, such as `role.created`.
    #[entity(fixed, filter)]
    pub action: String,
    /// With what, such as `role:editor`.
    #[entity(fixed, filter)]
    pub object: String,
    /// What it was before, as JSON.
    #[entity(fixed)]
    pub before: Option<String>,
    /// What it is since, as JSON.
    #[entity(fixed)]
    pub after: Option<String>,
    /// When.
    #[entity(created, sort)]
    pub created_at: Timestamp,
}

impl AuditEvent {
    /// Says what was done, with what.
    #[must_use]
    pub fn new(action: &'static str, object: impl Into<String>) -> Self {
        Self {
            action,
            object: object.into(),
            before: None,
            after: None,
        }
    }

    /// Says what it was before. Secrets do not belong here.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidValue`] when the value cannot be written as JSON.
    pub fn before(mut self, value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        self.before = Some(json(value)?);
        Ok(self)
    }

    /// Says what it is now. Secrets do not belong here.
    ///
    /// # Errors
    ///
    /// As [`AuditEvent::before`].
    pub fn after(mut self, value: &(impl Serialize + ?Sized)) -> Result<Self, Error> {
        self.after = Some(json(value)?);
        Ok(self)
    }
}

impl TenantTx {
    /// Records a change of this transaction, in the name of whoever its scope names.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn record(&mut self, event: AuditEvent) -> Result<(), Error> {
        let AuditEvent {
            action,
            object,
            before,
            after,
        } = event;
        let new = NewAuditRecord {
            actor: self.scope().actor().to_string(),
            action: action.to_owned(),
            object,
            before,
            after,
        };
        self.repo::<AuditRecord>().insert(new).await?;
        Ok(())
    }
}

impl AuditRecord {
    /// Gives what it was before.
    #[must_use]
    pub fn before_json(&self) -> Option<Json> {
        serde_json::from_str(self.before.as_deref()?).ok()
    }

    /// Gives what it is since.
    #[must_use]
    pub fn after_json(&self) -> Option<Json> {
        serde_json::from_str(self.after.as_deref()?).ok()
    }
}

/// `user:` or `service:` and an id, or `system:` and a reason.
impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Principal(principal) => {
                write!(f, "{}:{}", principal.kind(), principal.subject())
            }
            Self::System(reason) => write!(f, "system:{reason}"),
        }
    }
}

fn json(value: &(impl Serialize + ?Sized)) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| Error::InvalidValue(Cause::new(error)))
}
