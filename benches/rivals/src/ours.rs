//! Ours: the roles of tenants, and a model of texts.

use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use saas_core::{Id, Principal, SystemClock, UserId};
use saas_rbac::{
    Access, Authorizer, Decision, Permission, Presets, RbacConfig,
    casbin::{Enforcer, Model, Policy},
};
use saas_tenancy::{AdmitLayer, Database, DatabaseConfig, Registry, Scope, Tenant};
use saas_testkit::TestDatabase;
use tower_layer::Layer as _;
use tower_service::Service as _;

use crate::measure::{Figures, quick};

#[derive(Debug, Clone, Copy, Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
    #[permission("notes:write")]
    Write,
}

/// Tenants with rules, and a caller of each.
pub struct Tenants {
    authorizer: Authorizer,
    scopes: Vec<Scope>,
    memory: f64,
    _db: TestDatabase,
}

impl Tenants {
    pub async fn plant(rules: usize, tenants: usize) -> Self {
        let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &saas_rbac::MODULE]).await;
        // With the real clock, which a decision asks how old its rules are.
        let config = DatabaseConfig::new(db.service_url());
        let database = Database::connect(&config, db.keys().clone(), SystemClock::shared());
        let database = database.await.unwrap();
        let mut config = RbacConfig::default();
        config.cache_lifetime = Duration::from_secs(3600).into();
        let presets = Presets::new::<Can>().user(&[Can::Read]);
        let authorizer = Authorizer::new(database, presets, &config);
        let mut people = Vec::new();
        for number in 0..tenants {
            let tenant = db.tenant(&format!("tenant-{number}")).await;
            let users: Vec<UserId> = (0..rules / tenants).map(|_| Id::generate()).collect();
            for some in users.chunks(500) {
                db.as_owner(&insert(&tenant, some)).await;
            }
            people.push((tenant, *users.last().unwrap()));
        }
        let mut scopes = Vec::new();
        for (tenant, user) in &people {
            scopes.push(admitted(db.registry(), db.principal(tenant.id(), *user)).await);
        }
        let before = resident();
        let begun = Instant::now();
        for scope in &scopes {
            let read = authorizer.decide(scope, &Access::permission(&Can::Read)).await;
            assert_eq!(read.unwrap(), Decision::Allow);
        }
        if rules >= 1_000_000 {
            println!("  {rules} rules of {tenants} tenants loaded in {:.2?}", begun.elapsed());
        }
        let memory = (resident() - before) / tenants as f64;
        Self {
            authorizer,
            scopes,
            memory,
            _db: db,
        }
    }

    pub fn memory(&self) -> String {
        format!("{:.0} KiB each", self.memory)
    }

    pub fn decide(&self) -> Figures {
        let access = Access::permission(&Can::Read);
        quick(|at| {
            let scope = &self.scopes[at % self.scopes.len()];
            self.authorizer.decide_now(scope, &access)
        })
    }

    /// How many decisions a second one thread makes, and two.
    pub fn two_threads(&self) -> (f64, f64) {
        let work = || {
            let access = Access::permission(&Can::Write);
            let begun = Instant::now();
            let mut done = 0_u64;
            while begun.elapsed() < Duration::from_secs(1) {
                for scope in self.scopes.iter().cycle().take(10_000) {
                    std::hint::black_box(self.authorizer.decide_now(scope, &access));
                    done += 1;
                }
            }
            done as f64 / begun.elapsed().as_secs_f64()
        };
        let alone = work();
        let together = std::thread::scope(|threads| {
            let other = threads.spawn(work);
            work() + other.join().unwrap()
        });
        (alone, together)
    }
}

/// Gives people the role of a user, in one statement.
fn insert(tenant: &Tenant, users: &[UserId]) -> String {
    let hex = |id: &str| format!("X'{}'", id.replace('-', ""));
    let owner = hex(&tenant.id().to_string());
    let rows: Vec<String> = users
        .iter()
        .map(|user| {
            let id = hex(&Id::<Tenants>::generate().to_string());
            format!("({owner}, {id}, 'g', 'user:{user}', 'role:user', '{}', '', '')", tenant.id())
        })
        .collect();
    let columns = "tenant_id, id, ptype, v0, v1, v2, v3, v4";
    format!("INSERT INTO saas_policy_rules ({columns}) VALUES {}", rows.join(", "))
}

async fn admitted(registry: Registry, principal: Principal) -> Scope {
    let found = Arc::new(Mutex::new(None));
    let kept = found.clone();
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

/// The memory of this process in KiB (proc(5)).
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.unwrap().trim().trim_end_matches(" kB").parse().unwrap()
}

pub const MODEL: &str = "
[request_definition]
r = sub, dom, obj, act
[policy_definition]
p = sub, dom, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act";

/// A policy of texts, compiled.
pub struct Texts(Enforcer, Vec<[String; 4]>);

pub fn texts(rules: usize) -> (Texts, Duration) {
    let begun = Instant::now();
    let model = Model::parse(MODEL).unwrap();
    let mut policy = Policy::new(&model);
    for n in 0..rules {
        let [sub, dom, obj, act] = rule(n);
        policy.insert("p", &[&sub, &dom, &obj, &act]).unwrap();
    }
    let enforcer = Enforcer::new(model, policy).unwrap();
    let took = begun.elapsed();
    let requests = (0..1024).map(|n| rule(n * 7919 % rules)).collect();
    (Texts(enforcer, requests), took)
}

impl Texts {
    pub fn decide(&self) -> Figures {
        let requests: Vec<[&str; 4]> = self
            .1
            .iter()
            .map(|request| request.each_ref().map(String::as_str))
            .collect();
        quick(|at| assert!(self.0.enforce(&requests[at % requests.len()]).unwrap()))
    }
}

/// The rule of that number: who, where, what, and that it is to be read.
pub fn rule(n: usize) -> [String; 4] {
    [
        format!("user{n}"),
        format!("tenant{}", n % 1_000),
        format!("data{}", n / 10),
        "read".to_owned(),
    ]
}
