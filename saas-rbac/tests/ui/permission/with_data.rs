//! A permission holds no data.
#[derive(saas_rbac::Permission)]
enum Can {
    #[permission("notes:read")]
    Read(u32),
}

fn main() {}
