//! Whoever uses an entity with a mistake sees that mistake and no other.

use saas_core::{Id, TenantId};
use saas_tenancy::{Error, PageQuery, TenantEntity, TenantTx};


#[derive(Debug, TenantEntity)]
#[entity(table = "projects", new = "NewProject", patch = "ProjectPatch")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(sort)]
    limit: i64,
}

async fn use_it(tx: &mut TenantTx) -> Result<(), Error> {
    let mut projects = tx.repo::<Project>();
    let project = projects.insert(NewProject { limit: 3 }).await?;
    projects
        .update(project.id, None, ProjectPatch { limit: Some(4) })
        .await?;
    projects
        .list(PageQuery::new().sort(Project::LIMIT.ascending()))
        .await?;
    Ok(())
}

fn main() {}
