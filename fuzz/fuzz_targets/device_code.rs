//! What a device polls with, and what people type.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        saas_auth::fuzzing::device_code(text);
    }
});
