//! The person whom a token speaks of, as they are now.

use saas_core::{Granted, UserId};
use saas_tenancy::Tenant;

use crate::{Account, Email, Error, Identity, Membership, session, token::PersonClaims};

/// A member of a tenant whose account may be used.
#[derive(Debug)]
pub(super) struct Person {
    account: Account,
    member: Membership,
}

impl Person {
    /// Finds somebody who still belongs to the tenant and may sign in.
    pub(super) async fn find(
        identity: &Identity,
        tenant: &Tenant,
        user: UserId,
    ) -> Result<Option<Self>, Error> {
        let account = identity.accounts().by_id(user).await?;
        let Some(account) = account.filter(Account::is_active) else {
            return Ok(None);
        };
        let mut tx = identity.database().read(&session::entering(tenant));
        let member = tx
            .repo::<Membership>()
            .find(Membership::id_of(user))
            .await?;
        Ok(member.map(|member| Self { account, member }))
    }

    /// Gives what may be told of them, as the tenant knows them (OpenID Connect Core, section 5.4).
    pub(super) fn claims(&self, granted: &Granted) -> PersonClaims {
        let mut claims = PersonClaims::default();
        if granted.covers("profile") {
            claims.name = Some(self.member.name.clone());
            claims.updated_at = Some(self.member.updated_at.as_secs());
        }
        if granted.covers("email") {
            claims.email = Some(self.member.email.clone());
            claims.email_verified = Some(self.account.is_verified() && self.is_of_account());
        }
        claims
    }

    /// Tells whether the address that the tenant knows is the one of the account, which was verified.
    fn is_of_account(&self) -> bool {
        let read = |text: &str| text.parse::<Email>().ok();
        match (read(&self.member.email), read(self.account.email())) {
            (Some(known), Some(own)) => known.key() == own.key(),
            _ => false,
        }
    }
}
