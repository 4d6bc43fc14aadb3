//! Whether the live database is guarded as the entities say.
//!
//! What the program declares and what the database does can drift apart: somebody connects as the
//! owner, a table is restored without its policies, a new one is added by hand. So the catalogue of
//! the running database is read and compared, and a service whose database stands open does not
//! start. SQLite has no roles and no policies; there the list is always empty, and isolation rests on
//! the types and the statements alone.

#[cfg(feature = "postgres")]
mod catalogue;
mod finding;

pub use finding::{Finding, FindingCode};

use crate::{Database, Error, Module, database::Pools};

/// Lists every way in which the database is less guarded than declared. Empty is good.
///
/// # Errors
///
/// [`Error::Unavailable`] when the catalogue cannot be read.
pub async fn verify(database: &Database, modules: &[&Module]) -> Result<Vec<Finding>, Error> {
    match database.pools() {
        #[cfg(feature = "sqlite")]
        Pools::Sqlite(_) => {
            let _ = modules;
            Ok(Vec::new())
        }
        #[cfg(feature = "postgres")]
        Pools::Postgres(pool) => catalogue::read(pool, modules).await,
    }
}
