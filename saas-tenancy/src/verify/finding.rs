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
    /// The statement that mends it, for the owner of the object or a superuser to run. Where no statement
    /// can, what to do, in a comment of SQL.
    pub mend: String,
}

/// Says how bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Severity {
    /// Rows of one tenant can reach another, or nothing would stop them.
    Leak,
    /// The tenants are kept apart, but somebody who could run SQL of their own would be stopped later, or a tenant's own rows
    /// lack a key that the entity declares.
    Weakness,
}

/// The kinds of findings. The names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum FindingCode {
    /// The service connects as a superuser, or can become one.
    RoleSuperuser,
    /// The service connects as a role that passes by row-level security, or can become one.
    RoleBypassesRls,
    /// The service connects as the owner of a table, or can become it.
    RoleOwnsTable,
    /// A tenant is set before anybody set one: for the role, the database or the server.
    TenantPreset,
    /// A declared table does not exist.
    TableMissing,
    /// A declared column does not exist.
    ColumnMissing,
    /// The column of the tenant may be NULL.
    TenantNullable,
    /// Row-level security is off.
    RlsDisabled,
    /// Row-level security does not hold for the owner.
    RlsNotForced,
    /// A policy is missing.
    PolicyMissing,
    /// A permissive policy stands beside ours.
    PolicyUnknown,
    /// A policy lets rows through when there is no tenant.
    PolicyFailsOpen,
    /// A policy does not check the rows that are written.
    PolicyWithoutCheck,
    /// A policy says something else than the entity, or to somebody else.
    PolicyDiffers,
    /// A unique key of a tenant's table does not begin with the tenant.
    UniqueWithoutTenant,
    /// A key that the entity declares, of its id or of a unique column, does not exist.
    KeyMissing,
    /// A foreign key between tenants' tables does not hold the tenant.
    ReferenceWithoutTenant,
    /// A table has a column `tenant_id` and is declared by no entity.
    TableUndeclared,
    /// A rule rewrites statements on a declared table.
    TableRewritten,
    /// A view shows rows with the rights of its owner.
    ViewWithoutInvoker,
    /// A materialized view, which no policy guards, can be read by the service.
    MaterializedView,
    /// A function runs with the rights of its owner and can be called by the service or a trigger.
    SecurityDefiner,
    /// A publication sends rows of all tenants.
    PublicationUnfiltered,
    /// The service may do more with a table than read and write rows.
    GrantTooWide,
    /// The service may create objects in a schema that it searches.
    SchemaWritable,
    /// The service may create temporary tables, which stay on a connection and hide others.
    TemporaryTables,
    /// There are large objects, which know no tenant.
    LargeObjects,
    /// An extension is installed that reaches outside the database.
    ExtensionReachesOut,
    /// The version of the server has known holes in row-level security.
    ServerOutdated,
}

impl FindingCode {
    /// Tells how bad it is.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::KeyMissing
            | Self::TemporaryTables
            | Self::LargeObjects
            | Self::ExtensionReachesOut
            | Self::PublicationUnfiltered
            | Self::ServerOutdated => Severity::Weakness,
            _ => Severity::Leak,
        }
    }

    /// Gives the name, such as `policy-missing`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RoleSuperuser => "role-superuser",
            Self::RoleBypassesRls => "role-bypasses-rls",
            Self::RoleOwnsTable => "role-owns-table",
            Self::TenantPreset => "tenant-preset",
            Self::TableMissing => "table-missing",
            Self::ColumnMissing => "column-missing",
            Self::TenantNullable => "tenant-nullable",
            Self::RlsDisabled => "rls-disabled",
            Self::RlsNotForced => "rls-not-forced",
            Self::PolicyMissing => "policy-missing",
            Self::PolicyUnknown => "policy-unknown",
            Self::PolicyFailsOpen => "policy-fails-open",
            Self::PolicyWithoutCheck => "policy-without-check",
            Self::PolicyDiffers => "policy-differs",
            Self::UniqueWithoutTenant => "unique-without-tenant",
            Self::KeyMissing => "key-missing",
            Self::ReferenceWithoutTenant => "reference-without-tenant",
            Self::TableUndeclared => "table-undeclared",
            Self::TableRewritten => "table-rewritten",
            Self::ViewWithoutInvoker => "view-without-invoker",
            Self::MaterializedView => "materialized-view",
            Self::SecurityDefiner => "security-definer",
            Self::PublicationUnfiltered => "publication-unfiltered",
            Self::GrantTooWide => "grant-too-wide",
            Self::SchemaWritable => "schema-writable",
            Self::TemporaryTables => "temporary-tables",
            Self::LargeObjects => "large-objects",
            Self::ExtensionReachesOut => "extension-reaches-out",
            Self::ServerOutdated => "server-outdated",
        }
    }
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

impl fmt::Display for FindingCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} `{}`: {}", self.code, self.object, self.mend)
    }
}
