//! Two tenants, three permissions, and callers.

use saas_core::UserId;
use saas_rbac::{
    Authorizer, Error, Groups, Permission, Presets, RbacConfig, RoleSpec, Roles, Subject,
};
use saas_tenancy::{AuditRecord, Database, PageQuery, Registry, Scope, Tenant, TenantTx};
use saas_testkit::TestDatabase;

#[derive(Debug, Clone, Copy, Permission)]
#[permission(types = "can")]
pub(crate) enum Can {
    #[permission("notes:read")]
    Read,
    #[permission("notes:write")]
    Write,
    #[permission("notes:delete", group = "Danger")]
    Delete,
    #[permission("roles:write")]
    Roles,
}

pub(crate) struct World {
    pub db: TestDatabase,
    pub acme: Tenant,
    pub beta: Tenant,
    pub authorizer: Authorizer,
    pub roles: Roles,
    pub groups: Groups,
}

pub(crate) fn presets() -> Presets {
    Presets::new::<Can>()
        .admin(&[Can::Read, Can::Write, Can::Roles])
        .user(&[Can::Read])
        .edition("free", &[Can::Read, Can::Roles])
}

pub(crate) fn small() -> RbacConfig {
    let mut config = RbacConfig::default();
    (config.max_roles, config.max_groups, config.max_rules) = (12, 3, 60);
    config
}

impl World {
    pub(crate) async fn all() -> Vec<Self> {
        let mut worlds = Vec::new();
        let documents = crate::rule::module();
        let modules = [&saas_tenancy::MODULE, &saas_rbac::MODULE, &documents];
        for db in TestDatabase::all(&modules).await {
            let authorizer = Authorizer::new(db.database().clone(), presets(), &small());
            let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
            worlds.push(Self {
                roles: Roles::new(authorizer.clone()),
                groups: Groups::new(authorizer.clone()),
                db,
                acme,
                beta,
                authorizer,
            });
        }
        worlds
    }

    pub(crate) fn system(&self, tenant: &Tenant) -> TenantTx {
        self.db.database().write(&self.db.scope(tenant))
    }

    /// A person with these roles in acme, given by the service.
    pub(crate) async fn person(&self, roles: &[&str]) -> UserId {
        let user = UserId::generate();
        self.give(&self.acme, user, roles).await.unwrap();
        user
    }

    pub(crate) async fn give(
        &self,
        tenant: &Tenant,
        who: impl Into<Subject>,
        roles: &[&str],
    ) -> Result<(), Error> {
        let mut tx = self.system(tenant);
        self.roles.set(&mut tx, who, &names(roles)).await?;
        Ok(tx.commit().await?)
    }

    /// Makes a role in acme, in the name of the service.
    pub(crate) async fn role(&self, name: &str, spec: RoleSpec) -> Result<(), Error> {
        let mut tx = self.system(&self.acme);
        self.roles.create(&mut tx, name, &spec).await?;
        Ok(tx.commit().await?)
    }

    /// The scope of a caller, made as the stack makes it.
    pub(crate) async fn caller(&self, tenant: &Tenant, user: UserId) -> Scope {
        admitted(self.db.registry(), self.db.principal(tenant.id(), user)).await
    }

    /// A transaction of a caller in acme.
    pub(crate) async fn tx(&self, user: UserId) -> TenantTx {
        let scope = self.caller(&self.acme, user).await;
        self.db.database().write(&scope)
    }

    pub(crate) async fn may(&self, tenant: &Tenant, user: UserId, can: Can) -> bool {
        let scope = self.caller(tenant, user).await;
        self.authorizer.may(&scope, &can).await.unwrap()
    }

    pub(crate) async fn records(&self, action: &str) -> Vec<AuditRecord> {
        let mut tx = self.db.database().read(&self.db.scope(&self.acme));
        let query = PageQuery::new().filter(AuditRecord::ACTION.eq(action));
        tx.repo::<AuditRecord>().list(query).await.unwrap().items
    }

    pub(crate) fn instance(&self, database: Database) -> Authorizer {
        Authorizer::new(database, presets(), &RbacConfig::default())
    }
}

pub(crate) fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

/// Sends a request through the layer that admits callers, and takes the scope out.
pub(crate) async fn admitted(registry: Registry, principal: saas_core::Principal) -> Scope {
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
