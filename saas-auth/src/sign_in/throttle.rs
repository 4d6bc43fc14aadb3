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
pub(super) struct Throttle {
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
        let names = ["password/address", "password/tenant", "password/account"];
        self.take(names, account, tenant, device).await
    }

    /// Takes the right to ask for a letter to an address, whether somebody has it or not. As many are allowed as
    /// guesses, and none is given back.
    #[cfg(feature = "pages")]
    pub(super) async fn letter(
        &self,
        address: &str,
        tenant: TenantId,
        device: &Device,
    ) -> Result<(), Error> {
        let names = ["letter/address", "letter/tenant", "letter/account"];
        let taken = self.take(names, address, Some(tenant), device);
        taken.await.map(drop)
    }

    async fn take(
        &self,
        [by_address, by_tenant, by_account]: [&'static str; 3],
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
        let from = from.map(|from| (LimitKey::new(by_address, &[&from]), address));
        let tenant = tenant.map(|tenant| {
            let tenant = tenant.as_uuid();
            (LimitKey::new(by_tenant, &[tenant.as_bytes()]), of_tenant)
        });
        let account = LimitKey::new(by_account, &[account.as_bytes()]);
        // The account comes last: who is refused for another reason has not used up its tries.
        let keys = from
            .into_iter()
            .chain(tenant)
            .chain([(account, of_account)]);
        for (key, quota) in keys {
            if let Err(limited) = self.limiter.take(&key, quota).await {
                tracing::info!(limit = key.name(), "a try was not let through");
                guess.give_back().await;
                return Err(Error::Limited(limited));
            }
            guess.taken.push((key, quota));
        }
        Ok(guess)
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
