//! The end of accounts.

use async_trait::async_trait;
use saas_core::{Secret, TenantId, UserId};
use saas_tenancy::{AuditEvent, Scope, SystemScope, Tenant, TenantTx};

use super::{Account, Holders, Members, store};
use crate::{
    AccountLife, Device, Error, Sessions, SignIns,
    message::{Deactivated, Deleted},
    proof::Proofs,
};

/// How often a deletion begins anew because the person has joined another tenant meanwhile.
const TRIES: usize = 3;

/// What an application takes from a person who leaves a tenant, such as roles.
///
/// ```
/// use async_trait::async_trait;
/// use saas_auth::{Error, Leave};
/// use saas_core::UserId;
/// use saas_tenancy::TenantTx;
///
/// struct Tasks;
///
/// #[async_trait]
/// impl Leave for Tasks {
///     type Error = Error;
///
///     async fn leave(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
///         tx.publish("tasks.orphaned", &user).await?;
///         Ok(())
///     }
/// }
/// ```
///
/// # Contract
///
/// - Everything happens in the transaction, which may be rolled back.
/// - It fails where the person cannot go, as the last owner of the tenant, and then the person stays.
/// - It may be called again for a tenant that the person has left.
#[async_trait]
pub trait Leave: Send + Sync {
    /// Why the person cannot go.
    type Error: From<Error>;

    /// Takes everything from a person, who is still a member of the transaction's tenant.
    ///
    /// # Errors
    ///
    /// Any; nobody has left then.
    async fn leave(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Self::Error>;
}

/// Deactivates and deletes accounts, on the wish of their holders; cheap to clone.
#[derive(Debug, Clone)]
pub struct Closures {
    holders: Holders,
    members: Members,
    sessions: Sessions,
    proofs: Proofs,
}

impl Closures {
    pub(crate) fn new(sign_ins: &SignIns, sessions: &Sessions) -> Self {
        Self {
            holders: Holders::new(sign_ins.clone()),
            members: Members::new(sessions.clone()),
            proofs: Proofs::new(sessions.database().clone()),
            sessions: sessions.clone(),
        }
    }

    /// Deactivates the account of the caller: every sign-in ends, and there is none until its holder sets a
    /// new password with a link; see [`PasswordChanges::ask`](crate::PasswordChanges::ask). Memberships stay.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the password is wrong; [`Error::Limited`]; [`Error::Busy`];
    /// [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Either the account is deactivated or not. Sign-ins end with it, at the latest when the event of it is
    /// delivered.
    pub async fn deactivate(
        &self,
        scope: &Scope,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<(), Error> {
        let account = self.holders.prove_all(scope, password, device).await?;
        let user = account.id();
        let mut tx = self.proofs.system_write();
        if !store::deactivate(&mut tx, &account).await? {
            return Err(Error::Credentials);
        }
        let mut tx = tx.into_scope(scope).await?;
        let event = AuditEvent::new("account.deactivated", format!("user:{user}"));
        tx.record(event).await?;
        let deactivated = Deactivated { account: user };
        tx.publish(Deactivated::KIND, &deactivated).await?;
        tx.commit().await?;
        self.sessions.end_everywhere(user, None).await
    }

    /// Deletes the account of the caller: out of every tenant, the one of the scope last and together with the
    /// account. The row of the account stays without anything of the person in it, because records name its
    /// id; its address is free.
    ///
    /// `application` is first called for every tenant in a transaction that is rolled back, so that who may not
    /// leave one leaves none.
    ///
    /// # Errors
    ///
    /// Those of `application`; [`Error::Credentials`] when the password is wrong; [`Error::Limited`];
    /// [`Error::Busy`], also when the person keeps joining tenants; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A dropped future may leave the person out of some of the other tenants, and the account as it was;
    /// calling again goes on.
    pub async fn delete<L: Leave>(
        &self,
        scope: &Scope,
        password: &Secret<String>,
        device: &Device,
        application: &L,
    ) -> Result<(), L::Error> {
        let account = self.holders.prove_all(scope, password, device).await?;
        let (here, user) = (scope.tenant(), account.id());
        for _ in 0..TRIES {
            let (others, gone) = self.others(user, here.id()).await?;
            for tenant in others.iter().chain([here]) {
                let mut tx = self.begin(tenant);
                application.leave(&mut tx, user).await?;
                tx.rollback().await.map_err(Error::from)?;
            }
            for tenant in &others {
                let mut tx = self.begin(tenant);
                application.leave(&mut tx, user).await?;
                self.take_out(&mut tx, user).await?;
                tx.commit().await.map_err(Error::from)?;
            }
            if let Some(mut tx) = self.delete_account(here, &gone, &account).await? {
                application.leave(&mut tx, user).await?;
                self.take_out(&mut tx, user).await?;
                self.say_farewell(&mut tx, &account).await?;
                tx.commit().await.map_err(Error::from)?;
                return Ok(());
            }
        }
        Err(Error::Busy.into())
    }

    fn begin(&self, tenant: &Tenant) -> TenantTx {
        let scope = SystemScope::<AccountLife>::enter().within(tenant);
        self.sessions.database().write(&scope)
    }

    /// Gives the tenants of a person but for one, and the ids of those that are there no more.
    async fn others(
        &self,
        user: UserId,
        but: TenantId,
    ) -> Result<(Vec<Tenant>, Vec<TenantId>), Error> {
        let (mut others, mut gone) = (Vec::new(), Vec::new());
        for id in self.holders.accounts().tenants_of(user).await? {
            match self.sessions.registry().by_id(id).await? {
                Some(tenant) if id != but => others.push(tenant),
                Some(_) => {}
                None => gone.push(id),
            }
        }
        Ok((others, gone))
    }

    /// Empties the account and goes on in the last tenant; gives nothing when there is another one by now.
    async fn delete_account(
        &self,
        last: &Tenant,
        gone: &[TenantId],
        account: &Account,
    ) -> Result<Option<TenantTx>, Error> {
        let mut tx = self.proofs.system_write().for_user(account.id());
        // Whoever accepts an invitation changes the account before, so from here on nobody does.
        if !store::delete(&mut tx, account).await? {
            return Err(Error::Credentials);
        }
        let tenants = store::tenants_of(&mut tx, account.id()).await?;
        if tenants
            .iter()
            .any(|id| *id != last.id() && !gone.contains(id))
        {
            return Ok(None);
        }
        let scope = SystemScope::<AccountLife>::enter().within(last);
        Ok(Some(tx.into_scope(&scope).await?))
    }

    /// Takes a person out of the tenant of the transaction.
    async fn take_out(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        match self.members.remove(tx, user).await {
            // Somebody else has, meanwhile.
            Err(Error::Storage(saas_tenancy::Error::NotFound)) => Ok(()),
            removed => removed,
        }
    }

    async fn say_farewell(&self, tx: &mut TenantTx, account: &Account) -> Result<(), Error> {
        let event = AuditEvent::new("account.deleted", format!("user:{}", account.id()));
        tx.record(event).await?;
        let deleted = Deleted {
            email: account.email().to_owned(),
        };
        Ok(tx.publish(Deleted::KIND, &deleted).await?)
    }
}
