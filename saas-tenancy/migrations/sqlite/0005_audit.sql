CREATE TABLE saas_audit (
    tenant_id  BLOB    NOT NULL REFERENCES saas_tenants (id) ON DELETE CASCADE,
    id         BLOB    NOT NULL,
    actor      TEXT    NOT NULL,
    action     TEXT    NOT NULL,
    object     TEXT    NOT NULL,
    before     TEXT,
    after      TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (tenant_id, id)
) STRICT;
CREATE INDEX saas_audit_actor ON saas_audit (tenant_id, actor, id);
CREATE INDEX saas_audit_action ON saas_audit (tenant_id, action, id);
CREATE INDEX saas_audit_object ON saas_audit (tenant_id, object, id);
CREATE INDEX saas_audit_created ON saas_audit (tenant_id, created_at, id);
CREATE TRIGGER saas_audit_is_not_changed BEFORE UPDATE ON saas_audit
BEGIN
    SELECT RAISE(ABORT, 'what was noted is not changed');
END;
CREATE TRIGGER saas_audit_is_not_removed BEFORE DELETE ON saas_audit
WHEN EXISTS (SELECT 1 FROM saas_tenants WHERE id = OLD.tenant_id)
BEGIN
    SELECT RAISE(ABORT, 'what was noted is not removed');
END;
