//! A name means one permission.
#[derive(saas_rbac::Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
    #[permission("notes:read")]
    Peek,
}

fn main() {}
