//! Names of files, as they are and as addresses spell them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        saas_storage::fuzzing::key(text);
        saas_storage::fuzzing::encoded_key(text);
    }
});
