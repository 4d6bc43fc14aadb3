//! What the authorization server gives away to read it back: codes, and requests that wait.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saas_fuzz::lines;

fuzz_target!(|data: &[u8]| {
    let Some([text, value]) = lines(data) else {
        return;
    };
    saas_auth::fuzzing::envelope(text, value);
});
