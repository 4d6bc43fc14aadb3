//! Tenants, the scope, and the only way to tenant data.
//!
//! A program reaches the rows of a tenant through a [`TenantTx`], which it opens with a [`Scope`],
//! which is minted only where a tenant that exists meets a caller who was verified. A query without
//! a tenant therefore has no way to be written down:
//!
//! ```
//! use saas_core::{Id, TenantId};
//! use saas_tenancy::{Database, Error, Scope, TenantEntity};
//!
//! #[derive(TenantEntity)]
//! #[entity(table = "notes", new = "NewNote")]
//! struct Note {
//!     #[entity(id)]
//!     id: Id<Note>,
//!     #[entity(tenant)]
//!     tenant_id: TenantId,
//!     text: String,
//! }
//!
//! async fn write_down(database: &Database, scope: &Scope, text: String) -> Result<Id<Note>, Error> {
//!     let mut tx = database.write(scope);
//!     let note = tx.repo::<Note>().insert(NewNote { text }).await?;
//!     tx.commit().await?;
//!     Ok(note.id)
//! }
//! ```
//!
//! On PostgreSQL the same declaration yields the row-level security of the table, so that a
//! statement that forgets the tenant still sees one tenant only, and [`verify`] compares the live
//! database with it.
//!
//! The way of a request: [`resolve`] and [`TenantLayer`] find the tenant that the address names,
//! [`AdmitLayer`] joins it with the verified caller, [`TransactionLayer`] ends the transaction
//! before the answer. `#[tenant_repository]` is for statements of your own.
#![cfg_attr(docsrs, feature(doc_cfg))]
#![cfg_attr(
    not(all(feature = "sqlite", feature = "postgres", feature = "axum")),
    allow(
        dead_code,
        unused_imports,
        unused_mut,
        unused_variables,
        reason = "a build for one database leaves out what only the other needs"
    )
)]

// The derive names this crate as others do.
extern crate self as saas_tenancy;

#[cfg(not(any(feature = "sqlite", feature = "postgres")))]
compile_error!("saas-tenancy needs a database: turn on the feature `sqlite`, `postgres` or both");

#[cfg(feature = "axum")]
pub mod admit;
mod audit;
mod database;
mod domain;
mod entity;
mod error;
#[cfg(feature = "axum")]
mod extract;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "axum")]
mod layer;
mod migrate;
pub mod outbox;
mod problem;
mod registry;
mod repository;
pub mod resolve;
mod schema;
mod scope;
#[cfg(feature = "axum")]
mod service;
mod share;
mod signal;
mod sql;
mod statement;
mod taken;
mod tenant;
mod transaction;
mod value;
mod verify;

#[cfg(feature = "axum")]
pub use admit::{Admission, AdmitLayer};
pub use audit::{AuditEvent, AuditRecord};
pub use database::{ConnectionAudit, Database, DatabaseConfig, DatabaseState, Dialect, Row};
pub use domain::{Domain, InvalidDomain};
pub use entity::{ColumnInfo, EntityInfo, EntitySql, FromRow, ReferenceInfo, TenantEntity};
pub use error::{Cause, Decode, Error};
#[cfg(feature = "axum")]
pub use layer::TenantLayer;
pub use migrate::{EntityTable, Migration, Module, SharedTable, migrate};
pub use registry::{
    DomainClaim, DomainProof, MODULE, ManageDomains, NewTenant, Registry, RegistryConfig,
    ResolveTenant,
};
pub use repository::{Field, Filter, PageQuery, QueryError, Repository, Sort};
pub use saas_macros::{TenantEntity, tenant_repository};
pub use scope::{Actor, Reason, Scope, SystemScope};
#[cfg(feature = "axum")]
pub use service::TenantService;
pub use share::{Share, Shares, Uses};
pub use signal::Signals;
pub use taken::Taken;
pub use tenant::{InvalidSlug, Slug, Status, Tenant};
pub use transaction::{Lost, SystemTx, TenantTx};
#[cfg(feature = "axum")]
pub use transaction::{
    RequestTransaction, TransactionFuture, TransactionLayer, TransactionService,
};
pub use value::{Column, Kind, Value};
pub use verify::{Finding, FindingCode, Severity, verify};

/// What the macros expand to. Not for use by hand, and different in every version.
#[doc(hidden)]
pub mod __private_0_1 {
    pub use uuid::Uuid;

    pub use crate::{
        Column, ColumnInfo, EntityInfo, EntitySql, Error, Field, FromRow, Kind, ReferenceInfo, Row,
        TenantEntity, TenantTx, Value,
        statement::{execute, fetch_all, fetch_one, fetch_optional},
    };
}
