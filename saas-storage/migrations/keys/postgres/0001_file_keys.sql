CREATE TABLE saas_file_keys (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    wrapped    BYTEA       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
