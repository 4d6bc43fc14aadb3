//! What a browser answers to a question for a passkey.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        saas_auth::fuzzing::passkey(text);
    }
});
