//! The doors of passkeys: instead of a password, after one, and where one has to be enrolled first.

use saas_core::{Id, Secret};
use saas_tenancy::Tenant;

use super::{Authenticated, Entry, SignIns};
use crate::{
    Device, Error,
    mfa::{
        Asker, Claim, Factor, METHODS, PasskeyAnswer, PasskeyChallenge, PasskeyEnrolment,
        PasskeyProof, Pending, RecoveryCodes, Wanted,
    },
    session,
};

impl SignIns {
    /// Asks whoever comes for a passkey, which says who they are. None where there can be none; see
    /// [`PasskeyConfig`](crate::PasskeyConfig).
    ///
    /// `asked_by` names who asks and has to be the same with the answer: the secret of a browser, or a client. So nobody
    /// hands his own answer to somebody else. Nothing is kept of it.
    ///
    /// # Errors
    ///
    /// [`Error::Crypto`].
    pub async fn passkey_challenge(
        &self,
        tenant: &Tenant,
        asked_by: &str,
    ) -> Result<Option<PasskeyChallenge>, Error> {
        self.factors
            .ask_for_passkey(tenant, Asker::Anybody(asked_by))
            .await
    }

    /// Lets a member of a tenant in by a passkey alone: a key, and a device that has verified its holder, are two
    /// factors. The policy is asked as at every door.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when nobody has the passkey, its account is not a member of the tenant or may not be used,
    /// the challenge was used, is too old or somebody else's, or the answer is wrong; which of them is not told.
    /// [`Error::Limited`] when it was tried too often; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// The challenge may be used up.
    pub async fn by_passkey(
        &self,
        tenant: &Tenant,
        asked_by: &str,
        proof: &PasskeyProof,
        device: &Device,
    ) -> Result<Entry, Error> {
        let scope = session::entering(tenant);
        let at = self.database.clock().now();
        let credential = proof.credential().ok_or(Error::Credentials)?;
        // No address has a space in it.
        let tried = format!("passkey {credential}");
        let guess = self
            .throttle()
            .guess(&tried, Some(tenant.id()), device)
            .await?;
        let user = match self.factors.identify(tenant, asked_by, proof).await {
            Ok(user) => user,
            Err(Error::SecondFactor) => {
                self.note_failure(&scope, None, device).await?;
                return Err(Error::Credentials);
            }
            Err(error) => return Err(error),
        };
        guess.give_back().await;
        let account = self.accounts.by_id(user).await?;
        let Some(account) = account.filter(crate::Account::is_active) else {
            self.note_failure(&scope, None, device).await?;
            return Err(Error::Credentials);
        };
        let claim = Claim {
            tenant: tenant.clone(),
            user,
            at,
            methods: METHODS.map(str::to_owned).to_vec(),
        };
        // Whether the person is a member the policy looks at.
        self.enter(scope, claim, account.generation(), device).await
    }

    /// Asks somebody whose first factor was right for a passkey. None when they have none.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub async fn second_passkey_challenge(
        &self,
        pending: &Pending,
    ) -> Result<Option<PasskeyChallenge>, Error> {
        let asker = Asker::Person(pending.user());
        self.factors.ask_for_passkey(pending.tenant(), asker).await
    }

    /// Lets somebody in who has proven a first factor and proves a passkey.
    ///
    /// # Errors
    ///
    /// As [`SignIns::by_second_factor`].
    ///
    /// # Cancel safety
    ///
    /// The challenge may be used up.
    pub async fn by_second_passkey(
        &self,
        tenant: &Tenant,
        pending: &Secret<String>,
        proof: &PasskeyProof,
        device: &Device,
    ) -> Result<Entry, Error> {
        let (mut claim, generation) = self.pending(tenant, pending).await?;
        let scope = session::entering(tenant);
        if let Err(error) = self.factors.prove_passkey(tenant, claim.user, proof).await {
            if matches!(error, Error::SecondFactor) {
                self.note_failure(&scope, Some(claim.user), device).await?;
            }
            return Err(error);
        }
        claim.methods.extend(METHODS.map(str::to_owned));
        claim.at = self.database.clock().now();
        self.enter(scope, claim, generation, device).await
    }

    /// Begins the enrolment of a passkey by somebody who is wanted to have a second factor first.
    ///
    /// # Errors
    ///
    /// As [`SecondFactors::enrol_passkey`](crate::mfa::SecondFactors::enrol_passkey); [`Error::StepUp`] when something
    /// else is wanted.
    pub async fn begin_passkey(
        &self,
        pending: &Pending,
        name: &str,
    ) -> Result<PasskeyEnrolment, Error> {
        let Wanted::Enrolment(_) = pending.wanted() else {
            return Err(pending.wanted().into());
        };
        let begun = self
            .factors
            .begin_passkey(pending.user(), pending.tenant(), name);
        begun.await
    }

    /// Lets somebody in who was wanted to enrol a second factor first, with the passkey that they made. The recovery
    /// codes are shown now or never.
    ///
    /// # Errors
    ///
    /// As [`SecondFactors::confirm_passkey`](crate::mfa::SecondFactors::confirm_passkey); [`Error::StepUp`] and
    /// [`Error::EnrolmentRequired`] when something else is wanted.
    ///
    /// # Cancel safety
    ///
    /// The passkey may be enrolled and nobody in; it is asked for at the next sign-in then.
    pub async fn by_passkey_enrolment(
        &self,
        pending: &Pending,
        factor: Id<Factor>,
        answer: &PasskeyAnswer,
        device: &Device,
    ) -> Result<(Authenticated, Option<RecoveryCodes>), Error> {
        let Wanted::Enrolment(_) = pending.wanted() else {
            return Err(pending.wanted().into());
        };
        let scope = session::entering(pending.tenant());
        let user = pending.user();
        let finished = self
            .factors
            .finish_passkey(user, &scope, (factor, answer), Some(pending));
        let codes = finished.await?;
        let mut claim = pending.claim().clone();
        claim.methods.extend(METHODS.map(str::to_owned));
        claim.at = self.database.clock().now();
        let entry = self.enter(scope, claim, pending.generation(), device);
        Ok((entry.await?.authenticated()?, codes))
    }
}
