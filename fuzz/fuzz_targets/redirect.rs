//! Where people are sent back to, and with what.
#![no_main]

use libfuzzer_sys::fuzz_target;
use saas_fuzz::lines;

fuzz_target!(|data: &[u8]| {
    let Some([registered, named, state]) = lines(data) else {
        return;
    };
    saas_auth::fuzzing::redirect(registered, named, state);
});
