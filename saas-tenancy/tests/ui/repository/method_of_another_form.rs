//! A method takes `&mut self`, waits, can fail, and has its statement written out.

use saas_tenancy::tenant_repository;

const STATEMENT: &str = "DELETE FROM notes WHERE {tenant}";

#[tenant_repository]
trait Notes {
    #[sql("DELETE FROM notes WHERE {tenant}")]
    fn blocking(&mut self) -> Result<()>;

    #[sql("DELETE FROM notes WHERE {tenant}")]
    async fn shared(&self) -> Result<()>;

    #[sql("DELETE FROM notes WHERE {tenant}")]
    async fn never_fails(&mut self);

    #[sql("DELETE FROM notes WHERE {tenant}")]
    async fn with_a_body(&mut self) -> Result<()> {
        Ok(())
    }

    #[sql(STATEMENT)]
    async fn elsewhere(&mut self) -> Result<()>;
}

fn main() {}
