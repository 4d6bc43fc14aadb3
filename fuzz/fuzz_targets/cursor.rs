//! Cursors of lists, and the positions in them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (text, position) = data.split_at(
        data.iter()
            .position(|byte| *byte == b'\n')
            .unwrap_or(data.len()),
    );
    if let Ok(text) = str::from_utf8(text) {
        saas_core::fuzzing::cursor(text, position);
    }
    saas_tenancy::fuzzing::position(position.get(1..).unwrap_or_default());
});
