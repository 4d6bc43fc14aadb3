//! Work that no caller asked for names a declared reason.
struct JustBecause;

fn main() {
    let _ = saas_tenancy::SystemScope::<JustBecause>::enter();
}
