//! Hand-written SQL without `{tenant}` does not compile.

use saas_tenancy::tenant_repository;

#[tenant_repository]
trait Projects {
    #[sql("SELECT name FROM projects WHERE archived = :archived")]
    async fn archived(&mut self, archived: bool) -> Result<Vec<(String,)>>;

    #[sql("UPDATE projects SET archived = :archived")]
    async fn archive_all(&mut self, archived: bool) -> Result<u64>;

    #[sql("DELETE FROM projects")]
    async fn forget(&mut self) -> Result<()>;
}

fn main() {}
