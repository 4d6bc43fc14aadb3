//! Applying the steps of one module.

use std::borrow::Cow;

use sqlx::migrate::{Migration as SqlxMigration, MigrationType, Migrator};

use super::Module;
use crate::{Database, Dialect, Error, database::Pools, error::Cause, sql};

pub(super) async fn module(owner: &Database, module: &Module) -> Result<(), Error> {
    let migrator = migrator(module, owner.dialect());
    let result = match owner.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(pools) => migrator.run(&pools.writer).await,
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => {
            let mut link = pool.acquire().await?;
            patient::run(&mut link.connection, module.name, &migrator).await
        }
    };
    result.map_err(|error| Error::Migration {
        module: module.name,
        cause: Cause::new(error),
    })
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

#[cfg(feature = "postgres")]
mod patient {
    use std::time::Duration;

    use sqlx::{
        PgConnection,
        migrate::{MigrateError, Migrator},
    };

    const TRIES: u32 = 8;

    /// The pause after the first try; it doubles with each.
    const PAUSE: Duration = Duration::from_secs(1);

    /// Runs a migrator, and again when it waited for a lock in vain.
    pub(super) async fn run(
        connection: &mut PgConnection,
        module: &str,
        migrator: &Migrator,
    ) -> Result<(), MigrateError> {
        let mut tried = 0;
        loop {
            let Err(error) = migrator.run(&mut *connection).await else {
                return Ok(());
            };
            // One that fails leaves its own lock behind, and other instances would wait for it.
            let unlocked = sqlx::query("SELECT pg_advisory_unlock_all()")
                .execute(&mut *connection)
                .await;
            let pause = PAUSE * 2_u32.pow(tried);
            tried += 1;
            if tried == TRIES || unlocked.is_err() || !waited_in_vain(&error) {
                return Err(error);
            }
            tracing::warn!(
                module,
                ?pause,
                "a migration waited for a lock in vain and is tried again"
            );
            tokio::time::sleep(pause).await;
        }
    }

    /// Whether it is the error of `lock_timeout` (`lock_not_available`; PostgreSQL, appendix A).
    fn waited_in_vain(error: &MigrateError) -> bool {
        let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error
        else {
            return false;
        };
        let code = error.as_database_error().and_then(|error| error.code());
        code.is_some_and(|code| code == "55P03")
    }
}
