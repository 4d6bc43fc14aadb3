//! A public route takes no permission: one of the two is a mistake.
async fn list() {}

fn main() {
    let _ = saas_rbac::Routes::<()>::new().public().get("/notes", saas_rbac::Access::member(), list);
}
