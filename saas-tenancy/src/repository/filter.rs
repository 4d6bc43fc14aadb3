//! Conditions on rows.

use std::{
    fmt,
    marker::PhantomData,
    ops::{BitAnd, BitOr, Not},
};

use saas_core::Id;

use super::Field;
use crate::{
    TenantEntity,
    sql::{Condition, Related},
};

/// A condition on the rows of an entity.
///
/// Made from a [`Field`](super::Field), and joined with `&`, `|` and `!`. Only declared columns can
/// be named, so a client cannot name others. Whatever the condition, the tenant's own stands outside
/// of it.
pub struct Filter<E> {
    pub(crate) condition: Condition,
    entity: PhantomData<fn() -> E>,
}

impl<E> Filter<E> {
    pub(crate) const fn new(condition: Condition) -> Self {
        Self {
            condition,
            entity: PhantomData,
        }
    }

    /// Keeps the rows that fulfil all conditions; without any condition, all rows.
    #[must_use]
    pub fn all(filters: impl IntoIterator<Item = Self>) -> Self {
        let parts = filters.into_iter().map(|filter| filter.condition);
        Self::new(Condition::All(parts.collect()))
    }

    /// Keeps the rows that fulfil one of the conditions; without any condition, none.
    #[must_use]
    pub fn any(filters: impl IntoIterator<Item = Self>) -> Self {
        let parts = filters.into_iter().map(|filter| filter.condition);
        Self::new(Condition::Any(parts.collect()))
    }
}

impl<E: TenantEntity> Filter<E> {
    /// Keeps the rows to which a row of another entity refers that fulfils a condition itself: the documents
    /// that are shared with somebody, say.
    ///
    /// ```
    /// # use saas_core::{Id, TenantId, UserId};
    /// # use saas_tenancy::{Filter, TenantEntity};
    /// # #[derive(TenantEntity)]
    /// # #[entity(table = "documents")]
    /// # struct Document { #[entity(id)] id: Id<Document>, #[entity(tenant)] tenant_id: TenantId }
    /// #[derive(TenantEntity)]
    /// #[entity(table = "shares")]
    /// struct Share {
    ///     #[entity(id)]
    ///     id: Id<Share>,
    ///     #[entity(tenant)]
    ///     tenant_id: TenantId,
    ///     #[entity(filter, references = "documents")]
    ///     document_id: Id<Document>,
    ///     #[entity(filter)]
    ///     user_id: UserId,
    /// }
    ///
    /// fn shared_with(user: UserId) -> Filter<Document> {
    ///     Filter::related(Share::DOCUMENT_ID, Share::USER_ID.eq(user))
    /// }
    /// ```
    #[must_use]
    pub fn related<R: TenantEntity, const UNIQUE: bool>(
        reference: Field<R, Id<E>, UNIQUE>,
        filter: Filter<R>,
    ) -> Self {
        Self::new(Condition::Related(Related {
            entity: R::INFO,
            reference: reference.index(),
            condition: Box::new(filter.condition),
        }))
    }
}

impl<E> BitAnd for Filter<E> {
    type Output = Self;

    fn bitand(self, other: Self) -> Self {
        match self.condition {
            Condition::All(mut parts) => {
                parts.push(other.condition);
                Self::new(Condition::All(parts))
            }
            condition => Self::new(Condition::All(vec![condition, other.condition])),
        }
    }
}

impl<E> BitOr for Filter<E> {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        match self.condition {
            Condition::Any(mut parts) => {
                parts.push(other.condition);
                Self::new(Condition::Any(parts))
            }
            condition => Self::new(Condition::Any(vec![condition, other.condition])),
        }
    }
}

impl<E> Not for Filter<E> {
    type Output = Self;

    fn not(self) -> Self {
        Self::new(Condition::Not(Box::new(self.condition)))
    }
}

impl<E> Clone for Filter<E> {
    fn clone(&self) -> Self {
        Self::new(self.condition.clone())
    }
}

impl<E> PartialEq for Filter<E> {
    fn eq(&self, other: &Self) -> bool {
        self.condition == other.condition
    }
}

impl<E> fmt::Debug for Filter<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of rows stay out of logs.
        f.write_str("Filter(…)")
    }
}
