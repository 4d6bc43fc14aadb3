//! How a client proves who it is: the header, and the form.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (header, body) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let body = body.strip_prefix(b"\n").unwrap_or(body);
    saas_auth::fuzzing::client_authentication(header, body);
    saas_auth::fuzzing::form(body);
});
