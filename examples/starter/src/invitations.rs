//! Who is invited to the tenant, and how they join.

use async_trait::async_trait;
use axum::{
    extract::State,
    response::{IntoResponse as _, Response},
};
use garde::Validate;
use http::{StatusCode, header};
use saas_auth::{
    Accepted, Accounts, Device, Email, Invitation, Joining, Membership, pages::Welcome,
};
use saas_core::{
    Code, Id, Problem, Secret, Timestamp,
    edge::{Json, Path},
};
use saas_rbac::{Error as RbacError, Permission as _, Presets, Roles, Subject};
use saas_tenancy::{Tenant, TenantTx};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    permission::Can,
    signup::{SignUpView, TenantView, UserView, invalid},
    state::AppState,
    validate::{Valid, plain},
};

/// Somebody to invite.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct InviteRequest {
    #[garde(skip)]
    email: String,
    /// The roles that the person will have; `user` when left out. Nobody invites with a role that he could
    /// not give.
    #[garde(length(max = 32), inner(length(max = 63)))]
    #[serde(default = "just_user")]
    roles: Vec<String>,
}

/// An invitation that is accepted.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AcceptRequest {
    /// The one of the link.
    #[garde(skip)]
    #[schema(value_type = String)]
    token: Secret<String>,
    /// 1 to 200 characters.
    #[garde(length(chars, min = 1, max = 200), custom(plain))]
    name: String,
    /// Whoever has an account already gives its password, and otherwise that of the new account.
    #[garde(skip)]
    #[schema(value_type = String, format = Password)]
    password: Secret<String>,
}

/// An open invitation.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationView {
    #[schema(value_type = String)]
    id: Id<Invitation>,
    email: String,
    roles: Vec<String>,
    /// `user:` or `service:` and an id, or `system:` and a reason.
    invited_by: String,
    created_at: Timestamp,
    expires_at: Timestamp,
}

/// The open invitations of the tenant, the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InvitationList {
    items: Vec<InvitationView>,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id,
            email: invitation.email,
            roles: invitation.roles,
            invited_by: invitation.invited_by,
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
        }
    }
}

fn just_user() -> Vec<String> {
    vec![Presets::USER.to_owned()]
}

#[utoipa::path(
    post, path = "/api/v1/invitations", tag = "members",
    request_body = InviteRequest,
    responses((
        status = 201, description = "The invitation, which takes the place of an older one to the same address. A letter is on its way.",
        body = InvitationView, headers(("Location" = String, description = "Its address."))
    ))
)]
pub(crate) async fn invite(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Valid(input): Valid<InviteRequest>,
) -> Result<Response, Problem> {
    let email: Email = input
        .email
        .parse()
        .map_err(|error| invalid("email", &error))?;
    state.roles.may_give(&mut tx, &input.roles).await?;
    let invitations = state.identity.invitations();
    let invitation = invitations.invite(&mut tx, &email, &input.roles).await?;
    Ok(created(invitation))
}

#[utoipa::path(
    get, path = "/api/v1/invitations", tag = "members",
    responses((status = 200, description = "The open invitations.", body = InvitationList))
)]
pub(crate) async fn list(
    State(state): State<AppState>,
    mut tx: TenantTx,
) -> Result<Json<InvitationList>, Problem> {
    let invitations = state.identity.invitations().list(&mut tx).await?;
    Ok(Json(InvitationList {
        items: invitations.into_iter().map(InvitationView::from).collect(),
    }))
}

#[utoipa::path(
    get, path = "/api/v1/invitations/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 200, description = "The invitation, while it is open.", body = InvitationView))
)]
pub(crate) async fn show(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Invitation>>,
) -> Result<Json<InvitationView>, Problem> {
    let invitation = state.identity.invitations().find(&mut tx, id).await?;
    let invitation = invitation.ok_or(Code::NOT_FOUND)?;
    Ok(Json(invitation.into()))
}

#[utoipa::path(
    post, path = "/api/v1/invitations/{id}/resend", tag = "members",
    params(("id" = String, Path)),
    responses((
        status = 201, description = "A new invitation in the place of the old one, in the name of the caller.",
        body = InvitationView, headers(("Location" = String, description = "Its address."))
    ))
)]
pub(crate) async fn resend(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Invitation>>,
) -> Result<Response, Problem> {
    let invitations = state.identity.invitations();
    let old = invitations.find(&mut tx, id).await?;
    let old = old.ok_or(Code::NOT_FOUND)?;
    state.roles.may_give(&mut tx, &old.roles).await?;
    let invitation = invitations.resend(&mut tx, id).await?;
    Ok(created(invitation.ok_or(Code::NOT_FOUND)?))
}

#[utoipa::path(
    delete, path = "/api/v1/invitations/{id}", tag = "members",
    params(("id" = String, Path)),
    responses((status = 204, description = "Its link is worth nothing any more."))
)]
pub(crate) async fn revoke(
    State(state): State<AppState>,
    mut tx: TenantTx,
    Path(id): Path<Id<Invitation>>,
) -> Result<StatusCode, Problem> {
    if state.identity.invitations().revoke(&mut tx, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NOT_FOUND))
    }
}

#[utoipa::path(
    post, path = "/api/v1/invitations/accept", tag = "identity",
    request_body = AcceptRequest,
    responses((status = 201, description = "The person belongs to the tenant now, and can sign in.", body = SignUpView))
)]
pub(crate) async fn accept(
    State(state): State<AppState>,
    tenant: Tenant,
    device: Device,
    Valid(input): Valid<AcceptRequest>,
) -> Result<Response, Problem> {
    let joining = Joining::Password {
        name: &input.name,
        password: &input.password,
    };
    let invitations = state.identity.invitations();
    let accepting = invitations.accept(&tenant, &input.token, joining, &device);
    let (mut tx, accepted) = accepting.await?;
    let joiners = Joiners {
        accounts: state.identity.accounts().clone(),
        roles: state.roles.clone(),
    };
    joiners.welcome(&mut tx, &accepted).await?;
    tx.commit().await?;
    let view = SignUpView {
        tenant: TenantView::from(&tenant),
        user: UserView::from(accepted.membership),
    };
    Ok((StatusCode::CREATED, Json(view)).into_response())
}

/// Receives people who accept an invitation.
pub(crate) struct Joiners {
    pub(crate) roles: Roles,
    pub(crate) accounts: Accounts,
}

#[async_trait]
impl Welcome for Joiners {
    async fn welcome(&self, tx: &mut TenantTx, accepted: &Accepted) -> Result<(), Problem> {
        let roles = &accepted.invitation.roles;
        // What its maker may give does not change until it is given.
        self.roles.lock(tx).await?;
        self.check(tx, &accepted.invitation).await?;
        Ok(self.roles.set(tx, accepted.user, roles).await?)
    }
}

impl Joiners {
    /// An invitation is worth what its maker could do at the moment when it is accepted: who has since lost the
    /// right to invite, or one of the roles, or is gone, invites nobody any more.
    async fn check(&self, tx: &mut TenantTx, invitation: &Invitation) -> Result<(), Problem> {
        // The service itself is no subject, and may give anything.
        let Ok(inviter) = invitation.invited_by.parse::<Subject>() else {
            return Ok(());
        };
        if let Subject::User(user) = inviter {
            let member = Membership::id_of(user);
            let member = tx.repo::<Membership>().find(member).await?;
            let account = self.accounts.by_id(user).await?;
            if !member.is_some_and(|member| member.active)
                || !account.is_some_and(|account| account.is_active())
            {
                return Err(Code::LINK_INVALID.into());
            }
        }
        let invites = Can::WriteMembers.name();
        let held = self.roles.explain(tx, inviter, invites).await?;
        if !held.allowed {
            return Err(Code::LINK_INVALID.into());
        }
        let could = self.roles.could_give(tx, inviter, &invitation.roles);
        match could.await {
            Err(RbacError::Escalation | RbacError::UnknownRole(_)) => {
                Err(Code::LINK_INVALID.into())
            }
            could => Ok(could?),
        }
    }
}

fn created(invitation: Invitation) -> Response {
    let location = format!("/api/v1/invitations/{}", invitation.id);
    let view = InvitationView::from(invitation);
    (
        StatusCode::CREATED,
        [(header::LOCATION, location)],
        Json(view),
    )
        .into_response()
}
