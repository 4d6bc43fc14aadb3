//! What was begun and not finished, and what is over, is ended for one tenant after the other.

use saas_core::{TenantId, task::Failure};
use saas_edge::idempotency::Idempotency;
use saas_storage::Files;
use saas_tenancy::{Reason, Registry, Scope, SystemScope};

/// Ends what nobody ends otherwise.
#[derive(Debug)]
pub(crate) struct SweepAll;

impl Reason for SweepAll {
    const NAME: &'static str = "sweep";
    const WHY: &'static str = "uploads that nobody finished, objects without a row, and answers that are told again \
                               for a day are removed whoever's they are";
    const ROUTINE: bool = true;
}

/// Sweeps what all tenants have.
#[derive(Debug, Clone)]
pub(crate) struct Sweeper {
    pub(crate) files: Files,
    pub(crate) idempotency: Idempotency,
    pub(crate) registry: Registry,
}

impl Sweeper {
    /// Does so once. One tenant that cannot be swept does not keep the others from it.
    pub(crate) async fn sweep(&self) -> Result<(), Failure> {
        let (system, mut after): (_, Option<TenantId>) = (SystemScope::<SweepAll>::enter(), None);
        loop {
            let tenants = self.registry.list(&system, after).await?;
            let Some(last) = tenants.last() else {
                return Ok(());
            };
            after = Some(last.id());
            for tenant in &tenants {
                if let Err(error) = self.tenant(&system.within(tenant)).await {
                    let error = &*error as &dyn std::error::Error;
                    tracing::warn!(tenant = %tenant.id(), error, "a tenant was not swept");
                }
            }
        }
    }

    async fn tenant(&self, scope: &Scope) -> Result<(), Failure> {
        // A store that is away keeps nobody's keys.
        let files = self.files.sweep(scope).await;
        self.idempotency.sweep(scope).await?;
        files?;
        Ok(())
    }
}
