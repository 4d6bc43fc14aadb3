//! A permission is a variant of the program's enum, so that a slip of the pen does not compile.
async fn list() {}

fn main() {
    let _ = saas_rbac::Routes::<()>::new().get("/notes", "notes:raed", list);
}
