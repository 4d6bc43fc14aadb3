CREATE TABLE saas_domains (
    domain      TEXT NOT NULL,
    tenant_id   UUID NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    token       TEXT NOT NULL,
    created_at  TIMESTAMPTZ NOT NULL,
    verified_at TIMESTAMPTZ,
    PRIMARY KEY (domain, tenant_id)
);

CREATE UNIQUE INDEX saas_domains_verified ON saas_domains (domain) WHERE verified_at IS NOT NULL;
CREATE INDEX saas_domains_tenant ON saas_domains (tenant_id, domain);
