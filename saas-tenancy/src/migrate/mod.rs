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

mod apply;
mod module;
mod rights;

pub use module::{EntityTable, Migration, Module, SharedTable};

use crate::{Database, Error, database::Pools, error::Cause, sql};

/// Applies what is missing.
///
/// On PostgreSQL the database must be connected as the owner of the tables, and `service_role` is
/// the role that the service will connect as; it gets the right to read and write rows, and nothing
/// else. On SQLite there are no roles, and `service_role` is ignored.
///
/// A step on PostgreSQL that waits for a table lets everyone who comes after it wait, too. So it waits for at most the
/// [`lock_timeout`](crate::DatabaseConfig::lock_timeout) of the owner's connection, lets the others go on, and is tried
/// again, eight times within about two minutes. Instances that migrate at the same time wait for each other likewise.
///
/// # Errors
///
/// [`Error::Migration`] names the module and what went wrong. What was applied before stays applied;
/// calling again goes on.
///
/// # Cancel safety
///
/// A migration that was under way is rolled back; calling again goes on.
pub async fn migrate(
    owner: &Database,
    modules: &[&Module],
    service_role: Option<&str>,
) -> Result<(), Error> {
    for module in modules {
        apply::module(owner, module).await?;
    }
    match owner.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => match service_role {
            Some(role) => grant(pool, modules, role).await,
            None => Ok(()),
        },
    }
}

/// Instances wait for each other with the rights: two that change those of a table at the same time fail otherwise
/// ("tuple concurrently updated"). The number is "saas.rig" in ASCII.
#[cfg(feature = "postgres")]
const LOCK: &str = "SELECT pg_advisory_xact_lock(8314033534431029607)";

#[cfg(feature = "postgres")]
async fn grant(
    pool: &crate::database::postgres::Pool,
    modules: &[&Module],
    service_role: &str,
) -> Result<(), Error> {
    let mut statements = rights::grants(modules, service_role)?;
    statements.insert(0, LOCK.to_owned());
    let mut link = pool.acquire().await?;
    // One message is one transaction.
    sqlx::raw_sql(sql::schema(statements.join(";\n")).sql)
        .execute(&mut link.connection)
        .await
        .map(drop)
        .map_err(|error| Error::Migration {
            module: "rights",
            cause: Cause::new(error),
        })
}
