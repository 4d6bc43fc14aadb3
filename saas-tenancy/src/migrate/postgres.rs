//! Migrating a PostgreSQL that is in use.

use std::time::Duration;

use sqlx::{
    PgConnection,
    migrate::{MigrateError, Migrator},
};

use super::{Module, failed, migrator, rights};
use crate::{
    Dialect, Error,
    database::postgres::{Pool, Pooled},
    sql,
};

/// How often a step is tried that waits for a lock in vain.
const TRIES: u32 = 8;

/// The pause after the first try; it doubles with each.
const PAUSE: Duration = Duration::from_secs(1);

/// Instances wait for each other with the rights: two that change those of a table at the same time fail otherwise
/// ("tuple concurrently updated"). The number is "saas.rig" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8314033534431029607)";

pub(super) async fn migrate(
    pool: &Pool,
    modules: &[&Module],
    service_role: Option<&str>,
) -> Result<(), Error> {
    if pool.settings().is_some() {
        return Err(Error::Config(
            "migrations hold locks of a session: connect to the server itself, not to a pooler"
                .to_owned(),
        ));
    }
    // Not of the pool any more: when this is dropped half way the connection closes, and with it end its locks and
    // whatever it was doing.
    let mut link = Pooled::take(pool.acquire().await?);
    for module in modules {
        let step = Step::Module(migrator(module, Dialect::Postgres));
        patiently(&mut link.connection, module.name, &step).await?;
    }
    if let Some(role) = service_role {
        let mut statements = rights::grants(modules, role)?;
        statements.insert(0, LOCK.to_owned());
        let step = Step::Rights(statements.join(";\n"));
        patiently(&mut link.connection, "rights", &step).await?;
    }
    Ok(())
}

/// What is done in one piece, and can be done again.
enum Step {
    Module(Migrator),
    /// One message, and so one transaction.
    Rights(String),
}

impl Step {
    async fn run(&self, connection: &mut PgConnection) -> Result<(), MigrateError> {
        match self {
            Self::Module(migrator) => migrator.run(connection).await,
            Self::Rights(statements) => {
                let statements = sqlx::raw_sql(sql::schema(statements.clone()).sql);
                statements.execute(connection).await?;
                Ok(())
            }
        }
    }
}

/// Does a step, and again when it waited for a lock in vain.
async fn patiently(
    connection: &mut PgConnection,
    name: &'static str,
    step: &Step,
) -> Result<(), Error> {
    let mut tried = 0;
    loop {
        let Err(error) = step.run(connection).await else {
            return Ok(());
        };
        // A migrator that fails leaves its own lock behind, and other instances would wait for it.
        let unlocked = sqlx::query("SELECT pg_advisory_unlock_all()")
            .execute(&mut *connection)
            .await;
        let pause = PAUSE * 2_u32.pow(tried);
        tried += 1;
        if tried == TRIES || unlocked.is_err() || !waited_in_vain(&error) {
            return Err(failed(name, error));
        }
        tracing::warn!(
            module = name,
            ?pause,
            "a migration waited for a lock in vain and is tried again"
        );
        tokio::time::sleep(pause).await;
    }
}

/// Whether it waited for `lock_timeout`, or was the one to give way among some that waited for each other
/// (`lock_not_available`, `deadlock_detected`; PostgreSQL, appendix A).
fn waited_in_vain(error: &MigrateError) -> bool {
    let (MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)) = error else {
        return false;
    };
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["55P03", "40P01"].contains(&&*code))
}
