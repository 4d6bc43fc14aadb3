//! Whoever has an address of a file, and no session.

use axum::extract::FromRequestParts;
use http::request::Parts;
use saas_core::{ClientAddress, Problem};
use saas_tenancy::Tenant;

use crate::state::AppState;

/// From where somebody asks, and under the address of which tenant.
pub(crate) struct Visitor {
    /// None, when the request came over no socket.
    client: Option<ClientAddress>,
    named: Option<Tenant>,
}

impl Visitor {
    /// Lets somebody in to the files of a tenant from the networks of that tenant, and under the address of no other.
    pub(super) async fn admit(&self, state: &AppState, tenant: &Tenant) -> Result<(), Problem> {
        if self
            .named
            .as_ref()
            .is_some_and(|named| named.id() != tenant.id())
        {
            return Err(saas_storage::Error::Refused.into());
        }
        match self.client {
            Some(client) => state.networks.check(tenant, client).await,
            None => Ok(()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Ok(Self {
            client: parts.extensions.get().copied(),
            named: parts.extensions.get().cloned(),
        })
    }
}
