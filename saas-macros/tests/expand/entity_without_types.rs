#[derive(TenantEntity)]
#[entity(table = "events")]
struct Event {
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(id)]
    id: Id<Event>,
    text: String,
}

#[derive(TenantEntity)]
#[entity(table = "marks")]
struct Mark {
    #[entity(id)]
    id: Id<Mark>,
    #[entity(tenant)]
    tenant_id: TenantId,
}
