//! Decisions and changes, on both databases.

use casbin::Adapter as _;
use saas_core::{TenantId, UserId};
use saas_rbac::{
    Access, Authorizer, Decision, Error, Permission, Presets, RbacConfig, Roles, TenantAdapter,
};
use saas_tenancy::{Scope, Tenant};
use saas_testkit::TestDatabase;

#[derive(Debug, Clone, Copy, Permission)]
enum Can {
    #[permission("notes:read")]
    Read,
    #[permission("notes:write")]
    Write,
}

struct World {
    db: TestDatabase,
    acme: Tenant,
    beta: Tenant,
    authorizer: Authorizer,
    roles: Roles,
}

async fn worlds() -> Vec<World> {
    let mut worlds = Vec::new();
    for db in TestDatabase::all(&[&saas_tenancy::MODULE, &saas_rbac::MODULE]).await {
        let presets = Presets::new::<Can>().admin(&[Can::Read]).user::<Can>(&[]);
        let authorizer = Authorizer::new(db.database().clone(), presets, &RbacConfig::default());
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        worlds.push(World {
            roles: Roles::new(authorizer.clone()),
            db,
            acme,
            beta,
            authorizer,
        });
    }
    worlds
}

impl World {
    async fn give(&self, tenant: &Tenant, user: UserId, roles: &[&str]) -> Result<(), Error> {
        let mut tx = self.db.database().write(&self.db.scope(tenant));
        let roles: Vec<_> = roles.iter().map(|role| (*role).to_owned()).collect();
        self.roles.set(&mut tx, user, &roles).await?;
        Ok(tx.commit().await?)
    }

    /// The scope of a caller, made as the stack makes it.
    async fn caller(&self, tenant: TenantId, user: UserId) -> Scope {
        admitted(self.db.registry(), self.db.principal(tenant, user)).await
    }

    async fn may(&self, tenant: &Tenant, user: UserId, can: Can) -> bool {
        let scope = self.caller(tenant.id(), user).await;
        self.authorizer
            .decide(&scope, Access::from(can))
            .await
            .unwrap()
            == Decision::Allow
    }
}

/// Sends a request through the layer that admits callers, and takes the scope out.
async fn admitted(registry: saas_tenancy::Registry, principal: saas_core::Principal) -> Scope {
    use std::sync::{Arc, Mutex};
    use tower_layer::Layer as _;
    use tower_service::Service as _;

    let found = Arc::new(Mutex::new(None));
    let kept = Arc::clone(&found);
    let router = axum::Router::new().fallback(move |scope: Scope| {
        *kept.lock().unwrap() = Some(scope);
        async {}
    });
    let mut service = saas_tenancy::AdmitLayer::new(registry).layer(router);
    let mut request = http::Request::new(axum::body::Body::empty());
    request.extensions_mut().insert(principal);
    let _ = service.call(request).await.unwrap();
    let scope = found.lock().unwrap().take();
    scope.unwrap()
}

#[tokio::test]
async fn rba_01_nothing_is_allowed_that_no_role_allows() {
    for world in worlds().await {
        let (owner, admin, nobody) = (UserId::generate(), UserId::generate(), UserId::generate());
        world.give(&world.acme, owner, &["owner"]).await.unwrap();
        world.give(&world.acme, admin, &["admin"]).await.unwrap();
        assert!(world.may(&world.acme, owner, Can::Write).await);
        assert!(world.may(&world.acme, admin, Can::Read).await);
        assert!(!world.may(&world.acme, admin, Can::Write).await);
        assert!(!world.may(&world.acme, nobody, Can::Read).await);
        // And nothing in another tenant.
        assert!(!world.may(&world.beta, owner, Can::Read).await);
        // The service itself has no permission here.
        let system = world.db.scope(&world.acme);
        assert_eq!(
            world
                .authorizer
                .decide(&system, Access::member())
                .await
                .unwrap(),
            Decision::Deny
        );
    }
}

#[tokio::test]
async fn rba_21_a_change_shows_with_its_commit_and_not_before() {
    for world in worlds().await {
        let (owner, user) = (UserId::generate(), UserId::generate());
        world.give(&world.acme, owner, &["owner"]).await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Read).await);
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        world
            .roles
            .set(&mut tx, user, &["admin".to_owned()])
            .await
            .unwrap();
        tx.rollback().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Read).await);
        world.give(&world.acme, user, &["admin"]).await.unwrap();
        assert!(world.may(&world.acme, user, Can::Read).await);
        world.give(&world.acme, user, &[]).await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Read).await);
    }
}

#[tokio::test]
async fn two_owners_cannot_both_leave_at_once() {
    for world in worlds().await {
        let (one, two) = (UserId::generate(), UserId::generate());
        world.give(&world.acme, one, &["owner"]).await.unwrap();
        world.give(&world.acme, two, &["owner"]).await.unwrap();
        let (left, right) = tokio::join!(
            world.give(&world.acme, one, &[]),
            world.give(&world.acme, two, &[])
        );
        assert_eq!(
            usize::from(left.is_ok()) + usize::from(right.is_ok()),
            1,
            "{left:?} {right:?}"
        );
    }
}

#[tokio::test]
async fn rba_07_10_the_adapter_keeps_every_text_and_no_rule_of_another_tenant() {
    for world in worlds().await {
        let presets = Presets::new::<Can>();
        let mut adapter = TenantAdapter::new(world.db.database().clone(), &world.acme, presets);
        let acme = world.acme.id().to_string();
        let odd = ["role:a, b", "\"quoted\"", "line\nbreak", "# no comment"];
        for (at, object) in odd.iter().enumerate() {
            let rule = vec![
                format!("role:r{at}"),
                acme.clone(),
                (*object).to_owned(),
                "read".to_owned(),
                "allow".to_owned(),
            ];
            adapter.add_policy("p", "p", rule).await.unwrap();
        }
        let foreign = vec![
            "role:r".to_owned(),
            world.beta.id().to_string(),
            "notes".to_owned(),
            "read".to_owned(),
        ];
        assert!(adapter.add_policy("p", "p", foreign).await.is_err());
        let enforcer = load(adapter.clone()).await;
        let rules = casbin::MgmtApi::get_policy(&enforcer);
        for object in odd {
            assert_eq!(
                rules.iter().filter(|rule| rule[2] == object).count(),
                1,
                "{object:?}"
            );
        }
        assert_eq!(
            rules.len(),
            odd.len() + 2,
            "the owner's presets, and what was added"
        );
        // Saved and loaded again it is the same.
        let mut enforcer = enforcer;
        casbin::CoreApi::save_policy(&mut enforcer).await.unwrap();
        let again = load(adapter.clone()).await;
        let sorted = |mut rules: Vec<Vec<String>>| {
            rules.sort();
            rules
        };
        assert_eq!(sorted(casbin::MgmtApi::get_policy(&again)), sorted(rules));
        assert!(
            adapter
                .remove_filtered_policy("p", "p", 0, vec!["role:r0".to_owned()])
                .await
                .unwrap()
        );
        assert_eq!(
            casbin::MgmtApi::get_policy(&load(adapter).await).len(),
            odd.len() + 1
        );
    }
}

async fn load(adapter: TenantAdapter) -> casbin::Enforcer {
    let model = "[request_definition]\nr = sub, dom, obj, act\n[policy_definition]\np = sub, dom, obj, act, eft\n\
                 [role_definition]\ng = _, _, _\n[policy_effect]\ne = some(where (p.eft == allow))\n\
                 [matchers]\nm = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act";
    let model = casbin::DefaultModel::from_str(model).await.unwrap();
    casbin::CoreApi::new(model, adapter).await.unwrap()
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &saas_rbac::MODULE.guards());
}
