ALTER TABLE saas_files ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_files FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_files;
CREATE POLICY saas_permissive_all ON saas_files AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_files;
CREATE POLICY saas_restrictive_all ON saas_files AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_uploads ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_uploads FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_uploads;
CREATE POLICY saas_permissive_all ON saas_uploads AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_uploads;
CREATE POLICY saas_restrictive_all ON saas_uploads AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_upload_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_upload_parts FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_upload_parts;
CREATE POLICY saas_permissive_all ON saas_upload_parts AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_upload_parts;
CREATE POLICY saas_restrictive_all ON saas_upload_parts AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_file_grants ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_file_grants FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_file_grants;
CREATE POLICY saas_permissive_all ON saas_file_grants AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_file_grants;
CREATE POLICY saas_restrictive_all ON saas_file_grants AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
