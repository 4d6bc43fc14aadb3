//! The tenant that the address of a request names.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saas_fuzz::lines;

fuzz_target!(|data: &[u8]| {
    let Some([host, target, forwarded_host, forwarded, tenant]) = lines(data) else {
        return;
    };
    saas_tenancy::fuzzing::address(&saas_tenancy::fuzzing::Sent {
        target,
        host,
        forwarded_host,
        forwarded,
        tenant,
    });
});
