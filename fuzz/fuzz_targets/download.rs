//! The headers of a download, in and out.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (size, header) = data.split_first_chunk().unwrap_or((&[0, 10], data));
    saas_storage::fuzzing::range(header, u64::from(u16::from_be_bytes(*size)));
    saas_storage::fuzzing::range(header, u64::MAX);
    if let Ok(name) = str::from_utf8(header) {
        saas_storage::fuzzing::disposition(name);
    }
});
