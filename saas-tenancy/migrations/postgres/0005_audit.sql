CREATE TABLE saas_audit (
    tenant_id  UUID        NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    id         UUID        NOT NULL,
    actor      TEXT        NOT NULL,
    action     TEXT        NOT NULL,
    object     TEXT        NOT NULL,
    before     TEXT,
    after      TEXT,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saas_audit_actor ON saas_audit (tenant_id, actor, id);
CREATE INDEX saas_audit_action ON saas_audit (tenant_id, action, id);
CREATE INDEX saas_audit_object ON saas_audit (tenant_id, object, id);
CREATE INDEX saas_audit_created ON saas_audit (tenant_id, created_at, id);
