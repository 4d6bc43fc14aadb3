ALTER TABLE saas_policy_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_policy_rules FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_policy_rules;
CREATE POLICY saas_permissive_all ON saas_policy_rules AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_policy_rules;
CREATE POLICY saas_restrictive_all ON saas_policy_rules AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_roles FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_roles;
CREATE POLICY saas_permissive_all ON saas_roles AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_roles;
CREATE POLICY saas_restrictive_all ON saas_roles AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_groups ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_groups FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_groups;
CREATE POLICY saas_permissive_all ON saas_groups AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_groups;
CREATE POLICY saas_restrictive_all ON saas_groups AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_casbin_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_casbin_rules FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_casbin_rules;
CREATE POLICY saas_permissive_all ON saas_casbin_rules AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_casbin_rules;
CREATE POLICY saas_restrictive_all ON saas_casbin_rules AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
