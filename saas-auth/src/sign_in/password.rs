//! The door of the password.

use saas_core::{Secret, UserId};
use saas_tenancy::{Database, Scope, Tenant};
use uuid::Uuid;

use super::Authenticated;
use crate::{Account, Accounts, Device, Email, Error, Membership, Passwords, Session, session};

/// The doors; cheap to clone.
#[derive(Debug, Clone)]
pub struct SignIns {
    pub(super) database: Database,
    pub(super) accounts: Accounts,
    passwords: Passwords,
}

impl SignIns {
    /// Makes the service.
    #[must_use]
    pub fn new(database: Database, passwords: Passwords) -> Self {
        Self {
            accounts: Accounts::new(database.clone()),
            database,
            passwords,
        }
    }

    /// Lets a member of a tenant in who knows the password of the account.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when there is no such account, it is not a member of the tenant, may not be
    /// used, or the password is wrong: which of them is told by neither the answer nor its time.
    /// [`Error::Busy`], [`Error::Storage`].
    pub async fn by_password(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<Authenticated, Error> {
        let scope = session::entering(tenant);
        let account = match username.parse::<Email>() {
            Ok(email) => self.member(&scope, &email).await?,
            Err(_) => None,
        };
        // The password is checked in any case, so that nobody can tell from the time whether there is
        // such an account, or whether it belongs to this tenant.
        let stored = account.as_ref().map(Account::password);
        let renewed = self.passwords.verify(password, stored).await?;
        let account = account.ok_or(Error::Credentials)?;
        if let Some(hash) = renewed {
            self.accounts.rehash(&account, &hash).await?;
        }
        let now = self.database.clock().now();
        Ok(Authenticated::new(
            scope,
            account.id(),
            now,
            vec!["pwd".to_owned()],
            device.clone(),
        ))
    }

    /// Lets the holder of a session give it to a program: as whom, when and how the session began.
    #[must_use]
    pub fn by_session(
        &self,
        tenant: &Tenant,
        held: &Session,
        device: &Device,
    ) -> Option<Authenticated> {
        (held.tenant == tenant.id()).then(|| {
            Authenticated::new(
                session::entering(tenant),
                held.user,
                held.authenticated_at,
                held.methods.clone(),
                device.clone(),
            )
            .from_session(held.id)
        })
    }

    /// Finds the account with an address, when it may be used and belongs to the tenant. The same is
    /// asked of the database whether there is such an account or not.
    async fn member(&self, scope: &Scope, email: &Email) -> Result<Option<Account>, Error> {
        let account = self.accounts.by_email(email).await?;
        let user = account
            .as_ref()
            .map_or(UserId::from_uuid(Uuid::nil()), Account::id);
        let mut tx = self.database.read(scope);
        let id = Membership::id_of(user);
        let member = tx.repo::<Membership>().find(id).await?.is_some();
        Ok(account.filter(|account| member && account.is_active()))
    }
}
