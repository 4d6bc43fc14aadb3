//! An argument and a row have types that the database knows.

use saas_tenancy::tenant_repository;

struct Colour {
    red: u8,
}

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE {tenant} AND colour = :colour")]
    async fn of_colour(&mut self, colour: Colour) -> Result<Vec<Colour>>;
}

fn main() {}
