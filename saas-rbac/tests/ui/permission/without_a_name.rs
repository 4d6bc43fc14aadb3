//! A permission has a name.
#[derive(saas_rbac::Permission)]
enum Can {
    Read,
}

fn main() {}
