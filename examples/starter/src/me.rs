//! Who is calling, and what they may do.

use axum::extract::State;
use saas_auth::Membership;
use saas_core::{Code, Granted, Problem, UserId, edge::Json};
use saas_tenancy::{Scope, TenantTx};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{signup::TenantView, state::AppState};

/// The caller.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Me {
    user: PersonView,
    tenant: TenantView,
    roles: Vec<String>,
    permissions: Vec<String>,
    memberships: Vec<MembershipView>,
    acr: &'static str,
    amr: Vec<String>,
}

/// The caller. A program is told what the person has allowed it to know.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PersonView {
    id: UserId,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A tenant that the caller belongs to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MembershipView {
    tenant: TenantView,
}

#[utoipa::path(
    get, path = "/api/v1/me", tag = "identity",
    responses((status = 200, description = "The caller, in the tenant of the token.", body = Me))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    scope: Scope,
    mut tx: TenantTx,
) -> Result<Json<Me>, Problem> {
    let principal = scope.principal().ok_or(Code::UNAUTHENTICATED)?;
    let member = tx
        .repo::<Membership>()
        .get(Membership::id_of(principal.subject()))
        .await?;
    drop(tx);
    let (roles, permissions) = state.authorizer.held_by(&scope).await?;
    let mut memberships = Vec::new();
    // A program that was granted something here learns nothing of other tenants.
    let tenants = match principal.granted() {
        Granted::All => {
            let accounts = state.identity.accounts();
            accounts.tenants_of(principal.subject()).await?
        }
        _ => vec![principal.tenant()],
    };
    for tenant in tenants {
        if let Some(tenant) = state.registry.by_id(tenant).await? {
            memberships.push(MembershipView {
                tenant: TenantView::from(&tenant),
            });
        }
    }
    Ok(Json(Me {
        user: PersonView {
            id: principal.subject(),
            email: principal.granted().covers("email").then_some(member.email),
            name: principal.granted().covers("profile").then_some(member.name),
        },
        tenant: TenantView::from(scope.tenant()),
        roles,
        permissions,
        memberships,
        acr: "aal1",
        amr: principal.methods().to_vec(),
    }))
}
