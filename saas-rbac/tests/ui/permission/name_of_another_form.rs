//! A name is made of plain words, so that it reads the same in policies, tables and documents.
#[derive(saas_rbac::Permission)]
enum Can {
    #[permission("notes")]
    Notes,
    #[permission("Notes:Read")]
    Read,
    #[permission(write)]
    Write,
    #[permission("notes:delete", "notes:purge")]
    Delete,
}

fn main() {}
