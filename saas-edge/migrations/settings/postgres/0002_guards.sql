ALTER TABLE saas_settings ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_settings FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_settings;
CREATE POLICY saas_permissive_all ON saas_settings AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_settings;
CREATE POLICY saas_restrictive_all ON saas_settings AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
