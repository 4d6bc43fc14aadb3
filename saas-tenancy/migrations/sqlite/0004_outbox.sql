CREATE TABLE saas_outbox (
    tenant_id  BLOB    NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    id         BLOB    NOT NULL,
    kind       TEXT    NOT NULL,
    payload    TEXT    NOT NULL,
    actor      TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    due_at     INTEGER,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX saas_outbox_due ON saas_outbox (due_at, tenant_id);
CREATE INDEX saas_outbox_tenant_due ON saas_outbox (tenant_id, due_at, id);
