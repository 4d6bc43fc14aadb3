CREATE TABLE saas_casbin_rules (
    tenant_id UUID NOT NULL,
    id        UUID NOT NULL,
    policy    TEXT NOT NULL,
    ptype     TEXT NOT NULL,
    v0        TEXT NOT NULL,
    v1        TEXT NOT NULL,
    v2        TEXT NOT NULL,
    v3        TEXT NOT NULL,
    v4        TEXT NOT NULL,
    v5        TEXT NOT NULL,
    digest    TEXT NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, policy, ptype, digest)
);
CREATE INDEX saas_casbin_rules_policy ON saas_casbin_rules (tenant_id, policy, id);
