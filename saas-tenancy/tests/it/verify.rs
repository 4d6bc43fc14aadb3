//! A clean database passes, and each planted fault is found.

use saas_tenancy::{Dialect, FindingCode as Code, Module, verify};

use crate::world::{MODULE, World};

const MODULES: &[&Module] = &[&saas_tenancy::MODULE, &MODULE];

#[tokio::test]
async fn a_clean_database_has_no_finding() {
    for world in World::all().await {
        assert_eq!(verify(world.db.database(), MODULES).await.unwrap(), []);
    }
}

#[tokio::test]
async fn iso_09_to_28_each_planted_fault_is_found() {
    let service = "(SELECT current_database() || '_service')";
    for (code, fault) in [
        (Code::RlsDisabled, "ALTER TABLE projects DISABLE ROW LEVEL SECURITY".to_owned()),
        (Code::RlsNotForced, "ALTER TABLE projects NO FORCE ROW LEVEL SECURITY".to_owned()),
        (Code::PolicyMissing, "DROP POLICY saas_restrictive_all ON projects".to_owned()),
        (Code::PolicyUnknown, "CREATE POLICY extra ON projects USING (true)".to_owned()),
        (Code::PolicyFailsOpen, "ALTER POLICY saas_permissive_all ON projects USING (true)".to_owned()),
        (
            Code::PolicyFailsOpen,
            "ALTER POLICY saas_permissive_all ON projects USING (nullif(current_setting('app.tenant_id', true), '') IS NULL \
             OR tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid)"
                .to_owned(),
        ),
        (Code::UniqueWithoutTenant, "CREATE UNIQUE INDEX oracle ON projects (name)".to_owned()),
        (
            Code::ReferenceWithoutTenant,
            "CREATE UNIQUE INDEX ids ON projects (id); ALTER TABLE tasks ADD FOREIGN KEY (project_id) REFERENCES projects (id)".to_owned(),
        ),
        (Code::TableUndeclared, "CREATE TABLE notes (tenant_id uuid, text text)".to_owned()),
        (Code::TableMissing, "DROP TABLE tasks".to_owned()),
        (
            Code::ViewWithoutInvoker,
            format!("CREATE VIEW all_projects AS SELECT * FROM projects; DO $$ BEGIN EXECUTE format('GRANT SELECT ON all_projects TO %I', {service}); END $$"),
        ),
        (
            Code::MaterializedView,
            format!("CREATE MATERIALIZED VIEW kept AS SELECT * FROM projects; DO $$ BEGIN EXECUTE format('GRANT SELECT ON kept TO %I', {service}); END $$"),
        ),
        (
            Code::SecurityDefiner,
            "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM projects'".to_owned(),
        ),
        (Code::GrantTooWide, format!("DO $$ BEGIN EXECUTE format('GRANT TRUNCATE ON projects TO %I', {service}); END $$")),
        (Code::RoleSuperuser, format!("DO $$ BEGIN EXECUTE format('ALTER ROLE %I SUPERUSER', {service}); END $$")),
        (Code::RoleBypassesRls, format!("DO $$ BEGIN EXECUTE format('ALTER ROLE %I BYPASSRLS', {service}); END $$")),
        (
            Code::RoleOwnsTable,
            "DO $$ BEGIN EXECUTE format('GRANT %I TO %I', current_database() || '_owner', current_database() || '_service'); END $$".to_owned(),
        ),
    ] {
        let world = World::on(Dialect::Postgres).await;
        world.db.as_superuser(&fault).await;
        let findings = verify(world.db.database(), MODULES).await.unwrap();
        assert!(findings.iter().any(|finding| finding.code == code), "{fault}: {findings:?}");
    }
}
