CREATE TABLE saas_policy_rules (
    tenant_id UUID NOT NULL,
    id        UUID NOT NULL,
    ptype     TEXT NOT NULL,
    v0        TEXT NOT NULL,
    v1        TEXT NOT NULL,
    v2        TEXT NOT NULL,
    v3        TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, ptype, v0, v1, v2, v3)
);

CREATE TABLE saas_roles (
    tenant_id   UUID    NOT NULL,
    id          UUID    NOT NULL,
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
