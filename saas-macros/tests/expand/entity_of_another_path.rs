#[derive(TenantEntity)]
#[entity(table = "marks", new = "NewMark", patch = "MarkPatch", crate = "facade::tenancy")]
pub(crate) struct Mark {
    #[entity(id)]
    id: facade::Id<Mark>,
    #[entity(tenant)]
    tenant_id: facade::TenantId,
}
