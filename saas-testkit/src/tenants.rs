//! Tenants and scopes for tests.

use saas_core::{Principal, PrincipalKind, TenantId, UserId, VerifiedFacts};
use saas_tenancy::{NewTenant, Reason, Scope, SystemScope, Tenant};

use crate::TestDatabase;

/// Sets up the world of a test.
#[derive(Debug)]
#[non_exhaustive]
pub struct TestSetup;

impl Reason for TestSetup {
    const NAME: &'static str = "test-setup";
    const WHY: &'static str = "tests make tenants and look at them from outside";
}

impl TestDatabase {
    /// Creates a tenant.
    ///
    /// # Panics
    ///
    /// When the slug is not one or is taken.
    pub async fn tenant(&self, slug: &str) -> Tenant {
        let mut tx = self
            .database()
            .system_write(&SystemScope::<TestSetup>::enter());
        let new = NewTenant::new(slug.parse().expect("a slug"), slug.to_uppercase());
        let tenant = self
            .registry()
            .create(&mut tx, new)
            .await
            .expect("the tenant is created");
        tx.commit().await.expect("the tenant is committed");
        tenant
    }

    /// Gives a scope of the system in a tenant.
    #[must_use]
    pub fn scope(&self, tenant: &Tenant) -> Scope {
        SystemScope::<TestSetup>::enter().within(tenant)
    }

    /// Gives a principal, as if its credential had just been verified: with a password.
    #[must_use]
    pub fn principal(&self, tenant: TenantId, user: UserId) -> Principal {
        self.principal_by(tenant, user, &["pwd"])
    }

    /// Gives a principal, as if it had just been verified in these ways (RFC 8176).
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "a test asserts who its callers are"
    )]
    pub fn principal_by(&self, tenant: TenantId, user: UserId, methods: &[&str]) -> Principal {
        let now = self.now();
        Principal::assert_verified(VerifiedFacts {
            kind: PrincipalKind::User,
            subject: user,
            tenant,
            authenticated_at: now,
            expires_at: now.saturating_add(std::time::Duration::from_secs(600)),
            methods: methods.iter().map(|method| (*method).to_owned()).collect(),
            session: None,
            granted: saas_core::Granted::All,
        })
    }
}
