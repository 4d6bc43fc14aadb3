//! A list can be filtered only by the columns that the entity declares for it.

use saas_core::{Id, TenantId};
use saas_tenancy::{PageQuery, TenantEntity};

#[derive(TenantEntity)]
#[entity(table = "notes", new = "NewNote")]
struct Note {
    #[entity(id)]
    id: Id<Note>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter)]
    title: String,
    secret: String,
}

fn main() {
    let _ = PageQuery::new().filter(Note::TITLE.eq("x"));
    let _ = PageQuery::new().filter(Note::SECRET.eq("x"));
}
