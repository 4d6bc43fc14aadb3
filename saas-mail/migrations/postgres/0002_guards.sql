ALTER TABLE saas_mail_templates ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_mail_templates FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_mail_templates;
CREATE POLICY saas_permissive_all ON saas_mail_templates AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_mail_templates;
CREATE POLICY saas_restrictive_all ON saas_mail_templates AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
