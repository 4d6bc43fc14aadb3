//! What an operator lets a tenant do.

use std::error::Error;

use saas_edge::{CacheConfig, TrafficWeight, settings::Settings};
use saas_tenancy::{Reason, Registry, Slug, SystemScope};

use crate::{boot, config::StarterConfig};

/// Sets what a tenant cannot set for itself.
struct SetWeight;

impl Reason for SetWeight {
    const NAME: &'static str = "set-weight";
    const WHY: &'static str =
        "an operator says how much traffic a tenant may send, which it cannot say itself";
}

/// Lets a tenant send so many times as much traffic as others. Running instances know at once on PostgreSQL, and
/// elsewhere, or behind a pooler, within `cache.lifetime`.
pub(crate) async fn weigh(
    config: &StarterConfig,
    tenant: &Slug,
    times: u32,
) -> Result<(), Box<dyn Error>> {
    let database = boot::connect(config).await?;
    let registry = Registry::new(database.clone(), &config.tenancy.registry);
    let found = registry.by_slug(tenant).await?;
    let found = found.ok_or_else(|| format!("there is no tenant `{tenant}`"))?;
    let settings = Settings::new(&database, &CacheConfig::default());
    let mut tx = database.write(&SystemScope::<SetWeight>::enter().within(&found));
    let set = settings.set(&mut tx, &TrafficWeight::new(times)).await;
    set.map_err(|problem| match problem.fields() {
        [field, ..] => format!("{} {}", field.field, field.message),
        [] => problem.code().title().to_owned(),
    })?;
    tx.commit().await?;
    database.close().await;
    Ok(())
}
