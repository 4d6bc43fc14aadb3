//! The header with the cookie of a session.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    saas_auth::fuzzing::session_cookie(data);
});
