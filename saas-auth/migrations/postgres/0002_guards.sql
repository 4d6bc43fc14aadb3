ALTER TABLE saas_memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_memberships FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_memberships;
CREATE POLICY saas_permissive_select ON saas_memberships AS PERMISSIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR id = nullif(current_setting('app.user_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_memberships;
CREATE POLICY saas_permissive_insert ON saas_memberships AS PERMISSIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_update ON saas_memberships;
CREATE POLICY saas_permissive_update ON saas_memberships AS PERMISSIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_memberships;
CREATE POLICY saas_permissive_delete ON saas_memberships AS PERMISSIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_memberships;
CREATE POLICY saas_restrictive_select ON saas_memberships AS RESTRICTIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR id = nullif(current_setting('app.user_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_memberships;
CREATE POLICY saas_restrictive_insert ON saas_memberships AS RESTRICTIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_memberships;
CREATE POLICY saas_restrictive_update ON saas_memberships AS RESTRICTIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_memberships;
CREATE POLICY saas_restrictive_delete ON saas_memberships AS RESTRICTIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_sessions FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_sessions;
CREATE POLICY saas_permissive_all ON saas_sessions AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_sessions;
CREATE POLICY saas_restrictive_all ON saas_sessions AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_refresh_tokens ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_refresh_tokens FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_refresh_tokens;
CREATE POLICY saas_permissive_all ON saas_refresh_tokens AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_refresh_tokens;
CREATE POLICY saas_restrictive_all ON saas_refresh_tokens AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_api_keys FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_api_keys;
CREATE POLICY saas_permissive_all ON saas_api_keys AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_api_keys;
CREATE POLICY saas_restrictive_all ON saas_api_keys AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_revocations ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_revocations FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_revocations;
CREATE POLICY saas_permissive_select ON saas_revocations AS PERMISSIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_revocations;
CREATE POLICY saas_permissive_insert ON saas_revocations AS PERMISSIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_update ON saas_revocations;
CREATE POLICY saas_permissive_update ON saas_revocations AS PERMISSIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_revocations;
CREATE POLICY saas_permissive_delete ON saas_revocations AS PERMISSIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_revocations;
CREATE POLICY saas_restrictive_select ON saas_revocations AS RESTRICTIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_revocations;
CREATE POLICY saas_restrictive_insert ON saas_revocations AS RESTRICTIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_revocations;
CREATE POLICY saas_restrictive_update ON saas_revocations AS RESTRICTIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_revocations;
CREATE POLICY saas_restrictive_delete ON saas_revocations AS RESTRICTIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_clients ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_clients FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_clients;
CREATE POLICY saas_permissive_all ON saas_clients AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_clients;
CREATE POLICY saas_restrictive_all ON saas_clients AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_consents FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_consents;
CREATE POLICY saas_permissive_all ON saas_consents AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_consents;
CREATE POLICY saas_restrictive_all ON saas_consents AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_used_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_used_codes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_used_codes;
CREATE POLICY saas_permissive_all ON saas_used_codes AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_used_codes;
CREATE POLICY saas_restrictive_all ON saas_used_codes AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_device_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_device_codes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_device_codes;
CREATE POLICY saas_permissive_all ON saas_device_codes AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_device_codes;
CREATE POLICY saas_restrictive_all ON saas_device_codes AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_device_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_device_tries FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_device_tries;
CREATE POLICY saas_permissive_all ON saas_device_tries AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_device_tries;
CREATE POLICY saas_restrictive_all ON saas_device_tries AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_proofs ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_proofs FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_proofs;
CREATE POLICY saas_permissive_select ON saas_proofs AS PERMISSIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR account_id = nullif(current_setting('app.user_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_proofs;
CREATE POLICY saas_permissive_insert ON saas_proofs AS PERMISSIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_update ON saas_proofs;
CREATE POLICY saas_permissive_update ON saas_proofs AS PERMISSIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_proofs;
CREATE POLICY saas_permissive_delete ON saas_proofs AS PERMISSIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_proofs;
CREATE POLICY saas_restrictive_select ON saas_proofs AS RESTRICTIVE FOR SELECT
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid OR account_id = nullif(current_setting('app.user_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_proofs;
CREATE POLICY saas_restrictive_insert ON saas_proofs AS RESTRICTIVE FOR INSERT
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_proofs;
CREATE POLICY saas_restrictive_update ON saas_proofs AS RESTRICTIVE FOR UPDATE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_proofs;
CREATE POLICY saas_restrictive_delete ON saas_proofs AS RESTRICTIVE FOR DELETE
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_themes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_themes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_themes;
CREATE POLICY saas_permissive_all ON saas_themes AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_themes;
CREATE POLICY saas_restrictive_all ON saas_themes AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_mfa_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_mfa_rules FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_all ON saas_mfa_rules;
CREATE POLICY saas_permissive_all ON saas_mfa_rules AS PERMISSIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
DROP POLICY IF EXISTS saas_restrictive_all ON saas_mfa_rules;
CREATE POLICY saas_restrictive_all ON saas_mfa_rules AS RESTRICTIVE FOR ALL
    USING (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid);
ALTER TABLE saas_accounts ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_accounts FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_accounts;
CREATE POLICY saas_permissive_select ON saas_accounts AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_accounts;
CREATE POLICY saas_permissive_insert ON saas_accounts AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_accounts;
CREATE POLICY saas_permissive_update ON saas_accounts AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_accounts;
CREATE POLICY saas_permissive_delete ON saas_accounts AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_accounts;
CREATE POLICY saas_restrictive_select ON saas_accounts AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_accounts;
CREATE POLICY saas_restrictive_insert ON saas_accounts AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_accounts;
CREATE POLICY saas_restrictive_update ON saas_accounts AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_accounts;
CREATE POLICY saas_restrictive_delete ON saas_accounts AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_signing_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_signing_keys FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_signing_keys;
CREATE POLICY saas_permissive_select ON saas_signing_keys AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_signing_keys;
CREATE POLICY saas_permissive_insert ON saas_signing_keys AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_signing_keys;
CREATE POLICY saas_permissive_update ON saas_signing_keys AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_signing_keys;
CREATE POLICY saas_permissive_delete ON saas_signing_keys AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_signing_keys;
CREATE POLICY saas_restrictive_select ON saas_signing_keys AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_signing_keys;
CREATE POLICY saas_restrictive_insert ON saas_signing_keys AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_signing_keys;
CREATE POLICY saas_restrictive_update ON saas_signing_keys AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_signing_keys;
CREATE POLICY saas_restrictive_delete ON saas_signing_keys AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_client_assertions ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_client_assertions FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_client_assertions;
CREATE POLICY saas_permissive_select ON saas_client_assertions AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_client_assertions;
CREATE POLICY saas_permissive_insert ON saas_client_assertions AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_client_assertions;
CREATE POLICY saas_permissive_update ON saas_client_assertions AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_client_assertions;
CREATE POLICY saas_permissive_delete ON saas_client_assertions AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_client_assertions;
CREATE POLICY saas_restrictive_select ON saas_client_assertions AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_client_assertions;
CREATE POLICY saas_restrictive_insert ON saas_client_assertions AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_client_assertions;
CREATE POLICY saas_restrictive_update ON saas_client_assertions AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_client_assertions;
CREATE POLICY saas_restrictive_delete ON saas_client_assertions AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_factors ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_factors FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_factors;
CREATE POLICY saas_permissive_select ON saas_factors AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_factors;
CREATE POLICY saas_permissive_insert ON saas_factors AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_factors;
CREATE POLICY saas_permissive_update ON saas_factors AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_factors;
CREATE POLICY saas_permissive_delete ON saas_factors AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_factors;
CREATE POLICY saas_restrictive_select ON saas_factors AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_factors;
CREATE POLICY saas_restrictive_insert ON saas_factors AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_factors;
CREATE POLICY saas_restrictive_update ON saas_factors AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_factors;
CREATE POLICY saas_restrictive_delete ON saas_factors AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_recovery_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_recovery_codes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_recovery_codes;
CREATE POLICY saas_permissive_select ON saas_recovery_codes AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_recovery_codes;
CREATE POLICY saas_permissive_insert ON saas_recovery_codes AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_recovery_codes;
CREATE POLICY saas_permissive_update ON saas_recovery_codes AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_recovery_codes;
CREATE POLICY saas_permissive_delete ON saas_recovery_codes AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_recovery_codes;
CREATE POLICY saas_restrictive_select ON saas_recovery_codes AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_recovery_codes;
CREATE POLICY saas_restrictive_insert ON saas_recovery_codes AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_recovery_codes;
CREATE POLICY saas_restrictive_update ON saas_recovery_codes AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_recovery_codes;
CREATE POLICY saas_restrictive_delete ON saas_recovery_codes AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_factor_tries ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_factor_tries FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_factor_tries;
CREATE POLICY saas_permissive_select ON saas_factor_tries AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_factor_tries;
CREATE POLICY saas_permissive_insert ON saas_factor_tries AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_factor_tries;
CREATE POLICY saas_permissive_update ON saas_factor_tries AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_factor_tries;
CREATE POLICY saas_permissive_delete ON saas_factor_tries AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_factor_tries;
CREATE POLICY saas_restrictive_select ON saas_factor_tries AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_factor_tries;
CREATE POLICY saas_restrictive_insert ON saas_factor_tries AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_factor_tries;
CREATE POLICY saas_restrictive_update ON saas_factor_tries AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_factor_tries;
CREATE POLICY saas_restrictive_delete ON saas_factor_tries AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_mailed_codes ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_mailed_codes FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_mailed_codes;
CREATE POLICY saas_permissive_select ON saas_mailed_codes AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_mailed_codes;
CREATE POLICY saas_permissive_insert ON saas_mailed_codes AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_mailed_codes;
CREATE POLICY saas_permissive_update ON saas_mailed_codes AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_mailed_codes;
CREATE POLICY saas_permissive_delete ON saas_mailed_codes AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_mailed_codes;
CREATE POLICY saas_restrictive_select ON saas_mailed_codes AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_mailed_codes;
CREATE POLICY saas_restrictive_insert ON saas_mailed_codes AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_mailed_codes;
CREATE POLICY saas_restrictive_update ON saas_mailed_codes AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_mailed_codes;
CREATE POLICY saas_restrictive_delete ON saas_mailed_codes AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_used_challenges ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_used_challenges FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_used_challenges;
CREATE POLICY saas_permissive_select ON saas_used_challenges AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_used_challenges;
CREATE POLICY saas_permissive_insert ON saas_used_challenges AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_used_challenges;
CREATE POLICY saas_permissive_update ON saas_used_challenges AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_used_challenges;
CREATE POLICY saas_permissive_delete ON saas_used_challenges AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_used_challenges;
CREATE POLICY saas_restrictive_select ON saas_used_challenges AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_used_challenges;
CREATE POLICY saas_restrictive_insert ON saas_used_challenges AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_used_challenges;
CREATE POLICY saas_restrictive_update ON saas_used_challenges AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_used_challenges;
CREATE POLICY saas_restrictive_delete ON saas_used_challenges AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
ALTER TABLE saas_remembered_devices ENABLE ROW LEVEL SECURITY;
ALTER TABLE saas_remembered_devices FORCE ROW LEVEL SECURITY;
DROP POLICY IF EXISTS saas_permissive_select ON saas_remembered_devices;
CREATE POLICY saas_permissive_select ON saas_remembered_devices AS PERMISSIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_insert ON saas_remembered_devices;
CREATE POLICY saas_permissive_insert ON saas_remembered_devices AS PERMISSIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_update ON saas_remembered_devices;
CREATE POLICY saas_permissive_update ON saas_remembered_devices AS PERMISSIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_permissive_delete ON saas_remembered_devices;
CREATE POLICY saas_permissive_delete ON saas_remembered_devices AS PERMISSIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_select ON saas_remembered_devices;
CREATE POLICY saas_restrictive_select ON saas_remembered_devices AS RESTRICTIVE FOR SELECT
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_insert ON saas_remembered_devices;
CREATE POLICY saas_restrictive_insert ON saas_remembered_devices AS RESTRICTIVE FOR INSERT
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_update ON saas_remembered_devices;
CREATE POLICY saas_restrictive_update ON saas_remembered_devices AS RESTRICTIVE FOR UPDATE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL)
    WITH CHECK (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
DROP POLICY IF EXISTS saas_restrictive_delete ON saas_remembered_devices;
CREATE POLICY saas_restrictive_delete ON saas_remembered_devices AS RESTRICTIVE FOR DELETE
    USING (nullif(current_setting('app.system_scope', true), '') IS NOT NULL);
