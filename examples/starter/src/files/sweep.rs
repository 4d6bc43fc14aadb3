//! What was begun and not finished is ended, for one tenant after the other.

use std::time::Duration;

use saas_core::TenantId;
use saas_storage::Files;
use saas_tenancy::{Reason, Registry, SystemScope};

/// Ends what was begun with files and not finished.
#[derive(Debug)]
pub(crate) struct SweepFiles;

impl Reason for SweepFiles {
    const NAME: &'static str = "sweep-files";
    const WHY: &'static str =
        "uploads that nobody finished, and objects without a row, are removed whoever's they are";
    const ROUTINE: bool = true;
}

/// Sweeps the files of all tenants again and again. One tenant that cannot be swept does not keep the others
/// from it.
pub(crate) async fn sweep_all(files: Files, registry: Registry, every: Duration) {
    // Not at the start of each instance, and not only for those that run for long.
    let mut pause = every / 10;
    loop {
        tokio::time::sleep(pause).await;
        pause = every;
        if let Err(error) = sweep_once(&files, &registry).await {
            let error = &*error as &dyn std::error::Error;
            tracing::warn!(error, "the files of some tenants were not swept");
        }
    }
}

async fn sweep_once(
    files: &Files,
    registry: &Registry,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (system, mut after): (_, Option<TenantId>) = (SystemScope::<SweepFiles>::enter(), None);
    loop {
        let tenants = registry.list(&system, after).await?;
        let Some(last) = tenants.last() else {
            return Ok(());
        };
        after = Some(last.id());
        for tenant in &tenants {
            if let Err(error) = files.sweep(&system.within(tenant)).await {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(tenant = %tenant.id(), error, "the files of a tenant were not swept");
            }
        }
    }
}
