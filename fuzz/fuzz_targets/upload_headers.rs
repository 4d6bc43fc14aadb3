//! The headers of an upload.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| saas_storage::fuzzing::upload_headers(data));
