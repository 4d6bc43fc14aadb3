ALTER TABLE saas_policy_rules ADD COLUMN v4 TEXT NOT NULL DEFAULT 'allow';
CREATE INDEX saas_policy_rules_of ON saas_policy_rules (tenant_id, ptype, v1);

CREATE TABLE saas_groups (
    tenant_id   UUID        NOT NULL,
    id          UUID        NOT NULL,
    name        TEXT        NOT NULL,
    description TEXT        NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, name)
);
