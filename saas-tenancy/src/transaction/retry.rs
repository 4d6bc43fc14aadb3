//! Transactions that are tried again.

use super::TenantTx;
use crate::{Database, Error, Scope};

/// How often a transaction that loses is tried.
const ATTEMPTS: u32 = 5;

/// An error that can say whether a transaction lost against another one, for
/// [`Database::transaction`]. Errors of a program that wrap [`Error`] pass the question on.
pub trait Lost {
    /// Tells whether trying the whole transaction again may succeed.
    fn lost(&self) -> bool;
}

impl Lost for Error {
    fn lost(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

impl Database {
    /// Runs `work` in a transaction of the scope's tenant and commits it. When the transaction loses against
    /// another one ([`Error::Conflict`]: a deadlock, a failed serialization), it is rolled back and `work`
    /// runs again from its start, in a new transaction of the same tenant, up to five times in all.
    ///
    /// ```
    /// # use saas_core::Id;
    /// # use saas_tenancy::{Database, Error, Scope, TenantEntity};
    /// async fn move_all<E: TenantEntity>(database: &Database, scope: &Scope, ids: &[Id<E>]) -> Result<(), Error> {
    ///     database
    ///         .transaction(scope, async |tx| {
    ///             for id in ids {
    ///                 tx.repo::<E>().delete(*id, None).await?;
    ///             }
    ///             Ok(())
    ///         })
    ///         .await
    /// }
    /// ```
    ///
    /// `work` must not do anything outside the transaction that may not happen twice.
    ///
    /// # Errors
    ///
    /// Those of `work` and of the commit; [`Error::Conflict`] when it lost every time.
    ///
    /// # Cancel safety
    ///
    /// A dropped future rolls back, unless the commit was already sent.
    pub async fn transaction<T, F>(
        &self,
        scope: &Scope,
        work: impl AsyncFn(&mut TenantTx) -> Result<T, F>,
    ) -> Result<T, F>
    where
        F: From<Error> + Lost,
    {
        let mut attempt = 1;
        loop {
            let mut tx = self.write(scope);
            let result = match work(&mut tx).await {
                Ok(value) => tx.commit().await.map(|()| value).map_err(F::from),
                Err(error) => {
                    // Before the next begins: on SQLite there is one writer.
                    let _ = tx.rollback().await;
                    Err(error)
                }
            };
            match result {
                Err(error) if error.lost() && attempt < ATTEMPTS => attempt += 1,
                result => return result,
            }
        }
    }
}
