//! Keys of caches and limits carry the tenant.

use saas_edge::{
    TenantCache, TenantLimiter, idempotency::Idempotency, network::Networks, settings::Settings,
};

async fn cache(cache: &TenantCache<u32, String>) {
    // surface: TenantCache::invalidate
    let _ = cache.invalidate(&1).await;
    // surface: TenantCache::invalidate_all
    let _ = cache.invalidate_all().await;
    // surface: TenantCache::get_or_load
    let _ = cache.get_or_load(&1, async { Ok(None) }).await;
    // surface: TenantCache::warm
    let _ = cache.warm([1], |_| async { Ok(None) }).await;
}

async fn limit(limiter: &TenantLimiter) {
    // surface: TenantLimiter::take
    let _ = limiter.take().await;
    // surface: TenantLimiter::give_back
    limiter.give_back().await;
}

async fn set(settings: &Settings) {
    // surface: Settings::get
    let _: Result<Networks, _> = settings.get().await;
    // surface: Settings::set
    let _ = settings.set(&Networks::default()).await;
    // surface: Settings::reset
    let _ = settings.reset::<Networks>().await;
}

async fn sweep(idempotency: &Idempotency) {
    // surface: Idempotency::sweep
    let _ = idempotency.sweep().await;
}

fn main() {}
