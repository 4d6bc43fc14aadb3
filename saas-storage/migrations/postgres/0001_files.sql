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

CREATE TABLE saas_uploads (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    actor      TEXT        NOT NULL,
    path       TEXT        NOT NULL,
    size       BIGINT      NOT NULL,
    received   BIGINT      NOT NULL,
    metadata   TEXT        NOT NULL,
    expires_at TIMESTAMPTZ NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE saas_upload_parts (
    tenant_id  UUID   NOT NULL,
    id         UUID   NOT NULL,
    upload_id  UUID   NOT NULL,
    start      BIGINT NOT NULL,
    size       BIGINT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, upload_id, start)
);

CREATE TABLE saas_file_grants (
    tenant_id  UUID        NOT NULL,
    id         UUID        NOT NULL,
    path       TEXT        COLLATE "C" NOT NULL,
    kind       TEXT        NOT NULL,
    subject    TEXT        NOT NULL,
    expires_at TIMESTAMPTZ,
    uses       BIGINT      NOT NULL,
    max_uses   BIGINT,
    created_by TEXT        NOT NULL,
    created_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX saas_file_grants_of ON saas_file_grants (tenant_id, path);
CREATE INDEX saas_file_grants_to ON saas_file_grants (tenant_id, kind, subject);
