ALTER TABLE saas_outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_outbox FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_outbox;
CREATE POLICY saas_permissive_select ON saas_outbox AS PERMISSIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_outbox;
CREATE POLICY saas_permissive_insert ON saas_outbox AS PERMISSIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_update ON saas_outbox;
CREATE POLICY saas_permissive_update ON saas_outbox AS PERMISSIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_outbox;
CREATE POLICY saas_permissive_delete ON saas_outbox AS PERMISSIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_outbox;
CREATE POLICY saas_restrictive_select ON saas_outbox AS RESTRICTIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_outbox;
CREATE POLICY saas_restrictive_insert ON saas_outbox AS RESTRICTIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_outbox;
CREATE POLICY saas_restrictive_update ON saas_outbox AS RESTRICTIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_outbox;
CREATE POLICY saas_restrictive_delete ON saas_outbox AS RESTRICTIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_audit ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_audit FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_audit;
CREATE POLICY saas_permissive_select ON saas_audit AS PERMISSIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_audit;
CREATE POLICY saas_permissive_insert ON saas_audit AS PERMISSIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_audit;
CREATE POLICY saas_restrictive_select ON saas_audit AS RESTRICTIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_audit;
CREATE POLICY saas_restrictive_insert ON saas_audit AS RESTRICTIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_tenants FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_tenants;
CREATE POLICY saas_permissive_select ON saas_tenants AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL OR (id = nullif(current_setting('app.tenant_id', true), '')::uuid));
DROP POLICY IF EXISTS saas_permissive_insert ON saas_tenants;
CREATE POLICY saas_permissive_insert ON saas_tenants AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_tenants;
CREATE POLICY saas_permissive_update ON saas_tenants AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_tenants;
CREATE POLICY saas_permissive_delete ON saas_tenants AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_tenants;
CREATE POLICY saas_restrictive_select ON saas_tenants AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL OR (id = nullif(current_setting('app.tenant_id', true), '')::uuid));
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_tenants;
CREATE POLICY saas_restrictive_insert ON saas_tenants AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_tenants;
CREATE POLICY saas_restrictive_update ON saas_tenants AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_tenants;
CREATE POLICY saas_restrictive_delete ON saas_tenants AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_domains ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_domains FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_domains;
CREATE POLICY saas_permissive_select ON saas_domains AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_domains;
CREATE POLICY saas_permissive_insert ON saas_domains AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_domains;
CREATE POLICY saas_permissive_update ON saas_domains AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_domains;
CREATE POLICY saas_permissive_delete ON saas_domains AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_domains;
CREATE POLICY saas_restrictive_select ON saas_domains AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_domains;
CREATE POLICY saas_restrictive_insert ON saas_domains AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_domains;
CREATE POLICY saas_restrictive_update ON saas_domains AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_domains;
CREATE POLICY saas_restrictive_delete ON saas_domains AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
