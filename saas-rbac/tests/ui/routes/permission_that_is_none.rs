//! An enum that is not derived names no permissions.
enum Can {
    Read,
}

async fn list() {}

fn main() {
    let _ = saas_rbac::Routes::<()>::new().get("/notes", Can::Read, list);
}
