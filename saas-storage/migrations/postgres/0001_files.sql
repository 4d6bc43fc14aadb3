-- Names are compared by their bytes, as everywhere else.
CREATE TABLE saas_files (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    name       TEXT        COLLATE "C",
    path       TEXT        NOT NULL,
    state      TEXT        NOT NULL,
    size       BIGINT      NOT NULL,
    sha256     BYTEA,
    media_type TEXT,
    owner_id   UUID,
    fields     JSONB       NOT NULL,
    revision   BIGINT      NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    updated_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
