//! Who changed what.

use axum::response::Response;
use saas_core::{Id, Problem, Timestamp, edge::Fields};
use saas_tenancy::{AuditRecord, PageQuery, TenantTx};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

/// A change as it was recorded.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordView {
    #[schema(value_type = String)]
    id: Id<AuditRecord>,
    /// `user:` and an id, or `system:` and a reason.
    actor: String,
    /// Such as `role.created`.
    action: String,
    /// Such as `role:editor`.
    object: String,
    /// Of any form.
    #[schema(value_type = Value)]
    before: Option<Value>,
    /// Of any form.
    #[schema(value_type = Value)]
    after: Option<Value>,
    created_at: Timestamp,
}

/// A page of records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecordPage {
    items: Vec<RecordView>,
    next: Option<String>,
    prev: Option<String>,
}

#[utoipa::path(
    get, path = "/api/v1/audit", tag = "members",
    params(
        ("filter[actor]" = Option<String>, Query, description = "Only what this one did."),
        ("filter[action]" = Option<String>, Query, description = "Only this, such as `role.created`."),
        ("filter[object]" = Option<String>, Query, description = "Only what was done with this."),
        ("sort" = Option<String>, Query, description = "`created_at`; with `-` in front descending."),
        ("limit" = Option<u16>, Query, description = "Up to 100; 20 when left out."),
        ("after" = Option<String>, Query, description = "A cursor of another page."),
        ("fields" = Option<String>, Query, description = "Only these members of each, such as `id,action`."),
    ),
    responses((status = 200, description = "A page of changes of roles, groups and who holds them.", body = RecordPage))
)]
pub(crate) async fn list(
    mut tx: TenantTx,
    fields: Fields<PageQuery<AuditRecord>>,
) -> Result<Response, Problem> {
    let page = tx.repo::<AuditRecord>().list(fields.rest.clone()).await?;
    fields.of_each(page.map(|record| RecordView {
        before: record.before_json(),
        after: record.after_json(),
        id: record.id,
        actor: record.actor,
        action: record.action,
        object: record.object,
        created_at: record.created_at,
    }))
}
