//! An entity is a row, and a row is a struct with a field for each column.

use saas_tenancy::TenantEntity;


#[derive(TenantEntity)]
#[entity(table = "projects")]
enum Project {
    Open,
    Closed,
}

fn main() {}
