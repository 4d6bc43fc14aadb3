CREATE TABLE saas_settings (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    name       TEXT        NOT NULL,
    value      TEXT        NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
