//! What can fail on the way to tenant data.

use std::fmt;

use crate::{Kind, Taken, entity::EntityInfo};

/// Says what failed in this crate.
///
/// The texts are for the log of the service. What a client sees is made from them by
/// `From<Error> for Problem`, which tells it less.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The row does not exist in this tenant.
    #[error("no such row in this tenant")]
    NotFound,
    /// The row has changed since the caller read it.
    #[error("the row has another version than the one expected")]
    VersionMismatch,
    /// A row with the same unique value exists.
    #[error("a unique constraint refuses the row")]
    Unique(#[source] Taken),
    /// The row refers to one that does not exist in this tenant, or is still referred to.
    #[error("a foreign key refuses the change")]
    Reference(#[source] Cause),
    /// The database can not hold the value, such as text with a NUL or a number out of range.
    #[error("the database cannot hold a value of the statement")]
    InvalidValue(#[source] Cause),
    /// A value has another type than the code expects.
    #[error(transparent)]
    Decode(Decode),
    /// Row-level security or a missing right refused the statement. In a program that goes through
    /// the repositories this is a fault of the schema; `verify` finds it.
    #[error("the database denies the statement to this role or tenant")]
    Denied(#[source] Cause),
    /// A statement of the transaction failed or was cancelled, so the transaction was rolled back
    /// and not committed.
    #[error("a statement of the transaction had failed, so it was rolled back")]
    Aborted,
    /// A write was tried in a read-only transaction.
    #[error("the transaction is read-only")]
    ReadOnly,
    /// The transaction lost against another one. Trying the whole transaction again may succeed.
    #[error("the transaction conflicts with another one")]
    Conflict(#[source] Cause),
    /// The database does not answer, is full, or has no connection to spare.
    #[error("the database is not available")]
    Unavailable(#[source] Cause),
    /// The tenant uses all the connections that one tenant may, and none became free in time.
    #[error("the tenant uses its whole share of the connections")]
    TenantBusy,
    /// Hand-written SQL that relies on row-level security was sent to a database without it.
    #[error("the statement needs row-level security, which only PostgreSQL has")]
    NeedsRowSecurity,
    /// A page query names what the list does not have.
    #[error(transparent)]
    Query(#[from] crate::repository::QueryError),
    /// The slug is taken by another tenant.
    #[error("the slug `{0}` is taken")]
    SlugTaken(crate::Slug),
    /// The domain belongs to another tenant.
    #[error("the domain `{0}` is taken")]
    DomainTaken(crate::Domain),
    /// The DNS of the domain does not hold the token.
    #[error("the domain `{0}` has no record with the token")]
    DomainUnproven(crate::Domain),
    /// The tenant has claimed as many domains as it may.
    #[error("a tenant claims at most 100 domains")]
    TooManyDomains,
    /// The configuration of the database can not be used.
    #[error("{0}")]
    Config(String),
    /// A migration failed or does not fit the database.
    #[error("migrations of `{module}`: {cause}")]
    Migration {
        /// The module whose migration it is.
        module: &'static str,
        /// What went wrong.
        #[source]
        cause: Cause,
    },
    /// The crate was used in a way that cannot work; the text says how it should be.
    #[error("misuse: {0}")]
    Misuse(&'static str),
    /// The database answered something that no other variant covers.
    #[error("the database refuses the statement")]
    Database(#[source] Cause),
}

/// The error of the database driver behind an [`Error`].
///
/// Its text may hold values of rows, so it is for the log only.
pub struct Cause(Box<dyn std::error::Error + Send + Sync>);

impl Cause {
    /// Wraps an error.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// Gives what the database said, where it was the database that said it.
    pub(crate) fn database(&self) -> Option<&dyn sqlx::error::DatabaseError> {
        self.0.downcast_ref::<sqlx::Error>()?.as_database_error()
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

/// Says that a value is not what was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decode {
    pub(crate) expected: &'static str,
    pub(crate) found: Option<Kind>,
}

impl Decode {
    /// Gives what was expected, in words that continue "expected …".
    #[must_use]
    pub const fn expected(&self) -> &'static str {
        self.expected
    }
}

impl fmt::Display for Decode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}", self.expected)?;
        if let Some(found) = self.found {
            write!(f, ", found {found:?}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Decode {}

impl Error {
    /// Tells whether the same call may succeed later without a change.
    #[must_use]
    pub const fn retryable(&self) -> bool {
        matches!(
            self,
            Self::Conflict(_) | Self::Unavailable(_) | Self::TenantBusy
        )
    }

    /// Names the field of an entity of which a value is taken.
    pub(crate) fn of(self, entity: &EntityInfo) -> Self {
        match self {
            Self::Unique(taken) => Self::Unique(taken.of(entity)),
            other => other,
        }
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;

        match error {
            E::RowNotFound => Self::NotFound,
            E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::Io(_)
            | E::Tls(_)
            | E::Protocol(_) => Self::Unavailable(Cause::new(error)),
            E::Database(ref database) => {
                let code = database.code();
                let code = code.as_deref().unwrap_or("");
                let kind = classify(
                    code,
                    database.is_unique_violation(),
                    database.is_foreign_key_violation(),
                );
                kind(Cause::new(error))
            }
            other => Self::Database(Cause::new(other)),
        }
    }
}

/// Reads an SQLSTATE (PostgreSQL, appendix A) or an extended result code of SQLite.
fn classify(code: &str, unique: bool, foreign_key: bool) -> fn(Cause) -> Error {
    if unique {
        return |cause| Error::Unique(Taken::new(cause));
    }
    if foreign_key {
        return Error::Reference;
    }
    // SQLite codes are decimal numbers whose low byte is the primary code.
    if code.len() < 5
        && let Ok(code) = code.parse::<u32>()
    {
        // CONSTRAINT_CHECK, CONSTRAINT_NOTNULL, CONSTRAINT_DATATYPE
        if matches!(code, 275 | 1299 | 3091) {
            return Error::InvalidValue;
        }
        return match code & 0xff {
            // BUSY, LOCKED, NOMEM, INTERRUPT, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB
            5 | 6 | 7 | 9 | 10 | 11 | 13 | 14 | 26 => Error::Unavailable,
            // READONLY
            8 => |_| Error::ReadOnly,
            // TOOBIG, MISMATCH
            18 | 20 => Error::InvalidValue,
            _ => Error::Database,
        };
    }
    match code {
        "40001" | "40P01" | "55P03" => Error::Conflict,
        "42501" => Error::Denied,
        "25006" => |_| Error::ReadOnly,
        // check_violation, not_null_violation
        "23514" | "23502" => Error::InvalidValue,
        _ => match code.get(..2) {
            // Data exceptions.
            Some("22") => Error::InvalidValue,
            // Connection, resources, object state, operator intervention, system.
            Some("08" | "53" | "55" | "57" | "58") => Error::Unavailable,
            _ => Error::Database,
        },
    }
}
