//! Permissions are the variants of an enum, and there is at least one.
#[derive(saas_rbac::Permission)]
struct Can;

#[derive(saas_rbac::Permission)]
enum Nothing {}

fn main() {}
