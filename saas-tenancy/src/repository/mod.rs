//! One repository for every entity: the derive gives it constants and values, the SQL is here.

mod batch;
mod field;
mod filter;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod page;
mod position;
mod query;
mod read;
mod write;

use std::{fmt, marker::PhantomData};

pub use field::{Field, Sort};
pub use filter::Filter;
pub use page::PageQuery;
pub use query::QueryError;

use crate::{TenantEntity, TenantTx, sql::Condition};

/// The rows of one entity in the tenant of a transaction. Made by [`TenantTx::repo`].
///
/// Every statement names the tenant; on PostgreSQL the policies check it again.
pub struct Repository<'tx, E> {
    tx: &'tx mut TenantTx,
    deleted: bool,
    only: Vec<Condition>,
    entity: PhantomData<fn() -> E>,
}

impl<'tx, E: TenantEntity> Repository<'tx, E> {
    pub(crate) fn new(tx: &'tx mut TenantTx) -> Self {
        Self {
            tx,
            deleted: false,
            only: Vec::new(),
            entity: PhantomData,
        }
    }

    /// Narrows the repository to the rows that a filter keeps, for whatever is done with it: all others can be
    /// neither read nor counted, changed nor removed, as if they were not there. What is allowed with a row
    /// and which rows a list shows is then the same question.
    ///
    /// Inserting is not narrowed, and a change may move a row out of the filter. An
    /// [upsert](Self::upsert), which could change any row, is refused.
    #[must_use]
    pub fn only(mut self, filter: Filter<E>) -> Self {
        self.only.push(filter.condition);
        self
    }

    /// Reads rows too that were deleted softly.
    #[must_use]
    pub const fn with_deleted(mut self) -> Self {
        self.deleted = true;
        self
    }
}

impl<E: TenantEntity> fmt::Debug for Repository<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("table", &E::INFO.table)
            .finish_non_exhaustive()
    }
}
