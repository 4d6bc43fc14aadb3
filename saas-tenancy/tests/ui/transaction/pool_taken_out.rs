//! The pools belong to the wall.
fn steal(database: &saas_tenancy::Database) {
    let _ = database.pools();
}

fn main() {}
