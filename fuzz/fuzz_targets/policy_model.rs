//! Models, and what is decided by them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut parts = text.splitn(3, "\n---\n");
    let (Some(conf), Some(rules), Some(request)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let request: Vec<_> = request.split(' ').collect();
    saas_rbac::fuzzing::model(conf, rules, &request);
});
