//! From a configuration to a running set of services.

use std::{error::Error, sync::Arc};

use saas_auth::{Identity, oauth, pages};
use saas_core::{
    SystemClock,
    health::{Health, Outage},
    limit::{ProcessLimiter, RateLimiter},
    task::Supervisor,
};
use saas_edge::{
    FairShareLayer, RedisBus, RedisConnection, RedisLimiter, idempotency::Idempotency,
    network::TenantNetworkLayer, requests::RequestMetrics, settings::Settings,
};
use saas_rbac::{Authorizer, Groups, Public, Roles, Routes};
use saas_tenancy::{
    Database, DatabaseConfig, EntityTable, Migration, Module, Registry, Severity, migrate,
    outbox::Outbox, verify,
};
use url::Url;

use crate::{
    app::{self, App},
    config::StarterConfig,
    events::Events,
    files,
    invitations::Joiners,
    mfa::RolesOfMembers,
    operations::{health::Accepting, metrics::LastAudit},
    permission::{presets, scopes},
    projects::Project,
    settings::NetworksOfTenants,
    state::{AppState, Services},
    tasks::Task,
};

/// The tables of the starter itself.
pub(crate) const STARTER: Module = Module::new("starter")
    .migrations(&[
        Migration::new(
            1,
            "projects",
            include_str!("../migrations/sqlite/0001_projects.sql"),
            include_str!("../migrations/postgres/0001_projects.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[EntityTable::new::<Project>(), EntityTable::new::<Task>()]);

/// Everything with tables, in the order of the references between them.
pub(crate) const MODULES: &[&Module] = &[
    &saas_tenancy::MODULE,
    &saas_auth::MODULE,
    &saas_rbac::MODULE,
    &saas_mail::MODULE,
    &saas_storage::MODULE,
    &saas_storage::KEYS_MODULE,
    &saas_edge::idempotency::MODULE,
    &saas_edge::settings::MODULE,
    &STARTER,
];

/// A process that is ready to serve.
pub(crate) struct Booted {
    pub(crate) app: App,
    pub(crate) state: AppState,
    pub(crate) events: Events,
}

/// Connects as the service.
pub(crate) async fn connect(config: &StarterConfig) -> Result<Database, Box<dyn Error>> {
    Ok(Database::connect(
        &config.database,
        config.master_key()?,
        SystemClock::shared(),
    )
    .await?)
}

/// Brings the database to the current schema, as the owner of the tables on PostgreSQL.
pub(crate) async fn migrate_now(config: &StarterConfig) -> Result<(), Box<dyn Error>> {
    let url = config.database.url.expose();
    if url.starts_with("sqlite:") {
        let database = connect(config).await?;
        migrate(&database, MODULES, None).await?;
        database.close().await;
        return Ok(());
    }
    let Some(owner) = &config.migrate.url else {
        return Err(
            "MIGRATE_DATABASE_URL is missing: migrations run as the owner of the tables".into(),
        );
    };
    // A URL may hold a password, so it is not repeated.
    let role = Url::parse(url).map_err(|_| "DATABASE_URL is not a URL")?;
    let role = Some(role.username())
        .filter(|name| !name.is_empty())
        .ok_or("DATABASE_URL names no role")?;
    let mut owner_config = DatabaseConfig::new(owner.expose().clone());
    owner_config.max_connections = 1;
    // A long migration is not an accident.
    owner_config.statement_timeout = std::time::Duration::ZERO.into();
    // While it waits for a table, everyone who comes after it waits, too; it comes again.
    owner_config.lock_timeout = std::time::Duration::from_secs(1).into();
    let database =
        Database::connect(&owner_config, config.master_key()?, SystemClock::shared()).await?;
    migrate(&database, MODULES, Some(role)).await?;
    database.close().await;
    Ok(())
}

/// Refuses a database that does not keep the tenants apart.
async fn check(database: &Database) -> Result<(), Box<dyn Error>> {
    let findings = verify(database, MODULES).await?;
    let (leaks, weaknesses): (Vec<_>, Vec<_>) = findings
        .into_iter()
        .partition(|finding| finding.code.severity() == Severity::Leak);
    for finding in weaknesses {
        tracing::warn!(%finding, "the database could be guarded better");
    }
    if leaks.is_empty() {
        return Ok(());
    }
    let list: String = leaks
        .iter()
        .map(|finding| format!("\n  {finding}"))
        .collect();
    Err(format!("the database stands open, so the service does not start:{list}").into())
}

/// Migrates where that is possible, checks the database, and puts the services together.
pub(crate) async fn boot(config: &StarterConfig) -> Result<Booted, Box<dyn Error>> {
    boot_with(config, app::routes()).await
}

/// Does so with other routes.
pub(crate) async fn boot_with(
    config: &StarterConfig,
    routes: Routes<AppState, Public>,
) -> Result<Booted, Box<dyn Error>> {
    // What is missing is said before anything is changed.
    app::check(config, &routes)?;
    config.master_key()?;
    let (auth, mail) = (config.auth()?, config.mail()?);
    let sqlite = config.database.url.expose().starts_with("sqlite:");
    if sqlite || config.migrate.url.is_some() {
        migrate_now(config).await?;
    }
    let redis = RedisConnection::open(&config.redis).await?;
    let mut database = connect(config).await?;
    check(&database).await?;
    if let Some(redis) = redis.as_ref().filter(|_| database.is_pooled()) {
        // A pooler passes no messages on.
        database = database.with_bus(Arc::new(RedisBus::new(redis.clone())));
    }
    let registry = Registry::new(database.clone(), &config.tenancy.registry);
    let authorizer = Authorizer::new(database.clone(), presets(), &config.rbac);
    let mut settings = Settings::new(&database, &config.cache);
    if let Some(redis) = &redis {
        settings = settings.with_redis(redis.clone());
    }
    let networks = TenantNetworkLayer::new(settings.clone());
    let identity = Identity::builder(&database, &registry, &auth)
        .limiter(limiter(redis.as_ref()))
        .scopes(scopes())
        .roles(Arc::new(RolesOfMembers(authorizer.clone())))
        .networks(Arc::new(NetworksOfTenants(networks.clone())))
        .load()
        .await?;
    let events = Events::open(&identity, mail)?;
    let roles = Roles::new(authorizer.clone());
    let joiners = Joiners {
        roles: roles.clone(),
        accounts: identity.accounts().clone(),
    };
    let inviting = pages::invitations(&identity, Arc::new(joiners));
    let issuer = &auth.token.issuer;
    let table = routes.table();
    let rows = table.rows().iter().map(|row| (&row.method, &row.path));
    let opened = files::open(&config.storage, &config.files, &database, issuer)?;
    let accepting = Accepting::default();
    let mut health = Health::default()
        .with(accepting.clone())
        .with(database.clone())
        .with(identity.revocations().clone());
    if let Some(redis) = &redis {
        health = health.with(redis.clone());
    }
    let state = AppState::new(Services {
        health,
        traffic: limiter(redis.as_ref()),
        fair_share: FairShareLayer::new(&config.limits.fair_share),
        oauth: oauth::router(&identity),
        pages: pages::router(&identity).merge(inviting),
        identity,
        roles,
        groups: Groups::new(authorizer.clone()),
        files: opened.files,
        uploads: opened.uploads,
        signer: opened.signer,
        grants: opened.grants,
        storage_metrics: opened.metrics,
        audit: LastAudit::default(),
        requests: RequestMetrics::new(rows),
        accepting,
        outage: Outage::default(),
        outbox: Outbox::new(database.clone(), registry.clone(), config.outbox.clone()),
        networks,
        settings,
        background: Supervisor::new(&config.tasks),
        metrics_token: config.metrics.token.clone(),
        idempotency: Idempotency::new(database.clone(), config.idempotency.clone()),
        database,
        registry,
        authorizer,
        redis,
    });
    let app = app::build(config, routes, state.clone())?;
    Ok(Booted { app, state, events })
}

/// Counts for all instances, where they share a Redis.
fn limiter(redis: Option<&RedisConnection>) -> Arc<dyn RateLimiter> {
    let clock = SystemClock::shared();
    match redis {
        Some(redis) => Arc::new(RedisLimiter::new(redis.clone(), clock)),
        None => Arc::new(ProcessLimiter::new(clock)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a change of an entity, `starter ddl` prints what a next migration has to bring about; the
    /// guards are written anew with `UPDATE_REFERENCE=1`.
    #[test]
    fn the_guards_are_those_of_the_entities() {
        let file = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/migrations/postgres/0002_guards.sql"
        );
        saas_testkit::assert_reference(file, &STARTER.guards());
    }
}
