//! Keys of caches and limits carry the tenant.

use saas_edge::{TenantCache, TenantLimiter, idempotency::Idempotency};

fn cache(cache: &TenantCache<u32, String>) {
    // surface: TenantCache::get
    let _ = cache.get(&1);
    // surface: TenantCache::invalidate
    cache.invalidate(&1);
    // surface: TenantCache::invalidate_all
    cache.invalidate_all();
}

async fn load(cache: &TenantCache<u32, String>) {
    // surface: TenantCache::get_or_load
    let _ = cache.get_or_load(1, async { Ok::<_, ()>(String::new()) }).await;
}

async fn limit(limiter: &TenantLimiter) {
    // surface: TenantLimiter::take
    let _ = limiter.take().await;
    // surface: TenantLimiter::give_back
    limiter.give_back().await;
}

async fn sweep(idempotency: &Idempotency) {
    // surface: Idempotency::sweep
    let _ = idempotency.sweep().await;
}

fn main() {}
