//! Notes of two tenants in one SQLite file, on one page.

use saas_core::{Id, KeyRing, SystemClock, TenantId};
use saas_tenancy::{
    Database, DatabaseConfig, EntityTable, Migration, Module, NewTenant, PageQuery, Reason,
    Registry, RegistryConfig, SystemScope, Tenant, TenantEntity, migrate,
};

#[derive(Debug, TenantEntity)]
#[entity(table = "notes", new = "NewNote")]
struct Note {
    #[entity(id)]
    id: Id<Note>,
    #[entity(tenant)]
    tenant_id: TenantId,
    text: String,
}

const NOTES: Module = Module::new("minimal")
    .migrations(&[Migration::new(
        1,
        "notes",
        "CREATE TABLE notes (tenant_id BLOB NOT NULL, id BLOB NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant_id, id)) STRICT",
        "CREATE TABLE notes (tenant_id UUID NOT NULL, id UUID NOT NULL, text TEXT NOT NULL, PRIMARY KEY (tenant_id, id))",
    )])
    .entities(&[EntityTable::new::<Note>()]);

/// Work that no caller asked for names its reason.
struct Example;

impl Reason for Example {
    const NAME: &'static str = "example";
    const WHY: &'static str = "the example has nobody to sign in";
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::temp_dir().join(format!("minimal-{}.db", std::process::id()));
    let config = DatabaseConfig::new(format!("sqlite://{}", path.display()));
    let database = Database::connect(&config, KeyRing::generate()?, SystemClock::shared()).await?;
    migrate(&database, &[&saas_tenancy::MODULE, &NOTES], None).await?;
    let registry = Registry::new(database.clone(), &RegistryConfig::default());
    for slug in ["acme", "beta"] {
        let mut tx = database.system_write(&SystemScope::<Example>::enter());
        let tenant = registry
            .create(&mut tx, NewTenant::new(slug.parse()?, slug))
            .await?;
        tx.commit().await?;
        write_and_read(&database, &tenant).await?;
    }
    database.close().await;
    Ok(std::fs::remove_file(path)?)
}

async fn write_and_read(database: &Database, tenant: &Tenant) -> Result<(), saas_tenancy::Error> {
    let scope = SystemScope::<Example>::enter().within(tenant);
    let mut tx = database.write(&scope);
    tx.repo::<Note>()
        .insert(NewNote {
            text: format!("a note of {}", tenant.slug()),
        })
        .await?;
    tx.commit().await?;
    // There is no way to ask without a scope, and no way to see the other tenant's note with this one.
    for note in database
        .read(&scope)
        .repo::<Note>()
        .list(PageQuery::new())
        .await?
        .items
    {
        eprintln!("{} {:?}: {}", note.tenant_id, note.id, note.text);
    }
    Ok(())
}
