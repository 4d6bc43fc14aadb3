//! A route says who may call it.
async fn list() {}

fn main() {
    let _ = saas_rbac::Routes::<()>::new().get("/notes", list);
}
