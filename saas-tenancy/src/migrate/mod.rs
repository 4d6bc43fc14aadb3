//! Bringing a database to the schema that the crates of a service need.
//!
//! Every crate with tables owns its migrations, in both dialects, and its own table of what has
//! been applied, so that crates can be added and upgraded independently. sqlx runs them: in order,
//! each in a transaction, under a lock that only one instance holds, and refuses when one that was
//! applied has been edited since.
//!
//! On PostgreSQL the guards follow, made anew from the entities each time: row-level security on
//! every table, and the rights of the role that the service connects as. They are applied in one
//! transaction, so there is no moment at which a table stands open.

mod module;
mod rights;

use std::borrow::Cow;

use sqlx::migrate::{Migration as SqlxMigration, MigrationType, Migrator};

pub use module::{EntityTable, Migration, Module, SharedTable};

use crate::{Database, Dialect, Error, database::Pools, error::Cause, schema, sql};

/// Applies what is missing.
///
/// On PostgreSQL the database must be connected as the owner of the tables, and `service_role` is
/// the role that the service will connect as; it gets the right to read and write rows, and nothing
/// else. On SQLite there are no roles, and `service_role` is ignored.
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
        apply(owner, module).await?;
    }
    match owner.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(_) => Ok(()),
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => guard(pool, modules, service_role).await,
    }
}

async fn apply(owner: &Database, module: &Module) -> Result<(), Error> {
    let dialect = owner.dialect();
    let migrations = module.migrations.iter().map(|migration| {
        let text = match dialect {
            Dialect::Sqlite => migration.sqlite,
            Dialect::Postgres => migration.postgres,
        };
        let name = Cow::Borrowed(migration.name);
        SqlxMigration::new(
            migration.version,
            name,
            MigrationType::Simple,
            sql::literal(text),
            false,
        )
    });
    let mut migrator = Migrator::with_migrations(migrations.collect());
    migrator.dangerous_set_table_name(format!("{}_migrations", module.name));
    let result = match owner.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(pools) => migrator.run(&pools.writer).await,
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => migrator.run(pool).await,
    };
    result.map_err(|error| Error::Migration {
        module: module.name,
        cause: Cause::new(error),
    })
}

#[cfg(feature = "postgres")]
async fn guard(
    pool: &sqlx::PgPool,
    modules: &[&Module],
    service_role: Option<&str>,
) -> Result<(), Error> {
    // Two instances that start at once take turns; the number is any that nobody else uses.
    let mut statements = vec![
        "BEGIN".to_owned(),
        "SELECT pg_advisory_xact_lock(7163450127)".to_owned(),
    ];
    for module in modules {
        for table in module.entities {
            statements.extend(schema::entity_policies(table.info, table.own_rows));
        }
        for table in module.shared {
            statements.extend(schema::shared_policies(table));
        }
    }
    if let Some(role) = service_role {
        statements.extend(rights::grants(modules, role)?);
    }
    statements.push("COMMIT".to_owned());
    let mut connection = pool.acquire().await?;
    let done = sqlx::raw_sql(sql::schema(statements.join(";\n")))
        .execute(&mut *connection)
        .await;
    if let Err(error) = done {
        // The connection sits in a failed transaction; it must not go back to the pool.
        drop(connection.detach());
        return Err(Error::Migration {
            module: "row-level security",
            cause: Cause::new(error),
        });
    }
    Ok(())
}
