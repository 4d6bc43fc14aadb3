//! The HTML of letters that tenants write.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = str::from_utf8(data) {
        saas_mail::fuzzing::html(text);
        saas_mail::fuzzing::plain(text);
    }
});
