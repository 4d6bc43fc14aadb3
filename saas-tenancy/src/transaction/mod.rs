//! Transactions. One that reaches tenant data carries its tenant from the first statement to the
//! last, and exists only for a scope.

#[cfg(feature = "axum")]
mod commit_layer;
#[cfg(feature = "axum")]
mod commit_service;
mod retry;
mod system;

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

#[cfg(feature = "axum")]
pub use commit_layer::TransactionLayer;
#[cfg(feature = "axum")]
pub use commit_service::{RequestTransaction, TransactionFuture, TransactionService};
pub use retry::Lost;
pub use system::SystemTx;

use saas_core::TenantId;

use crate::{
    Database, Dialect, Error, Repository, Row, Scope, TenantEntity, Value,
    database::{Access, After, Context, Ending, Session},
    sql::{Form, Statement, literal},
};

/// A transaction in one tenant.
///
/// It is opened by [`Database::read`] or [`Database::write`], or taken as an argument by an axum
/// handler. Nothing is sent until its first statement, so it may be held while a slow body arrives.
///
/// # Cancel safety
///
/// Dropping it at any moment rolls it back: the connection returns to the pool once the server has
/// confirmed the rollback, and never carries the transaction or the tenant to its next user.
///
/// The transaction of a request, which a handler takes as an argument, is the exception: when the handler
/// is done with it, the answer decides. A success commits what was written, and dropping alone does not
/// take it back; [`rollback`](Self::rollback) does. A reading one gives its connection back at once.
pub struct TenantTx {
    database: Database,
    scope: Scope,
    access: Access,
    session: Option<Session>,
    /// Where the session goes when the handler is done, so that the answer decides how it ends.
    slot: Option<Arc<Slot>>,
}

const LOCK: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))::text";

/// What a request's handler leaves behind for the transaction layer.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<SlotState>);

#[derive(Debug, Default)]
pub(crate) enum SlotState {
    /// No handler asked for a transaction.
    #[default]
    Unused,
    /// A handler holds it.
    Taken,
    /// The handler is done with it.
    Returned(Box<Session>, TenantId),
    /// The handler is done and never used it, or ended it itself.
    Empty,
}

impl TenantTx {
    pub(crate) fn new(database: Database, scope: Scope, access: Access) -> Self {
        Self {
            database,
            scope,
            access,
            session: None,
            slot: None,
        }
    }

    /// Opens the one transaction of a request.
    pub(crate) fn for_request(
        database: Database,
        scope: Scope,
        access: Access,
        slot: Arc<Slot>,
    ) -> Result<Self, Error> {
        slot.take()?;
        Ok(Self {
            database,
            scope,
            access,
            session: None,
            slot: Some(slot),
        })
    }

    fn resumed(database: Database, scope: Scope, session: Session) -> Self {
        Self {
            database,
            scope,
            access: session.access(),
            session: Some(session),
            slot: None,
        }
    }

    /// Tells whose data this is, and who acts.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Gives the database the transaction runs on.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Gives the repository of an entity, inside this transaction.
    #[must_use]
    pub fn repo<E: TenantEntity>(&mut self) -> Repository<'_, E> {
        Repository::new(self)
    }

    /// Commits. When an earlier statement had failed, nothing is committed.
    ///
    /// In a handler that took the transaction as an argument there is no need to call it: a
    /// successful answer commits.
    ///
    /// # Errors
    ///
    /// [`Error::Aborted`] when a statement had failed; [`Error::Unavailable`] when the connection was
    /// lost, in which case it is unknown whether the commit took place.
    ///
    /// # Cancel safety
    ///
    /// The commit goes on when the future is dropped.
    pub async fn commit(mut self) -> Result<(), Error> {
        match self.session.take() {
            Some(session) => session.finish(Ending::Commit).await,
            None => Ok(()),
        }
    }

    /// Rolls back and waits for it. Dropping the transaction does the same without waiting.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the connection was lost; nothing was committed then either.
    pub async fn rollback(mut self) -> Result<(), Error> {
        match self.session.take() {
            Some(session) => session.finish(Ending::Rollback).await,
            None => Ok(()),
        }
    }

    /// Runs part of the transaction so that it can fail by itself: when `part` gives an error, what
    /// it did is undone, and the transaction goes on as if it had not been tried.
    ///
    /// ```
    /// # use saas_tenancy::{Error, TenantEntity, TenantTx};
    /// async fn insert_unless_taken<E: TenantEntity>(tx: &mut TenantTx, new: E::New) -> Result<bool, Error> {
    ///     match tx.savepoint(async |tx| tx.repo::<E>().insert(new).await).await {
    ///         Ok(_) => Ok(true),
    ///         Err(Error::Unique(_)) => Ok(false),
    ///         Err(error) => Err(error),
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// Those of `part`, and those of the database.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn savepoint<T, F>(
        &mut self,
        part: impl AsyncFnOnce(&mut Self) -> Result<T, F>,
    ) -> Result<T, F>
    where
        F: From<Error>,
    {
        self.writable()?;
        let session = self.session().await?;
        if session.failed() {
            return Err(Error::Aborted.into());
        }
        session.mark().await?;
        let result = part(self).await;
        let session = self.session().await?;
        match result {
            Ok(_) if session.failed() => {
                session.leave(Ending::Rollback).await?;
                Err(Error::Aborted.into())
            }
            Ok(value) => {
                session.leave(Ending::Commit).await?;
                Ok(value)
            }
            Err(error) => {
                session.leave(Ending::Rollback).await?;
                Err(error)
            }
        }
    }

    /// Waits until no other transaction of this tenant holds the lock of that name, and holds it to the end:
    /// for changes that first read what they depend on. On SQLite, which has one writer, it is held already.
    ///
    /// # Errors
    ///
    /// [`Error::ReadOnly`] in a reading transaction; [`Error::Conflict`] when it takes too long.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn lock(&mut self, name: &'static str) -> Result<(), Error> {
        self.writable()?;
        if self.database.dialect() == Dialect::Postgres {
            let name = format!("{name}:{}", self.scope.tenant().id());
            self.fetch_all(literal(LOCK), &[Value::Text(name)]).await?;
        }
        Ok(())
    }

    /// Runs `hook` right after the commit, and never when there is none. It must be quick: drop a
    /// cached value, send on a channel.
    ///
    /// # Errors
    ///
    /// As [`Error::Unavailable`] when the transaction cannot begin.
    pub async fn after_commit(
        &mut self,
        hook: impl FnOnce() + Send + 'static,
    ) -> Result<(), Error> {
        self.session().await?.after(After::Commit, Box::new(hook));
        Ok(())
    }

    /// Runs `hook` also when nobody knows whether the commit took place.
    pub(crate) async fn after_possible_commit(
        &mut self,
        hook: impl FnOnce() + Send + 'static,
    ) -> Result<(), Error> {
        self.session()
            .await?
            .after(After::PossibleCommit, Box::new(hook));
        Ok(())
    }

    /// Runs hand-written SQL that names no tenant and trusts row-level security alone.
    ///
    /// On a database without row-level security it is refused, because it would reach every tenant.
    /// Prefer a [`#[tenant_repository]`](crate::tenant_repository), which works everywhere.
    ///
    /// # Errors
    ///
    /// [`Error::NeedsRowSecurity`] on SQLite.
    pub async fn rls_only(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        match self.database.dialect() {
            Dialect::Postgres => self.session().await?.fetch_all(literal(sql), values).await,
            Dialect::Sqlite => Err(Error::NeedsRowSecurity),
        }
    }

    pub(crate) async fn fetch_all(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        self.session().await?.fetch_all(statement, values).await
    }

    pub(crate) async fn fetch_optional(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        self.session()
            .await?
            .fetch_optional(statement, values)
            .await
    }

    pub(crate) async fn execute(
        &mut self,
        statement: Statement,
        values: &[Value],
    ) -> Result<u64, Error> {
        self.writable()?;
        self.session().await?.execute(statement, values).await
    }

    pub(crate) fn writable(&self) -> Result<(), Error> {
        match self.access {
            Access::Write => Ok(()),
            Access::Read | Access::Primary | Access::Snapshot => Err(Error::ReadOnly),
        }
    }

    /// Tells in which form a reading statement is the cheapest.
    ///
    /// A transaction in which nothing but reading statements of repositories happens never begins on
    /// PostgreSQL. Each then sees what is committed by its start, as it would inside (READ COMMITTED).
    pub(crate) fn form(&self) -> Form {
        let begun = self.session.as_ref().is_some_and(Session::begun);
        if matches!(self.access, Access::Read | Access::Primary)
            && !begun
            && self.database.reads_alone()
        {
            Form::Alone
        } else {
            Form::Inside
        }
    }

    async fn session(&mut self) -> Result<&mut Session, Error> {
        if self.session.is_none() {
            let context = Context::Tenant(self.scope.tenant().id().as_uuid());
            self.session = Some(Session::open(&self.database, self.access, context).await?);
        }
        self.session
            .as_mut()
            .ok_or(Error::Misuse("the transaction has ended"))
    }
}

impl Drop for TenantTx {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            slot.put_back(self.session.take(), self.scope.tenant().id());
        }
        // A session without a slot is dropped with its fields, and rolls back.
    }
}

impl fmt::Debug for TenantTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantTx")
            .field("scope", &self.scope)
            .field("access", &self.access)
            .field("begun", &self.session.is_some())
            .finish_non_exhaustive()
    }
}

impl Slot {
    fn take(&self) -> Result<(), Error> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match *state {
            SlotState::Unused => {
                *state = SlotState::Taken;
                Ok(())
            }
            _ => Err(Error::Misuse("a handler takes at most one `TenantTx`")),
        }
    }

    /// Takes what the handler of this tenant left, to go on with it.
    #[cfg(feature = "axum")]
    fn resume(&self, tenant: TenantId) -> Option<Session> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::take(&mut *state) {
            SlotState::Returned(session, of) if of == tenant => {
                *state = SlotState::Taken;
                Some(*session)
            }
            other => {
                *state = other;
                None
            }
        }
    }

    fn put_back(&self, session: Option<Session>, tenant: TenantId) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = match session {
            // There is nothing to commit, and the handler may need the connection for something else.
            Some(session) if session.access() != Access::Write => {
                session.abandon();
                SlotState::Empty
            }
            Some(session) => SlotState::Returned(Box::new(session), tenant),
            None => SlotState::Empty,
        };
    }

    /// Takes what the handler left, once the answer is known.
    pub(crate) fn collect(&self) -> SlotState {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
