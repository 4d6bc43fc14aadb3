//! Who may do something with which rows.
//!
//! A permission says what somebody may do in a tenant; a [`Rule`] says with which of its rows. It is written once
//! and answers both questions: whether one row is among them, and which rows a list shows. Both are the same
//! condition of the same statement, so a list never shows what a look at the row would refuse.
//!
//! ```
//! use saas_core::{Id, TenantId, UserId};
//! use saas_rbac::{Caller, Group, Rule};
//! use saas_tenancy::{Error, Filter, PageQuery, TenantEntity, TenantTx};
//!
//! #[derive(TenantEntity)]
//! #[entity(table = "documents")]
//! struct Document {
//!     #[entity(id)]
//!     id: Id<Document>,
//!     #[entity(tenant)]
//!     tenant_id: TenantId,
//!     #[entity(filter)]
//!     owner: UserId,
//!     #[entity(filter)]
//!     team: Option<Id<Group>>,
//! }
//!
//! #[derive(TenantEntity)]
//! #[entity(table = "shares")]
//! struct Share {
//!     #[entity(id)]
//!     id: Id<Share>,
//!     #[entity(tenant)]
//!     tenant_id: TenantId,
//!     #[entity(filter, references = "documents")]
//!     document_id: Id<Document>,
//!     #[entity(filter)]
//!     user_id: UserId,
//! }
//!
//! /// Who may read a document.
//! fn may_read(caller: &Caller) -> Rule<Document> {
//!     Rule::new()
//!         .or("owner", Document::OWNER.eq(caller.id()))
//!         .or("team", Document::TEAM.is_in(caller.groups().iter().copied().map(Some)))
//!         .or("shared", Filter::related(Share::DOCUMENT_ID, Share::USER_ID.eq(caller.id())))
//! }
//!
//! async fn list(tx: &mut TenantTx, caller: &Caller) -> Result<Vec<Document>, Error> {
//!     let visible = may_read(caller).filter();
//!     Ok(tx.repo::<Document>().only(visible).list(PageQuery::new()).await?.items)
//! }
//!
//! async fn show(tx: &mut TenantTx, caller: &Caller, id: Id<Document>) -> Result<Document, Error> {
//!     tx.repo::<Document>().only(may_read(caller).filter()).get(id).await
//! }
//! ```

mod caller;

use std::fmt;

use saas_core::Id;
use saas_tenancy::{Filter, TenantEntity, TenantTx};

pub use caller::Caller;

use crate::Error;

/// The rows with which somebody may do something: those for which one of its clauses holds. Without any clause
/// there are none.
///
/// [`TenantTx::repo`] [narrowed](saas_tenancy::Repository::only) to its [`filter`](Self::filter) reads, changes
/// and removes no other rows, in one statement: there is no time between the question and the deed in which the
/// row could change hands. What other rows say of it, as a share does, is read as of the start of the statement.
#[derive(Clone)]
#[must_use]
pub struct Rule<E> {
    clauses: Vec<(&'static str, Filter<E>)>,
}

impl<E: TenantEntity> Default for Rule<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: TenantEntity> Rule<E> {
    /// Starts with no rows.
    pub const fn new() -> Self {
        Self {
            clauses: Vec::new(),
        }
    }

    /// Adds the rows that a filter keeps. The name says why, for [`Rule::reasons`].
    pub fn or(mut self, name: &'static str, filter: Filter<E>) -> Self {
        self.clauses.push((name, filter));
        self
    }

    /// Adds all rows, if the condition holds: that the caller has a permission for all of them, say.
    pub fn all_if(self, name: &'static str, condition: bool) -> Self {
        if condition {
            self.or(name, Filter::all([]))
        } else {
            self
        }
    }

    /// Gives the condition, for lists and for a narrowed repository.
    #[must_use]
    pub fn filter(&self) -> Filter<E> {
        Filter::any(self.clauses.iter().map(|(_, filter)| filter.clone()))
    }

    /// Tells whether a row is among them.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn allows(&self, tx: &mut TenantTx, row: Id<E>) -> Result<bool, Error> {
        let mut rows = tx.repo::<E>().only(self.filter());
        Ok(rows.find(row).await?.is_some())
    }

    /// Gives the names of the clauses that hold for a row, in their order; none when it is not among them.
    ///
    /// # Errors
    ///
    /// As [`Rule::allows`].
    pub async fn reasons(&self, tx: &mut TenantTx, row: Id<E>) -> Result<Vec<&'static str>, Error> {
        let mut reasons = Vec::new();
        for (name, filter) in &self.clauses {
            let mut rows = tx.repo::<E>().only(filter.clone());
            if rows.find(row).await?.is_some() {
                reasons.push(*name);
            }
        }
        Ok(reasons)
    }
}

impl<E> fmt::Debug for Rule<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Values of rows stay out of logs.
        let names = self.clauses.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}
