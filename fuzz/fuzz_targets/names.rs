//! Names of tenants in addresses, and domains of their own.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        saas_tenancy::fuzzing::names(text);
    }
});
