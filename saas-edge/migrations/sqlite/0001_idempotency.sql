CREATE TABLE saas_idempotency_keys (
    tenant_id   BLOB    NOT NULL,
    id          BLOB    NOT NULL,
    key         BLOB    NOT NULL,
    fingerprint BLOB    NOT NULL,
    status      INTEGER,
    answer      BLOB,
    claimed_at  INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key)
) STRICT;
CREATE INDEX saas_idempotency_keys_end ON saas_idempotency_keys (tenant_id, expires_at);
