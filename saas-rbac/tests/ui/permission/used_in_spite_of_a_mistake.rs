//! Whoever uses permissions with a mistake sees that mistake and no other.
use saas_rbac::{Access, Permission};

#[derive(Permission, Clone, Copy)]
enum Can {
    #[permission("notes:read")]
    Read,
    Write,
}

fn main() {
    let access: Access = Can::Write.into();
    let _ = (access, Can::Read.name(), Can::ALL);
}
