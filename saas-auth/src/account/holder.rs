//! The person behind a request, who proves it once more.

use saas_core::{PrincipalKind, Secret};
use saas_tenancy::{Scope, Tenant};

use super::{Account, Accounts};
use crate::{Device, Error, PasswordHash, SignIns};

/// Finds the account of a caller who knows its password.
#[derive(Debug, Clone)]
pub(super) struct Holders {
    sign_ins: SignIns,
}

impl Holders {
    pub(super) const fn new(sign_ins: SignIns) -> Self {
        Self { sign_ins }
    }

    pub(super) const fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    pub(super) const fn accounts(&self) -> &Accounts {
        self.sign_ins.accounts()
    }

    /// Gives the account of the scope's caller, who has to know its password: a browser that was left open is
    /// not enough for what cannot be taken back.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it is wrong, or nobody calls; [`Error::Limited`], [`Error::Busy`].
    pub(super) async fn prove(
        &self,
        scope: &Scope,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<Account, Error> {
        let caller = scope
            .principal()
            .filter(|caller| caller.kind() == PrincipalKind::User)
            .ok_or(Error::Credentials)?;
        let account = self.accounts().by_id(caller.subject()).await?;
        let account = account.ok_or(Error::Credentials)?;
        // Tries of whoever is signed in count apart: nobody who guesses at a door keeps the holder from what is
        // theirs.
        let session = caller.session();
        self.sign_ins
            .prove_in(&account, session, password, device)
            .await?;
        Ok(account)
    }

    /// Gives the account as [`Holders::prove`] does, of a caller who has proven besides what the strictest of their
    /// tenants asks: for what leads into all of them, or out.
    ///
    /// # Errors
    ///
    /// As [`Holders::prove`]; [`Error::StepUp`]; [`Error::Factor`] when another tenant asks for a code by mail first.
    pub(super) async fn prove_all(
        &self,
        scope: &Scope,
        password: &Secret<String>,
        device: &Device,
    ) -> Result<Account, Error> {
        let account = self.prove(scope, password, device).await?;
        let factors = self.sign_ins.second_factors();
        factors.has_proven_all(scope).await?;
        Ok(account)
    }

    /// Checks and hashes a new password of an account, which is not made of what others know: its address and
    /// the names of the tenant.
    ///
    /// # Errors
    ///
    /// [`Error::InvalidPassword`], [`Error::Busy`].
    pub(super) async fn choose(
        &self,
        password: &Secret<String>,
        account: &Account,
        tenant: &Tenant,
    ) -> Result<PasswordHash, Error> {
        let known = [account.email(), tenant.name(), tenant.slug().as_str()];
        let passwords = self.sign_ins.passwords();
        let password = passwords.check(password, &known).await?;
        passwords.hash(&password).await
    }
}
