//! What one more tenant costs: time to make it, and time until its first request is answered.

use std::time::{Duration, Instant};

use saas_core::{Id, TenantId, Timestamp, UserId};
use saas_rbac::{Access, Authorizer, Permission, Presets, RbacConfig, Roles};
use saas_tenancy::{
    Dialect, EntityTable, Migration, Module, Registry, RegistryConfig, Tenant, TenantEntity,
};
use saas_testkit::TestDatabase;

use crate::record::Records;

const TENANTS: usize = 5_000;

#[derive(Debug, Clone, Copy, Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
}

#[derive(TenantEntity)]
#[entity(table = "tenant_notes", new = "NewNote")]
struct Note {
    #[entity(id)]
    id: Id<Note>,
    #[entity(tenant)]
    tenant_id: TenantId,
    text: String,
    #[entity(created)]
    created_at: Timestamp,
}

fn notes() -> Module {
    const NOTES: Module = Module::new("tenant_notes").entities(&[EntityTable::new::<Note>()]);
    let sql = |dialect| -> &'static str { NOTES.ddl(dialect).leak() };
    let (sqlite, postgres) = (sql(Dialect::Sqlite), sql(Dialect::Postgres));
    let migrations = vec![Migration::new(1, "notes", sqlite, postgres)];
    NOTES.migrations(migrations.leak())
}

/// Measures each placement.
pub(crate) async fn measure() {
    let mut records = Records::default();
    let notes = notes();
    let modules = &[&saas_tenancy::MODULE, &saas_rbac::MODULE, &notes];
    placement("SQLite", &TestDatabase::sqlite(modules).await, &mut records).await;
    if std::env::var_os("TEST_DATABASE_URL").is_some() {
        placement(
            "PostgreSQL",
            &TestDatabase::postgres(modules).await,
            &mut records,
        )
        .await;
    }
    if std::env::var_os("TEST_POOLER_URL").is_some() {
        placement(
            "PostgreSQL behind PgBouncer",
            &TestDatabase::pooled(modules).await,
            &mut records,
        )
        .await;
    }
    records.save("tenants");
}

async fn placement(name: &str, db: &TestDatabase, records: &mut Records) {
    let mut config = RbacConfig::default();
    config.cache_tenants = u32::try_from(TENANTS).unwrap() * 2;
    config.cache_lifetime = Duration::from_secs(3600).into();
    let presets = Presets::new::<Can>().user(&[Can::Read]);
    let authorizer = Authorizer::new(db.database().clone(), presets, &config);
    let roles = Roles::new(authorizer.clone());

    let (mut tenants, mut made) = (Vec::new(), Vec::new());
    for number in 0..TENANTS {
        let begun = Instant::now();
        let tenant = db.tenant(&format!("tenant-{number}")).await;
        let mut tx = db.database().write(&db.scope(&tenant));
        let owner = [Presets::OWNER.to_owned()];
        roles
            .set(&mut tx, UserId::generate(), &owner)
            .await
            .unwrap();
        let text = "x".to_owned();
        tx.repo::<Note>().insert(NewNote { text }).await.unwrap();
        tx.commit().await.unwrap();
        made.push(begun.elapsed());
        tenants.push(tenant);
    }

    let mut remembering = RegistryConfig::default();
    remembering.cache_entries = config.cache_tenants * 2;
    remembering.cache_lifetime = Duration::from_secs(3600).into();
    let registry = Registry::new(db.database().clone(), &remembering);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for times in [&mut first, &mut second] {
        for tenant in &tenants {
            let begun = Instant::now();
            request(db, &registry, &authorizer, tenant).await;
            times.push(begun.elapsed());
        }
    }
    let figures = [
        ("us to make one, with an owner and a row", median(&mut made)),
        ("us for the first request", median(&mut first)),
        ("us for each further", median(&mut second)),
    ];
    records.add("What a tenant costs, median of 5,000", name, &figures);
}

/// What a request of a tenant needs: the tenant, its rules, a row.
async fn request(db: &TestDatabase, registry: &Registry, authorizer: &Authorizer, known: &Tenant) {
    let tenant = registry.by_slug(known.slug()).await.unwrap().unwrap();
    let scope = db.scope(&tenant);
    authorizer.decide(&scope, &Access::member()).await.unwrap();
    let mut tx = db.database().read(&scope);
    let found = tx.repo::<Note>().list(Default::default()).await.unwrap();
    assert_eq!(found.items.len(), 1);
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64() * 1e6
}
