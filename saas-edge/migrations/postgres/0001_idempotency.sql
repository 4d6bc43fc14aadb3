CREATE TABLE saas_idempotency_keys (
    tenant_id   UUID        NOT NULL,
    id          UUID        NOT NULL,
    key         BYTEA       NOT NULL,
    fingerprint BYTEA       NOT NULL,
    status      BIGINT,
    answer      BYTEA,
    claimed_at  TIMESTAMPTZ NOT NULL,
    expires_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, key)
);
CREATE INDEX saas_idempotency_keys_end ON saas_idempotency_keys (tenant_id, expires_at);
