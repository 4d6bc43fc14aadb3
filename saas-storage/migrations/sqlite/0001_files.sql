CREATE TABLE saas_files (
    tenant_id  BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    name       TEXT,
    path       TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    size       INTEGER NOT NULL,
    sha256     BLOB,
    media_type TEXT,
    owner_id   BLOB,
    fields     TEXT    NOT NULL,
    revision   INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
) STRICT;

CREATE TABLE saas_uploads (
    tenant_id  BLOB        NOT NULL,
    id         BLOB        NOT NULL,
    actor      TEXT        NOT NULL,
    path       TEXT        NOT NULL,
    size       INTEGER      NOT NULL,
    received   INTEGER      NOT NULL,
    metadata   TEXT        NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;

CREATE TABLE saas_upload_parts (
    tenant_id  BLOB   NOT NULL,
    id         BLOB   NOT NULL,
    upload_id  BLOB   NOT NULL,
    start      INTEGER NOT NULL,
    size       INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, upload_id, start)
) STRICT;

CREATE TABLE saas_file_grants (
    tenant_id  BLOB        NOT NULL,
    id         BLOB        NOT NULL,
    path       TEXT        NOT NULL,
    kind       TEXT        NOT NULL,
    subject    TEXT        NOT NULL,
    expires_at INTEGER,
    uses       INTEGER      NOT NULL,
    max_uses   INTEGER,
    created_by TEXT        NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX saas_file_grants_of ON saas_file_grants (tenant_id, path);
CREATE INDEX saas_file_grants_to ON saas_file_grants (tenant_id, kind, subject);
