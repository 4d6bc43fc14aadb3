//! Columns as the program names them.

use std::{fmt, marker::PhantomData, ops::RangeInclusive};

use super::Filter;
use crate::{
    Column, TenantEntity,
    sql::{Compare, Condition},
};

/// A declared column `C` of the entity `E`.
///
/// The derive makes a constant of it for every column that lists can be filtered or sorted by, such
/// as `Project::NAME`. `UNIQUE` says whether its values occur once in a tenant.
///
/// ```
/// # use saas_core::{Id, TenantId};
/// # use saas_tenancy::{Filter, TenantEntity};
/// # #[derive(TenantEntity)]
/// # #[entity(table = "projects")]
/// # struct Project {
/// #     #[entity(id)] id: Id<Project>,
/// #     #[entity(tenant)] tenant_id: TenantId,
/// #     #[entity(filter)] name: String,
/// #     #[entity(filter)] rank: i64,
/// #     #[entity(filter)] owner: Option<String>,
/// # }
/// let urgent: Filter<Project> = Project::RANK.between(1..=3)
///     & (Project::NAME.starts_with("Bridge") | Project::OWNER.is_null())
///     & !Project::NAME.is_in(["Bridge 1".to_owned(), "Bridge 2".to_owned()]);
/// # let _ = urgent;
/// ```
pub struct Field<E, C, const UNIQUE: bool = false> {
    index: usize,
    types: PhantomData<fn() -> (E, C)>,
}

/// The order of a list. Rows of equal value are ordered by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort<E> {
    pub(crate) index: usize,
    pub(crate) descending: bool,
    entity: PhantomData<fn() -> E>,
}

impl<E, C, const UNIQUE: bool> Field<E, C, UNIQUE> {
    #[doc(hidden)]
    #[must_use]
    pub const fn new(index: usize) -> Self {
        Self {
            index,
            types: PhantomData,
        }
    }

    pub(crate) const fn index(self) -> usize {
        self.index
    }
}

impl<E: TenantEntity, C: Column, const UNIQUE: bool> Field<E, C, UNIQUE> {
    /// Keeps the rows whose column has this value; `None` keeps those that have none.
    #[must_use]
    pub fn eq(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::Equal, &value.into())
    }

    /// Keeps the rows whose column has another value. Rows without a value are not among them;
    /// `None` keeps those that have one.
    #[must_use]
    pub fn ne(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::NotEqual, &value.into())
    }

    /// Keeps the rows whose column is less.
    #[must_use]
    pub fn lt(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::Less, &value.into())
    }

    /// Keeps the rows whose column is less or equal.
    #[must_use]
    pub fn le(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::LessOrEqual, &value.into())
    }

    /// Keeps the rows whose column is greater.
    #[must_use]
    pub fn gt(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::Greater, &value.into())
    }

    /// Keeps the rows whose column is greater or equal.
    #[must_use]
    pub fn ge(self, value: impl Into<C>) -> Filter<E> {
        self.compare(Compare::GreaterOrEqual, &value.into())
    }

    /// Keeps the rows whose column lies in the range, both ends included.
    #[must_use]
    pub fn between(self, range: RangeInclusive<C>) -> Filter<E> {
        let (start, end) = range.into_inner();
        self.ge(start) & self.le(end)
    }

    /// Keeps the rows whose column is one of the values, of which there are 1000 at most. Without
    /// any value no row is kept.
    #[must_use]
    pub fn is_in(self, values: impl IntoIterator<Item = C>) -> Filter<E> {
        let values = values.into_iter().map(|value| value.to_value()).collect();
        Filter::new(Condition::In(self.index, values))
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

    fn compare(self, compare: Compare, value: &C) -> Filter<E> {
        Filter::new(Condition::Compare(self.index, compare, value.to_value()))
    }
}

impl<E: TenantEntity, const UNIQUE: bool> Field<E, String, UNIQUE> {
    /// Keeps the rows whose text begins so, with regard to case.
    #[must_use]
    pub fn starts_with(self, prefix: impl Into<String>) -> Filter<E> {
        Filter::new(Condition::Prefix(self.index, prefix.into()))
    }
}

impl<E: TenantEntity, C: Column, const UNIQUE: bool> Field<E, Option<C>, UNIQUE> {
    /// Keeps the rows whose column has no value.
    #[must_use]
    pub fn is_null(self) -> Filter<E> {
        Filter::new(Condition::Null(self.index))
    }

    /// Keeps the rows whose column has a value.
    #[must_use]
    pub fn is_not_null(self) -> Filter<E> {
        !self.is_null()
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

impl<E, C, const UNIQUE: bool> Clone for Field<E, C, UNIQUE> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<E, C, const UNIQUE: bool> Copy for Field<E, C, UNIQUE> {}

impl<E, C, const UNIQUE: bool> fmt::Debug for Field<E, C, UNIQUE> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.index)
    }
}
