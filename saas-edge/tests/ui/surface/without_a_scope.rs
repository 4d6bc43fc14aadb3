//! Keys of caches and limits carry the tenant.

use saas_edge::{TenantCache, TenantLimiter};

fn cache(cache: &TenantCache<u32, String>) {
    // surface: TenantCache::get
    let _ = cache.get(&1);
    // surface: TenantCache::insert
    cache.insert(1, String::new());
    // surface: TenantCache::forget
    cache.forget(&1);
    // surface: TenantCache::forget_all
    cache.forget_all();
}

fn limit(limiter: &TenantLimiter) {
    // surface: TenantLimiter::check
    let _ = limiter.check();
}

fn main() {}
