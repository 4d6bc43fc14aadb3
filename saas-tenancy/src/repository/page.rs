//! Which rows of a list, in which order, from where.

use super::{Filter, QueryError, Sort, position, query};
use crate::TenantEntity;

/// A question for a page of a list.
///
/// From a program it is built; from a query string it is parsed, where only the columns that the
/// entity declares with `filter` and `sort` can be named:
///
/// ```text
/// ?filter[name]=Bridge&filter[rank][gte]=3&sort=-created_at&limit=50&after=<cursor>
/// ```
///
/// A filter without an operator asks for equality. The operators are `ne`, `lt`, `lte`, `gt`, `gte`,
/// `in` (values separated by commas), `prefix` (text) and `null` (`true` or `false`).
///
/// The default is 20 rows by id, which is the order of creation. The cursors of a page carry their
/// direction, so `after` and `before` may be used alike.
#[derive(Debug, Clone, PartialEq)]
pub struct PageQuery<E> {
    pub(super) filters: Vec<Filter<E>>,
    pub(super) sort: Option<Sort<E>>,
    pub(super) limit: u16,
    pub(super) cursor: Option<String>,
}

impl<E: TenantEntity> Default for PageQuery<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: TenantEntity> PageQuery<E> {
    /// How many rows a page has when nobody says.
    pub const DEFAULT_LIMIT: u16 = 20;
    /// How many rows a page can have.
    pub const MAX_LIMIT: u16 = 100;

    /// Asks for the first rows by id.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            filters: Vec::new(),
            sort: None,
            limit: Self::DEFAULT_LIMIT,
            cursor: None,
        }
    }

    /// Reads a query string, without its `?`.
    ///
    /// # Errors
    ///
    /// [`QueryError`] names the parameter that is unknown, repeated or malformed.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        query::parse(query)
    }

    /// Adds a condition; all must hold.
    #[must_use]
    pub fn filter(mut self, filter: Filter<E>) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sets the order.
    #[must_use]
    pub const fn sort(mut self, sort: Sort<E>) -> Self {
        self.sort = Some(sort);
        self
    }

    /// Sets the number of rows, at least 1 and at most [`PageQuery::MAX_LIMIT`].
    #[must_use]
    pub fn limit(mut self, rows: u16) -> Self {
        self.limit = rows.clamp(1, Self::MAX_LIMIT);
        self
    }

    /// Goes on from a cursor of an earlier page.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Writes the filters and the order in a fixed form, which a cursor is bound to.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(sort) = &self.sort {
            bytes.extend([b'd' + u8::from(!sort.descending)]);
            bytes.extend((sort.index as u64).to_be_bytes());
        }
        let filters = self.filters.iter();
        let mut filters: Vec<_> = filters
            .map(|filter| position::fingerprint(&filter.condition))
            .collect();
        // All of them hold, in whatever order they were given.
        filters.sort_unstable();
        for filter in filters {
            bytes.push(b'f');
            bytes.extend((filter.len() as u64).to_be_bytes());
            bytes.extend(filter);
        }
        bytes
    }
}
