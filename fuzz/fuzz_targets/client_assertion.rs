//! The signed token of a client, and what one says that is signed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saas_fuzz::lines;

fuzz_target!(|data: &[u8]| {
    let Some([header, claims]) = lines(data) else {
        return;
    };
    saas_auth::fuzzing::client_assertion(header);
    saas_auth::fuzzing::signed_assertion(header, claims);
});
