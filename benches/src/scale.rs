//! How cost grows with tenants, and with rules and the people who have them.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use saas_core::{Id, Principal, SystemClock, UserId};
use saas_rbac::{Access, Authorizer, Decision, Permission, Presets, RbacConfig};
use saas_tenancy::{AdmitLayer, Database, DatabaseConfig, Registry, RegistryConfig, Scope, Tenant};
use saas_testkit::TestDatabase;
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::{
    process::memory,
    record::{Records, counted},
};

const TENANTS: [usize; 5] = [1, 100, 1_000, 10_000, 100_000];
/// How many of the tenants ask, in turn.
const ASKED: usize = 2_000;
const RULES: [(usize, usize); 6] = [
    (10, 1),
    (1_000, 1),
    (10_000, 1),
    (100_000, 1),
    (100_000, 1_000),
    (1_000_000, 1_000),
];

#[derive(Debug, Clone, Copy, Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
}

/// Measures both on SQLite, in this process.
pub(crate) async fn measure() {
    let mut records = Records::default();
    tenants(&mut records).await;
    for (count, tenants) in RULES {
        // Each in a process of its own, whose memory nobody has used before.
        let (rules, over) = (count.to_string(), tenants.to_string());
        let mut process = std::process::Command::new(std::env::current_exe().unwrap());
        let output = process.args(["rules", &rules, &over]).output().unwrap();
        let figures: [f64; 3] = serde_json::from_slice(&output.stdout).unwrap();
        let row = match tenants {
            1 => format!("{} rules of 1 tenant", counted(count)),
            _ => format!("{} rules of {} tenants", counted(count), counted(tenants)),
        };
        let names = ["ns for a decision", "ms to load all", "MiB more"];
        let figures: Vec<(&str, f64)> = names.into_iter().zip(figures).collect();
        records.add("A decision, by the number of rules", &row, &figures);
    }
    records.save("scale");
}

/// Tenants in one database, found as each request finds its own, with the caches as they are by default.
async fn tenants(records: &mut Records) {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
    let mut all: Vec<Tenant> = Vec::new();
    for count in TENANTS {
        while all.len() < count {
            all.push(db.tenant(&format!("tenant-{}", all.len())).await);
        }
        let registry = Registry::new(db.database().clone(), &RegistryConfig::default());
        let before = memory(std::process::id());
        let asked: Vec<&Tenant> = (0..ASKED).map(|at| &all[at * 7_919 % count]).collect();
        let mut passes = Vec::new();
        for _ in 0..2 {
            let begun = Instant::now();
            for tenant in &asked {
                registry.by_slug(tenant.slug()).await.unwrap().unwrap();
            }
            passes.push(begun.elapsed().as_secs_f64() * 1e6 / ASKED as f64);
        }
        let figures = [
            ("us each, first pass", passes[0]),
            ("us each, second pass", passes[1]),
            ("MiB more", memory(std::process::id()) - before),
        ];
        let row = format!("{} tenants", counted(count));
        records.add("Finding a tenant, by the number of tenants", &row, &figures);
    }
}

/// Rules that each give a role to one person, spread over tenants.
///
/// Prints nanoseconds for a decision, milliseconds to load all, and mebibytes that they take.
pub(crate) async fn rules(count: usize, tenants: usize) {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &saas_rbac::MODULE]).await;
    // With the real clock, which a decision asks how old its rules are.
    let config = DatabaseConfig::new(db.service_url());
    let database = Database::connect(&config, db.keys().clone(), SystemClock::shared());
    let mut config = RbacConfig::default();
    config.cache_lifetime = Duration::from_secs(3600).into();
    let presets = Presets::new::<Can>().user(&[Can::Read]);
    let authorizer = Authorizer::new(database.await.unwrap(), presets, &config);
    let mut scopes = Vec::new();
    for number in 0..tenants {
        let tenant = db.tenant(&format!("tenant-{number}")).await;
        let users: Vec<UserId> = (0..count / tenants).map(|_| Id::generate()).collect();
        for some in users.chunks(500) {
            db.as_owner(&insert(&tenant, some)).await;
        }
        let principal = db.principal(tenant.id(), *users.last().unwrap());
        scopes.push(admitted(db.registry(), principal).await);
    }
    let read = Access::permission(&Can::Read);
    let before = memory(std::process::id());
    let begun = Instant::now();
    for scope in &scopes {
        let decision = authorizer.decide(scope, &read).await;
        assert_eq!(decision.unwrap(), Decision::Allow);
    }
    let loaded = begun.elapsed().as_secs_f64() * 1e3;
    let grown = memory(std::process::id()) - before;
    let decisions = 1_000_000;
    let begun = Instant::now();
    for at in 0..decisions {
        std::hint::black_box(authorizer.decide_now(&scopes[at % tenants], &read));
    }
    let decided = begun.elapsed().as_secs_f64() * 1e9 / decisions as f64;
    println!("[{decided}, {loaded}, {grown}]");
}

/// Gives people the role of a user, in one statement.
fn insert(tenant: &Tenant, users: &[UserId]) -> String {
    let hex = |id: &str| format!("X'{}'", id.replace('-', ""));
    let (tenant, owner) = (tenant.id(), hex(&tenant.id().to_string()));
    let rows: Vec<String> = users
        .iter()
        .map(|user| {
            let id = hex(&Id::<Tenant>::generate().to_string());
            format!("({owner}, {id}, 'g', 'user:{user}', 'role:user', '{tenant}', '', '')")
        })
        .collect();
    let columns = "tenant_id, id, ptype, v0, v1, v2, v3, v4";
    format!(
        "INSERT INTO saas_policy_rules ({columns}) VALUES {}",
        rows.join(", ")
    )
}

/// A scope can be had only as a request has it.
async fn admitted(registry: Registry, principal: Principal) -> Scope {
    let found = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&found);
    let router = axum::Router::new().fallback(move |scope: Scope| {
        *kept.lock().unwrap() = Some(scope);
        async {}
    });
    let mut service = AdmitLayer::new(registry).layer(router);
    let mut request = http::Request::new(axum::body::Body::empty());
    request.extensions_mut().insert(principal);
    let _ = service.call(request).await.unwrap();
    found.lock().unwrap().take().unwrap()
}
