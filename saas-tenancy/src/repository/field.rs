//! Columns as the program names them.

use std::{fmt, marker::PhantomData};

use crate::{Column, TenantEntity, Value};

/// A declared column `C` of the entity `E`. The derive makes a constant of it for every column that
/// lists can be filtered or sorted by, such as `Project::NAME`.
pub struct Field<E, C> {
    index: usize,
    types: PhantomData<fn() -> (E, C)>,
}

/// A condition on a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter<E> {
    pub(crate) index: usize,
    pub(crate) value: Value,
    entity: PhantomData<fn() -> E>,
}

/// The order of a list. Rows of equal value are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<E> {
    pub(crate) index: usize,
    pub(crate) descending: bool,
    entity: PhantomData<fn() -> E>,
}

impl<E, C> Field<E, C> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self {
            index,
            types: PhantomData,
        }
    }
}

impl<E: TenantEntity, C: Column> Field<E, C> {
    /// Keeps the rows whose column has this value; `None` keeps those that have none.
    #[must_use]
    pub fn eq(self, value: impl Into<C>) -> Filter<E> {
        Filter::new(self.index, value.into().to_value())
    }

    /// Orders from the least to the greatest.
    #[must_use]
    pub const fn ascending(self) -> Sort<E> {
        Sort::new(self.index, false)
    }

    /// Orders from the greatest to the least.
    #[must_use]
    pub const fn descending(self) -> Sort<E> {
        Sort::new(self.index, true)
    }
}

impl<E> Filter<E> {
    pub(crate) const fn new(index: usize, value: Value) -> Self {
        Self {
            index,
            value,
            entity: PhantomData,
        }
    }
}

impl<E> Sort<E> {
    pub(crate) const fn new(index: usize, descending: bool) -> Self {
        Self {
            index,
            descending,
            entity: PhantomData,
        }
    }
}

impl<E, C> Clone for Field<E, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E, C> Copy for Field<E, C> {}

impl<E, C> fmt::Debug for Field<E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.index)
    }
}
