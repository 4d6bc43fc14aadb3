CREATE TABLE saas_file_keys (
    tenant_id  BLOB    NOT NULL,
    id         BLOB    NOT NULL,
    wrapped    BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
