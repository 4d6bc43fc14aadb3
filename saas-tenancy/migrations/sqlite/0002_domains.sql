CREATE TABLE saas_domains (
    domain      TEXT NOT NULL,
    tenant_id   BLOB NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    token       TEXT NOT NULL,
    created_at  INTEGER NOT NULL,
    verified_at INTEGER,
    PRIMARY KEY (domain, tenant_id)
) STRICT;

CREATE UNIQUE INDEX saas_domains_verified ON saas_domains (domain) WHERE verified_at IS NOT NULL;
CREATE INDEX saas_domains_tenant ON saas_domains (tenant_id, domain);
