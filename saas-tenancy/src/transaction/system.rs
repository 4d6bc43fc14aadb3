//! Transactions over tables that belong to no tenant.

use std::fmt;

use saas_core::UserId;

use super::TenantTx;
use crate::{
    Database, Error, Row, Scope, Value,
    database::{Access, After, Context, Ending, Session},
    scope::Actor,
    sql::literal,
};

/// A transaction of the service itself, for a declared reason: the registry of tenants, accounts,
/// signing keys.
///
/// Its statements are not looked into: whoever writes one is trusted as the reviewer of its reason is. On
/// SQLite, which has no policies, one that names a tenant's table reaches all tenants.
///
/// On PostgreSQL it sees no row of any tenant's table but those of the [outbox](crate::outbox), which wait for
/// the service: their policies ask for a tenant, and it has none. To go on inside a tenant, [turn it](SystemTx::into_scope) into a [`TenantTx`].
///
/// Statements are literals of the program. Values travel as parameters, `$1` first.
///
/// # Cancel safety
///
/// As [`TenantTx`].
pub struct SystemTx {
    database: Database,
    actor: Actor,
    access: Access,
    user: Option<UserId>,
    session: Option<Session>,
}

impl SystemTx {
    pub(crate) fn new(database: Database, actor: Actor, access: Access) -> Self {
        Self {
            database,
            actor,
            access,
            user: None,
            session: None,
        }
    }

    /// Says which person's own rows may be read over all tenants. Tables that hold such rows have a
    /// policy that lets their reader see them, and nobody else's.
    #[must_use]
    pub fn for_user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Gives the database the transaction runs on.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Runs a statement and gives all its rows.
    ///
    /// # Errors
    ///
    /// As the database answers; see [`Error`].
    pub async fn fetch_all(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Vec<Row>, Error> {
        self.session().await?.fetch_all(literal(sql), values).await
    }

    /// Runs a statement and gives its row, if there is one.
    ///
    /// # Errors
    ///
    /// As the database answers; see [`Error`].
    pub async fn fetch_optional(
        &mut self,
        sql: &'static str,
        values: &[Value],
    ) -> Result<Option<Row>, Error> {
        self.session()
            .await?
            .fetch_optional(literal(sql), values)
            .await
    }

    /// Runs a statement and gives the number of rows it changed.
    ///
    /// # Errors
    ///
    /// [`Error::ReadOnly`] in a reading transaction, otherwise as the database answers.
    pub async fn execute(&mut self, sql: &'static str, values: &[Value]) -> Result<u64, Error> {
        if self.access != Access::Write {
            return Err(Error::ReadOnly);
        }
        self.session().await?.execute(literal(sql), values).await
    }

    /// Runs `hook` right after the commit, and never when there is none. It must be quick.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the transaction cannot begin.
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

    /// Goes on inside a tenant, in the same transaction and on behalf of whoever the scope names.
    /// What was the service's is left behind: the transaction now sees that tenant's rows and nothing
    /// else.
    ///
    /// # Errors
    ///
    /// As the database answers; the transaction is rolled back then.
    pub async fn into_scope(mut self, scope: &Scope) -> Result<TenantTx, Error> {
        let tenant = scope.tenant().id().as_uuid();
        self.session()
            .await?
            .switch(Context::Tenant(tenant))
            .await?;
        match self.session.take() {
            Some(session) => Ok(TenantTx::resumed(self.database, scope.clone(), session)),
            None => Err(Error::Misuse("the transaction has ended")),
        }
    }

    /// Commits.
    ///
    /// # Errors
    ///
    /// As [`TenantTx::commit`].
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

    async fn session(&mut self) -> Result<&mut Session, Error> {
        if self.session.is_none() {
            let reason = match self.actor {
                Actor::System(reason) => reason,
                Actor::Principal(_) => {
                    return Err(Error::Misuse("a caller has no system transaction"));
                }
            };
            let context = Context::System {
                reason,
                user: self.user.map(|user| user.as_uuid()),
            };
            self.session = Some(Session::open(&self.database, self.access, context).await?);
        }
        self.session
            .as_mut()
            .ok_or(Error::Misuse("the transaction has ended"))
    }
}

impl fmt::Debug for SystemTx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SystemTx")
            .field("actor", &self.actor)
            .field("access", &self.access)
            .finish_non_exhaustive()
    }
}
