//! How an invitation is accepted.

use std::fmt;

use saas_core::{Secret, UserId};
use saas_tenancy::{AuditEvent, Tenant, TenantTx};

use super::{Invitation, Invitations};
use crate::{
    Account, Device, Email, Error, Membership, NewMembership, PasswordHash, Session,
    account::store,
    message::PasswordChanged,
    mfa,
    proof::{self, Kind},
};

/// Who accepts an invitation, and under which name the tenant is to know them.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Joining<'a> {
    /// Somebody with a password: that of the account which has the address, or, where there is none or nobody has
    /// yet proven to hold its address, the one that it is to have.
    Password {
        /// The name.
        name: &'a str,
        /// The password.
        password: &'a Secret<String>,
    },
    /// Somebody who is signed in, in whichever tenant. The account has to have the invited address.
    Session {
        /// The name.
        name: &'a str,
        /// The session.
        session: &'a Session,
    },
}

/// An invitation that is being accepted; it is once the transaction is committed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Accepted {
    /// The person, who is a member now and has no role yet.
    pub user: UserId,
    /// What the person was invited to.
    pub invitation: Invitation,
    /// The membership.
    pub membership: Membership,
}

/// How the account comes about.
enum Joiner {
    Known(Box<Account>),
    /// Nobody has yet proven to read the mail of the account's address but who joins, so it is theirs.
    Holder(Box<Account>, PasswordHash),
    New(PasswordHash),
}

impl Invitations {
    /// Accepts an invitation, once: makes the account where there is none, with an address that counts as
    /// verified, and the membership. The transaction is the caller's to go on with, to give the roles, and to
    /// commit; dropped, nothing has happened and the token is still good.
    ///
    /// # Errors
    ///
    /// [`Error::Link`], also when the session is of somebody else; [`Error::InvalidPassword`] of a new account;
    /// [`Error::Credentials`] when the password of the account is wrong or it may not be used;
    /// [`Error::Limited`]; [`Error::Provisional`]; [`Error::AlreadyMember`]; [`Error::Busy`]; [`Error::Storage`].
    ///
    /// # Cancel safety
    ///
    /// Nothing has happened when it is dropped.
    pub async fn accept(
        &self,
        tenant: &Tenant,
        token: &Secret<String>,
        joining: Joining<'_>,
        device: &Device,
    ) -> Result<(TenantTx, Accepted), Error> {
        let row = self.proofs.open(tenant, &[Kind::Invitation], token).await?;
        let email: Email = row.email.parse().map_err(|_| Error::Link)?;
        let (joiner, name) = match joining {
            Joining::Password { name, password } => {
                let known = [email.as_str(), name, tenant.name(), tenant.slug().as_str()];
                (
                    self.by_password(&email, password, &known, device).await?,
                    name,
                )
            }
            Joining::Session { name, session } => (self.by_session(&email, session).await?, name),
        };
        let mut tx = self.proofs.system_write();
        let mut stripped = false;
        let user = match &joiner {
            // Also so that nobody joins with an account that is just being deleted.
            Joiner::Known(account) if store::verify(&mut tx, account).await? => account.id(),
            Joiner::Holder(account, hash)
                if store::reset_password(&mut tx, account, hash).await? =>
            {
                // Whoever had the account before may have set them up.
                stripped = mfa::store::remove_all(&mut tx, account.id()).await?;
                account.id()
            }
            Joiner::Known(_) | Joiner::Holder(..) => return Err(Error::Credentials),
            Joiner::New(hash) => {
                self.sign_ins
                    .accounts()
                    .create_verified(&mut tx, &email, hash)
                    .await?
            }
        };
        let mut tx = tx.into_scope(&proof::scope(tenant)).await?;
        proof::use_up(&mut tx, &row).await?;
        if stripped {
            mfa::tell_of_reset(&mut tx, user).await?;
        }
        if let Joiner::Holder(account, _) = &joiner {
            // Ends the sign-ins of whoever had the password before.
            let changed = PasswordChanged {
                account: account.id(),
            };
            tx.publish(PasswordChanged::KIND, &changed).await?;
        }
        let new = NewMembership::new(row.email.clone(), name);
        let member = Membership::id_of(user);
        let membership = match tx.repo::<Membership>().insert_as(member, new).await {
            Ok(membership) => membership,
            Err(saas_tenancy::Error::Unique(_)) => return Err(Error::AlreadyMember),
            Err(error) => return Err(error.into()),
        };
        let invitation = Invitation::try_from(row)?;
        let object = format!("invitation:{}", invitation.id);
        let event = AuditEvent::new("invitation.accepted", object);
        tx.record(event.after(&format!("user:{user}"))?).await?;
        let accepted = Accepted {
            user,
            invitation,
            membership,
        };
        Ok((tx, accepted))
    }

    /// Finds the account of an address if the password is right, or checks the password of one that will be
    /// made, or of which nobody has proven to hold the address. It is not made of what is known.
    async fn by_password(
        &self,
        email: &Email,
        password: &Secret<String>,
        known: &[&str],
        device: &Device,
    ) -> Result<Joiner, Error> {
        let Some(account) = self.sign_ins.accounts().by_email(email).await? else {
            let passwords = self.sign_ins.passwords();
            let password = passwords.check(password, known).await?;
            return Ok(Joiner::New(passwords.hash(&password).await?));
        };
        // The letter proves whose the address is. Nobody who made an account with it before, for themselves or for
        // somebody else, keeps its holder out, or is let in with them.
        if account.is_provisional() || !account.is_verified() {
            let passwords = self.sign_ins.passwords();
            let password = passwords.check(password, known).await?;
            let hash = passwords.hash(&password).await?;
            return Ok(Joiner::Holder(Box::new(account), hash));
        }
        self.sign_ins.prove(&account, password, device).await?;
        usable(account)
    }

    async fn by_session(&self, email: &Email, session: &Session) -> Result<Joiner, Error> {
        let account = self.sign_ins.accounts().by_id(session.user).await?;
        let account = account.ok_or(Error::Credentials)?;
        let held: Option<Email> = account.email().parse().ok();
        if held.is_none_or(|held| held.key() != email.key()) {
            return Err(Error::Link);
        }
        if account.is_provisional() {
            return Err(Error::Provisional);
        }
        usable(account)
    }
}

fn usable(account: Account) -> Result<Joiner, Error> {
    if account.is_active() {
        Ok(Joiner::Known(Box::new(account)))
    } else {
        Err(Error::Credentials)
    }
}

impl fmt::Debug for Joining<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password(…)",
            Self::Session { .. } => "Session(…)",
        })
    }
}
