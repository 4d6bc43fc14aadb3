//! The doors behind the first: a second factor, and a session that stands for what was proven.

use saas_core::{Id, Level, Secret};
use saas_tenancy::{Scope, Tenant};

use super::{Authenticated, Entry, SignIns};
use crate::{
    Device, Error, Session, SessionInfo,
    mfa::{
        Asked, Claim, Clearance, Cleared, Factor, Pending, Proof, RecoveryCodes, TotpEnrolment,
        Wanted,
    },
    session,
};

impl SignIns {
    /// Lets somebody in who has proven a first factor and proves a second one.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when the sign-in has not begun here, or too long ago; [`Error::SecondFactor`] when the
    /// proof is wrong or was used; [`Error::TooManyTries`] after five wrong ones, for five minutes, and after a hundred
    /// without a right one, for a day, at all doors and instances together; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// A code may be used up.
    pub async fn by_second_factor(
        &self,
        tenant: &Tenant,
        pending: &Secret<String>,
        proof: &Proof,
        device: &Device,
    ) -> Result<Entry, Error> {
        let (mut claim, generation) = self.pending(tenant, pending).await?;
        let scope = session::entering(tenant);
        match self.factors.prove(&scope, &claim, proof).await {
            Ok(method) => claim.methods.push(method.to_owned()),
            Err(error) => {
                if matches!(error, Error::SecondFactor) {
                    self.note_failure(&scope, Some(claim.user), device).await?;
                }
                return Err(error);
            }
        }
        claim.at = self.database.clock().now();
        self.enter(scope, claim, generation, device).await
    }

    /// Begins the enrolment of an app for codes by somebody who is wanted to have a second factor first.
    ///
    /// # Errors
    ///
    /// As [`SecondFactors::enrol_totp`](crate::mfa::SecondFactors::enrol_totp); [`Error::StepUp`] and
    /// [`Error::EnrolmentRequired`] when something else is wanted.
    ///
    /// # Cancel safety
    ///
    /// An enrolment that nobody was told of ends by itself.
    pub async fn begin_totp(&self, pending: &Pending, name: &str) -> Result<TotpEnrolment, Error> {
        by_app(pending)?;
        let begun = self.factors.enrol(pending.user(), pending.tenant(), name);
        begun.await
    }

    /// Lets somebody in who was wanted to enrol a second factor first, with the first code of it. The recovery codes
    /// are shown now or never.
    ///
    /// # Errors
    ///
    /// [`Error::SecondFactor`] when the code is wrong, or nothing waits to be confirmed; [`Error::TooManyTries`];
    /// [`Error::StepUp`] and [`Error::EnrolmentRequired`] when something else is wanted; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// The factor may be enrolled and nobody in; it is asked for at the next sign-in then.
    pub async fn by_enrolment(
        &self,
        pending: &Pending,
        factor: Id<Factor>,
        code: &Secret<String>,
        device: &Device,
    ) -> Result<(Authenticated, Option<RecoveryCodes>), Error> {
        by_app(pending)?;
        let scope = session::entering(pending.tenant());
        let confirmed = self
            .factors
            .confirm(pending.user(), &scope, (factor, code), Some(pending));
        let codes = confirmed.await?;
        let mut claim = pending.claim().clone();
        claim.methods.push("otp".to_owned());
        claim.at = self.database.clock().now();
        let entry = self
            .enter(scope, claim, pending.generation(), device)
            .await?;
        Ok((entry.authenticated()?, codes))
    }

    /// Reads a sign-in that waits, and asks anew what is wanted.
    ///
    /// # Errors
    ///
    /// [`Error::Credentials`] when it has not begun here, or too long ago, or nothing is wanted any more;
    /// [`Error::Storage`].
    pub async fn waiting(
        &self,
        tenant: &Tenant,
        pending: &Secret<String>,
    ) -> Result<Pending, Error> {
        let now = self.database.clock().now();
        let read = Pending::read(self.database.keys(), tenant, pending, now);
        let (claim, generation, end) = read.ok_or(Error::Credentials)?;
        if !self.factors.stands(claim.user, generation).await? {
            return Err(Error::Credentials);
        }
        match self.factors.clear(claim, Asked::NOTHING).await? {
            // A code that was not sent, or was used, cannot be waited for.
            Clearance::Pending(claim, Wanted::MailedCode)
                if !self.factors.waits_for_code(&claim).await? =>
            {
                Err(Error::Credentials)
            }
            Clearance::Pending(claim, wanted) => {
                Ok(Pending::new(claim, wanted, generation, now).until(end))
            }
            Clearance::Cleared(_) | Clearance::Denied => Err(Error::Credentials),
        }
    }

    /// Reads a sign-in that waits, of an account that is as it was when it began.
    pub(super) async fn pending(
        &self,
        tenant: &Tenant,
        token: &Secret<String>,
    ) -> Result<(Claim, i64), Error> {
        let now = self.database.clock().now();
        let read = Pending::read(self.database.keys(), tenant, token, now);
        let (claim, generation, _) = read.ok_or(Error::Credentials)?;
        match self.factors.stands(claim.user, generation).await? {
            true => Ok((claim, generation)),
            false => Err(Error::Credentials),
        }
    }

    /// Asks the policy about somebody who stands in a door.
    pub(super) async fn enter(
        &self,
        scope: Scope,
        claim: Claim,
        generation: i64,
        device: &Device,
    ) -> Result<Entry, Error> {
        let now = self.database.clock().now();
        Ok(match self.factors.clear(claim, Asked::NOTHING).await? {
            Clearance::Cleared(cleared) => {
                let who = Authenticated::new(scope, cleared, device.clone());
                Entry::Authenticated(Box::new(who.of_generation(generation)))
            }
            Clearance::Pending(claim, wanted) => {
                Entry::Pending(Box::new(Pending::new(claim, wanted, generation, now)))
            }
            Clearance::Denied => return Err(Error::Credentials),
        })
    }

    /// Asks the policy whether a session is still enough for its tenant: a rule may be newer than it.
    ///
    /// # Errors
    ///
    /// [`Error::StepUp`], [`Error::EnrolmentRequired`]; [`Error::Credentials`] when its person has left;
    /// [`Error::Storage`].
    pub(crate) async fn clear_session(
        &self,
        tenant: &Tenant,
        held: &SessionInfo,
    ) -> Result<Cleared, Error> {
        let claim = Claim {
            tenant: tenant.clone(),
            user: held.user,
            at: held.authenticated_at,
            methods: held.methods.clone(),
        };
        match self.factors.clear(claim, Asked::NOTHING).await? {
            Clearance::Cleared(cleared) => Ok(cleared),
            Clearance::Pending(_, wanted) => Err(wanted.into()),
            Clearance::Denied => Err(Error::Credentials),
        }
    }

    /// Lets the holder of a session give it to a program: as whom, when and how the session began. `cleared` is what
    /// the policy has said about the session; none when it is about another.
    #[must_use]
    pub(crate) fn by_session(
        &self,
        held: &Session,
        cleared: Cleared,
        device: &Device,
    ) -> Option<Authenticated> {
        let claim = cleared.claim();
        let same = claim.tenant.id() == held.tenant
            && claim.user == held.user
            && claim.at == held.authenticated_at
            && claim.methods == held.methods;
        let scope = session::entering(&claim.tenant);
        same.then(|| Authenticated::new(scope, cleared, device.clone()).of_session(held.id))
    }
}

/// Makes sure that an app for codes is what is wanted: nobody enrols one who has to prove what they have, or needs a
/// passkey.
fn by_app(pending: &Pending) -> Result<(), Error> {
    match pending.wanted() {
        Wanted::Enrolment(level) if level < Level::PhishingResistant => Ok(()),
        wanted => Err(wanted.into()),
    }
}
