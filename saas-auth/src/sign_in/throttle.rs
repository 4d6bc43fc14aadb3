//! How often a password may be guessed, whichever door is knocked at.
//!
//! A try is taken before the password is looked at and given back when it was right, so of any number of
//! parallel guesses only as many are evaluated as the limits allow. What is counted is the address that was typed,
//! whether somebody has it or not: neither the answer nor the limit tells.

use std::{net::IpAddr, sync::Arc};

use saas_core::{
    TenantId,
    limit::{LimitKey, Quota, RateLimiter},
};

use crate::{Device, Error, LimitConfig};

#[derive(Debug, Clone)]
pub(crate) struct Throttle {
    limiter: Arc<dyn RateLimiter>,
    config: LimitConfig,
}

/// The tries that were taken for one guess.
#[derive(Debug)]
#[must_use = "a right password gives its tries back"]
pub(super) struct Guess {
    limiter: Arc<dyn RateLimiter>,
    taken: Vec<(LimitKey, Quota)>,
}

impl Throttle {
    pub(super) fn new(limiter: Arc<dyn RateLimiter>, config: LimitConfig) -> Self {
        Self { limiter, config }
    }

    /// Takes a try of the account, of the network that it comes from and of the tenant.
    pub(super) async fn guess(
        &self,
        account: &str,
        tenant: Option<TenantId>,
        device: &Device,
    ) -> Result<Guess, Error> {
        let mut guess = Guess {
            limiter: Arc::clone(&self.limiter),
            taken: Vec::with_capacity(3),
        };
        let LimitConfig {
            account: of_account,
            address,
            tenant: of_tenant,
            ..
        } = self.config;
        let from = device.address().map(network);
        let from = from.map(|from| (LimitKey::new("password/address", &[&from]), address));
        let tenant = tenant.map(|tenant| {
            let tenant = tenant.as_uuid();
            (
                LimitKey::new("password/tenant", &[tenant.as_bytes()]),
                of_tenant,
            )
        });
        let account = LimitKey::new("password/account", &[account.as_bytes()]);
        // The account comes last: who is refused for another reason has not used up its tries.
        let keys = from
            .into_iter()
            .chain(tenant)
            .chain([(account, of_account)]);
        for (key, quota) in keys {
            if let Err(limited) = self.limiter.take(&key, quota).await {
                tracing::info!(limit = key.name(), "a password was not looked at");
                guess.give_back().await;
                return Err(Error::Limited(limited));
            }
            guess.taken.push((key, quota));
        }
        Ok(guess)
    }

    /// Refuses who has no try left, before anything is looked up: how long that takes would tell whether there is an
    /// account. None is taken.
    pub(super) async fn check(
        &self,
        account: &str,
        tenant: Option<TenantId>,
        device: &Device,
    ) -> Result<(), Error> {
        self.guess(account, tenant, device).await?.give_back().await;
        Ok(())
    }

    /// Takes what one wish for a letter costs: of the address that it goes to, of the network that it comes
    /// from and of the tenant. It is not given back, because a letter that was asked for is one that is sent.
    pub(crate) async fn letter(
        &self,
        to: &str,
        tenant: TenantId,
        device: &Device,
    ) -> Result<(), Error> {
        const NAMES: [&str; 3] = ["letter/network", "letter/address", "letter/tenant"];
        self.take(NAMES, to, tenant, device).await
    }

    /// Takes what a code by mail costs. It is counted apart: nobody who knows no password keeps anybody from the code
    /// for theirs, and whoever knows one does not keep its holder from setting another.
    pub(super) async fn code(
        &self,
        to: &str,
        tenant: TenantId,
        device: &Device,
    ) -> Result<(), Error> {
        const NAMES: [&str; 3] = ["code/network", "code/address", "code/tenant"];
        self.take(NAMES, to, tenant, device).await
    }

    async fn take(
        &self,
        [of_network, of_address, of_tenant]: [&'static str; 3],
        to: &str,
        tenant: TenantId,
        device: &Device,
    ) -> Result<(), Error> {
        let from = device.address().map(network);
        let from = from.map(|from| (LimitKey::new(of_network, &[&from]), self.config.address));
        let (tenant, to) = (tenant.as_uuid(), to.as_bytes());
        let tenant_bytes = tenant.as_bytes();
        let tenant = LimitKey::new(of_tenant, &[tenant_bytes]);
        // Nobody uses up in a tenant of their own what somebody has in another.
        let to = LimitKey::new(of_address, &[tenant_bytes, to]);
        // The tenant comes last: who asks for one address again and again does not use up its tries.
        let of_all = [(to, self.config.letter), (tenant, self.config.tenant)];
        for (key, quota) in from.into_iter().chain(of_all) {
            self.limiter.take(&key, quota).await?;
        }
        Ok(())
    }
}

impl Throttle {
    /// Takes what an invitation costs: of the address, over all tenants.
    pub(crate) async fn invitation(&self, to: &str) -> Result<(), Error> {
        let key = LimitKey::new("invitation/address", &[to.as_bytes()]);
        self.limiter.take(&key, self.config.letter).await?;
        Ok(())
    }
}

impl Guess {
    pub(super) async fn give_back(self) {
        for (key, quota) in self.taken {
            self.limiter.give_back(&key, quota).await;
        }
    }
}

/// Gives what counts as one place: an IPv4 address, or the /64 that a network of IPv6 has.
fn network(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().iter().take(8).copied().collect(),
    }
}
