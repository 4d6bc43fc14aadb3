//! A permission is one thing, not a pattern.
#[derive(saas_rbac::Permission)]
enum Can {
    #[permission("notes:*")]
    Everything,
}

fn main() {}
