//! One way in which the database stands open.

use std::fmt;

use serde::Serialize;

/// Says what is wrong, with what, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The kind.
    pub code: FindingCode,
    /// The table, role, view or function.
    pub object: String,
    /// What to do about it.
    pub mend: String,
}

/// The kinds of findings. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingCode {
    /// The service connects as a superuser.
    RoleSuperuser,
    /// The service connects as a role that passes by row-level security.
    RoleBypassesRls,
    /// The service connects as the owner of a table, or can become it.
    RoleOwnsTable,
    /// A declared table does not exist.
    TableMissing,
    /// Row-level security is off.
    RlsDisabled,
    /// Row-level security does not hold for the owner.
    RlsNotForced,
    /// A policy is missing.
    PolicyMissing,
    /// A policy is there that nobody declared.
    PolicyUnknown,
    /// A policy does not ask for the tenant, or lets rows through when there is none.
    PolicyFailsOpen,
    /// A unique key of a tenant's table does not begin with the tenant.
    UniqueWithoutTenant,
    /// A foreign key between tenants' tables does not hold the tenant.
    ReferenceWithoutTenant,
    /// A table has a column `tenant_id` and is declared by no entity.
    TableUndeclared,
    /// A view shows rows with the rights of its owner.
    ViewWithoutInvoker,
    /// A materialized view, which no policy guards, can be read by the service.
    MaterializedView,
    /// A function runs with the rights of its owner and can be called by the service.
    SecurityDefiner,
    /// The service may do more with a table than read and write rows.
    GrantTooWide,
    /// The version of the server has known holes in row-level security.
    ServerOutdated,
}

impl Finding {
    pub(super) fn new(
        code: FindingCode,
        object: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self {
            code,
            object: object.into(),
            mend: mend.into(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} `{}`: {}", self.code, self.object, self.mend)
    }
}
