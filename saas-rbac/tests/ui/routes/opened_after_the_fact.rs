//! What a route asks for is fixed when it is added: neither the list of routes nor a row of it can be changed.
async fn list() {}

fn main() {
    let mut routes = saas_rbac::Routes::<()>::new().get("/notes", saas_rbac::Access::member(), list);
    routes.routes.clear();
}
