//! Bringing a database to the schema that the crates of a service need.
//!
//! Every crate with tables owns its migrations, in both dialects, and its own table of what has
//! been applied, so that crates can be added and upgraded independently. sqlx runs them: in order,
//! each in a transaction, under a lock that only one instance holds, and refuses when one that was
//! applied has been edited since.
//!
//! Row-level security is a part of the migrations: [`Module::ddl`] writes it from the entities, and
//! [`verify`](crate::verify) tells when the two have come apart. Only the rights of the role that the
//! service connects as are given here, because no file can know its name.

mod module;
#[cfg(feature = "postgres")]
mod postgres;
mod rights;

use std::borrow::Cow;

use sqlx::migrate::{MigrateError, Migration as SqlxMigration, MigrationType, Migrator};

pub use module::{EntityTable, Migration, Module, SharedTable};

use crate::{Database, Dialect, Error, database::Pools, error::Cause, sql};

/// Applies what is missing.
///
/// On PostgreSQL the database must be connected as the owner of the tables, and `service_role` is
/// the role that the service will connect as; it gets the right to read and write rows, and nothing
/// else. On SQLite there are no roles, and `service_role` is ignored.
///
/// A step on PostgreSQL that waits for a table lets everyone who comes after it wait, too. So it waits for at most the
/// [`lock_timeout`](crate::DatabaseConfig::lock_timeout) of the owner's connection, lets the others go on, and comes
/// again: what a module still lacks is tried eight times in all, with pauses that grow from a second to a minute and are
/// two minutes together. Instances that migrate at the same time wait for each other likewise.
///
/// # Errors
///
/// [`Error::Migration`] names the module and what went wrong. What was applied before stays applied;
/// calling again goes on. [`Error::Config`] through a pooler, because migrations hold locks of a session.
///
/// # Cancel safety
///
/// A migration that was under way is rolled back, on PostgreSQL with the end of its connection, once it has what it waits
/// for or `lock_timeout` is over; calling again goes on.
///
/// # Examples
///
/// ```
/// use saas_tenancy::{Database, Error, Module, Severity, migrate, verify};
///
/// /// `owner` may change tables; `service` is how the program connects from then on.
/// async fn prepare(owner: &Database, service: &Database, modules: &[&Module]) -> Result<bool, Error> {
///     migrate(owner, modules, Some("app_service")).await?;
///     let findings = verify(service, modules).await?;
///     Ok(findings.iter().all(|finding| finding.code.severity() != Severity::Leak))
/// }
/// ```
pub async fn migrate(
    owner: &Database,
    modules: &[&Module],
    service_role: Option<&str>,
) -> Result<(), Error> {
    match owner.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(pools) => {
            for module in modules {
                let mut link = pools.writer.acquire().await?;
                // One on which a migration failed or was given up is not used again.
                link.demoted = true;
                let connection = link.connection()?;
                let applied = migrator(module, Dialect::Sqlite).run(connection).await;
                link.demoted = applied.is_err();
                applied.map_err(|error| failed(module.name, error))?;
            }
            Ok(())
        }
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => postgres::migrate(pool, modules, service_role).await,
    }
}

fn migrator(module: &Module, dialect: Dialect) -> Migrator {
    let migrations = module.migrations.iter().filter_map(|migration| {
        let text = match dialect {
            Dialect::Sqlite => migration.sqlite?,
            Dialect::Postgres => migration.postgres,
        };
        let name = Cow::Borrowed(migration.name);
        Some(SqlxMigration::new(
            migration.version,
            name,
            MigrationType::Simple,
            sql::literal(text).sql,
            false,
        ))
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(format!("{}_migrations", module.name));
    migrator
}

fn failed(module: &'static str, error: MigrateError) -> Error {
    let cause = Cause::new(error);
    Error::Migration { module, cause }
}
