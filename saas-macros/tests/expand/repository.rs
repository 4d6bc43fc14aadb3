/// The statements over projects.
#[tenant_repository(entity = Project)]
pub(crate) trait Projects: Send {
    /// Finds the projects that are put away or not.
    #[sql("SELECT * FROM projects WHERE {tenant} AND archived = :archived ORDER BY created_at DESC")]
    async fn archived(&mut self, archived: bool) -> Result<Vec<Project>>;

    #[sql("SELECT * FROM projects WHERE {tenant} AND (name = :name OR owner = :name)")]
    async fn find(&mut self, name: &str) -> Result<Option<Project>>;

    #[sql(
        "SELECT count(*)
         FROM projects p
         JOIN tasks t ON t.project_id = p.id AND {tenant t}
         WHERE {tenant p} AND t.state = :state AND p.label IS :label"
    )]
    async fn open_tasks(&mut self, label: Option<&str>, state: &State) -> Result<(i64,), AppError>;

    #[cfg(feature = "teams")]
    #[sql("UPDATE projects SET rank = :rank::bigint, hash = :hash WHERE{tenant}AND rank <> :rank")]
    async fn rank_all(&mut self, hash: &[u8], rank: i64) -> saas_tenancy::Result<u64>;

    #[sql(
        "INSERT INTO projects (id, tenant_id, name) VALUES (:id, {tenant_id}, :name)
         ON CONFLICT (tenant_id, id) DO UPDATE SET name = excluded.name"
    )]
    async fn put(&mut self, id: Id<Project>, name: String) -> Result<()>;
}
