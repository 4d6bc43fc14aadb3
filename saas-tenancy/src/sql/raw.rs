//! Statements that begin and end transactions.

use std::fmt::Write as _;

use super::{Statement, joined, literal};
use crate::{
    Dialect, Error,
    database::{Access, Context, Ending, LocalSettings},
};

const NOBODY: &str =
    "SET LOCAL app.tenant_id = ''; SET LOCAL app.system_scope = ''; SET LOCAL app.user_id = ''; ";

/// Begins a transaction and, on PostgreSQL, says in the same message for whom. The settings are
/// local to the transaction, so they cannot outlive it, also behind a transaction pooler, for which
/// the last statement tells the process that runs it.
///
/// A reader of SQLite begins nothing: its connection refuses writes, and each statement sees what
/// is committed by then, as it does on PostgreSQL (READ COMMITTED). That saves two of three round
/// trips to the thread that holds the connection.
pub(crate) fn begin(
    dialect: Dialect,
    access: Access,
    context: Context,
    settings: Option<LocalSettings>,
) -> Result<Option<Statement>, Error> {
    let begin = match (dialect, access) {
        // A deferred transaction that turns into a writer fails at once when another writer is
        // active, without waiting for it; so a writer says so from the start.
        (Dialect::Sqlite, Access::Write) => return Ok(Some(literal("BEGIN IMMEDIATE"))),
        (Dialect::Sqlite, Access::Read | Access::Primary) => return Ok(None),
        (Dialect::Sqlite, Access::Snapshot) => return Ok(Some(literal("BEGIN"))),
        (Dialect::Postgres, Access::Write) => "BEGIN; ",
        (Dialect::Postgres, Access::Read | Access::Primary) => "BEGIN READ ONLY; ",
        (Dialect::Postgres, Access::Snapshot) => {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; "
        }
    };
    let mut sql = String::with_capacity(256);
    sql.push_str(begin);
    // Whatever a statement of the program may have left on the connection is not ours.
    sql.push_str(NOBODY);
    write_context(&mut sql, context)?;
    if let Some(settings) = settings {
        // Writing into a String cannot fail.
        let _ = write!(
            sql,
            "; SET LOCAL statement_timeout = {}; SET LOCAL lock_timeout = {}; \
             SET LOCAL idle_in_transaction_session_timeout = {}; SELECT pg_backend_pid()",
            settings.statement_timeout, settings.lock_timeout, settings.idle_in_transaction_timeout
        );
    }
    Ok(Some(joined(sql)))
}

/// Goes on as somebody else inside a transaction.
pub(crate) fn switch(context: Context) -> Result<Statement, Error> {
    let mut sql = NOBODY.to_owned();
    write_context(&mut sql, context)?;
    Ok(joined(sql))
}

pub(crate) fn end(ending: Ending) -> Statement {
    literal(match ending {
        Ending::Commit => "COMMIT",
        Ending::Rollback => "ROLLBACK",
    })
}

/// Marks a place to come back to. Marks of one name nest, in both dialects.
pub(crate) fn savepoint() -> Statement {
    literal("SAVEPOINT saas_savepoint")
}

/// Keeps or gives up what happened since the last mark, and forgets the mark.
pub(crate) fn leave_savepoint(ending: Ending) -> Statement {
    literal(match ending {
        Ending::Commit => "RELEASE SAVEPOINT saas_savepoint",
        Ending::Rollback => {
            "ROLLBACK TO SAVEPOINT saas_savepoint; RELEASE SAVEPOINT saas_savepoint"
        }
    })
}

/// Cancels what a process of the server is doing.
pub(crate) fn cancel(process: i32) -> Statement {
    joined(format!("SELECT pg_cancel_backend({process})"))
}

fn write_context(sql: &mut String, context: Context) -> Result<(), Error> {
    let _ = match context {
        Context::Tenant(tenant) => {
            write!(sql, "SET LOCAL app.tenant_id = '{}'", tenant.hyphenated())
        }
        Context::System { reason, user } => {
            let letters = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            if reason.is_empty() || !reason.bytes().all(letters) {
                return Err(Error::Misuse(
                    "the name of a reason is written in lower case letters and `-`",
                ));
            }
            let written = write!(sql, "SET LOCAL app.system_scope = '{reason}'");
            match user {
                Some(user) => write!(sql, "; SET LOCAL app.user_id = '{}'", user.hyphenated()),
                None => written,
            }
        }
    };
    Ok(())
}
