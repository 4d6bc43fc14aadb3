CREATE TABLE saas_outbox (
    tenant_id  UUID        NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    id         UUID        NOT NULL,
    kind       TEXT        NOT NULL,
    payload    TEXT        NOT NULL,
    actor      TEXT        NOT NULL,
    attempts   BIGINT      NOT NULL,
    due_at     TIMESTAMPTZ,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saas_outbox_due ON saas_outbox (due_at, tenant_id);
CREATE INDEX saas_outbox_tenant_due ON saas_outbox (tenant_id, due_at, id);
