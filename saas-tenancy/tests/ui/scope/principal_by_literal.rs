//! A principal is asserted by whoever verified a credential, in one call that can be searched for.

use std::sync::Arc;

use saas_core::{Principal, PrincipalKind, TenantId, Timestamp, UserId};

fn make(subject: UserId, tenant: TenantId, now: Timestamp) -> Principal {
    Principal {
        kind: PrincipalKind::User,
        subject,
        tenant,
        authenticated_at: now,
        expires_at: now,
        methods: Arc::new([]),
    }
}

fn main() {}
