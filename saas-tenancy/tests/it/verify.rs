//! A clean database passes; each planted fault is found, and its mend mends it.

use saas_tenancy::{Dialect, Finding, FindingCode as Code, Module, Severity, verify};

use crate::world::{MODULE, World};

const MODULES: &[&Module] = &[&saas_tenancy::MODULE, &MODULE];

const TENANT: &str = "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid";

async fn findings(world: &World) -> Vec<Finding> {
    // A new connection, as at a start: settings of roles show on new connections only.
    let database = world.db.another_instance(1).await;
    let findings = verify(&database, MODULES).await.unwrap();
    database.close().await;
    findings
}

#[tokio::test]
async fn a_clean_database_has_no_finding() {
    for world in World::all().await {
        assert_eq!(findings(&world).await, []);
    }
}

/// Faults, by the code that finds them. `$service` and `$owner` are the roles, `$db` the database.
const FAULTS: &[(Code, &str)] = &[
    (Code::RoleSuperuser, "ALTER ROLE $service SUPERUSER"),
    (
        Code::RoleSuperuser,
        "CREATE ROLE $db_admin SUPERUSER; GRANT $db_admin TO $service",
    ),
    (Code::RoleBypassesRls, "ALTER ROLE $service BYPASSRLS"),
    (
        Code::RoleBypassesRls,
        "CREATE ROLE $db_above BYPASSRLS; CREATE ROLE $db_between NOINHERIT; GRANT $db_above TO $db_between; \
         GRANT $db_between TO $service",
    ),
    (Code::RoleOwnsTable, "GRANT $owner TO $service"),
    (
        Code::TenantPreset,
        "ALTER ROLE $service SET app.tenant_id = '00000000-0000-7000-8000-000000000000'",
    ),
    (
        Code::TenantPreset,
        "ALTER DATABASE $db SET app.system_scope = 'always'",
    ),
    (
        Code::TenantNullable,
        "ALTER TABLE notes DROP CONSTRAINT notes_pkey; ALTER TABLE notes ALTER tenant_id DROP NOT NULL",
    ),
    (
        Code::RlsDisabled,
        "ALTER TABLE projects DISABLE ROW LEVEL SECURITY",
    ),
    (
        Code::RlsNotForced,
        "ALTER TABLE projects NO FORCE ROW LEVEL SECURITY",
    ),
    (
        Code::PolicyMissing,
        "DROP POLICY saas_restrictive_all ON projects",
    ),
    (
        Code::PolicyMissing,
        "DROP POLICY saas_permissive_select ON saas_tenants",
    ),
    (
        Code::PolicyUnknown,
        "CREATE POLICY extra ON projects USING (true)",
    ),
    (
        Code::PolicyFailsOpen,
        "ALTER POLICY saas_permissive_all ON projects USING (true)",
    ),
    (
        Code::PolicyFailsOpen,
        "ALTER POLICY saas_permissive_all ON projects USING (nullif(current_setting('app.tenant_id', true), '') IS NULL OR $tenant)",
    ),
    (
        Code::PolicyFailsOpen,
        "ALTER POLICY saas_restrictive_all ON projects WITH CHECK (current_setting('app.tenant_id', true) = '' OR $tenant)",
    ),
    (
        Code::PolicyFailsOpen,
        "ALTER POLICY saas_permissive_all ON projects USING (tenant_id IS NOT DISTINCT FROM \
         nullif(current_setting('app.tenant_id', true), '')::uuid)",
    ),
    (
        Code::PolicyWithoutCheck,
        "DROP POLICY saas_permissive_all ON projects; CREATE POLICY saas_permissive_all ON projects USING ($tenant)",
    ),
    (
        Code::PolicyDiffers,
        "ALTER POLICY saas_permissive_all ON projects USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)",
    ),
    (
        Code::PolicyDiffers,
        "ALTER POLICY saas_restrictive_all ON projects TO $owner",
    ),
    (
        Code::PolicyDiffers,
        "DROP POLICY saas_restrictive_all ON projects; CREATE POLICY saas_restrictive_all ON projects AS PERMISSIVE \
         USING ($tenant) WITH CHECK ($tenant)",
    ),
    (
        Code::PolicyDiffers,
        "ALTER POLICY saas_permissive_select ON saas_tenants USING (true)",
    ),
    (
        Code::UniqueWithoutTenant,
        "CREATE UNIQUE INDEX oracle ON projects (name)",
    ),
    (
        Code::UniqueWithoutTenant,
        "CREATE UNIQUE INDEX oracle ON projects (lower(name))",
    ),
    (
        Code::UniqueWithoutTenant,
        "ALTER TABLE notes ADD CONSTRAINT texts UNIQUE (text)",
    ),
    (Code::KeyMissing, "DROP INDEX projects_name_key"),
    (
        Code::KeyMissing,
        "DROP INDEX projects_name_key; CREATE UNIQUE INDEX named ON projects (tenant_id, name) WHERE name <> ''",
    ),
    (
        Code::KeyMissing,
        "ALTER TABLE notes DROP CONSTRAINT notes_pkey",
    ),
    (
        Code::ReferenceWithoutTenant,
        "ALTER TABLE projects ADD UNIQUE (id); ALTER TABLE tasks ADD FOREIGN KEY (project_id) REFERENCES projects (id)",
    ),
    (
        Code::TableUndeclared,
        "CREATE TABLE extra (tenant_id uuid, text text); GRANT SELECT ON extra TO $service",
    ),
    (
        Code::TableRewritten,
        "CREATE RULE quietly AS ON DELETE TO projects DO INSTEAD NOTHING",
    ),
    (
        Code::ViewWithoutInvoker,
        "CREATE VIEW all_projects AS SELECT * FROM projects; GRANT SELECT ON all_projects TO $service",
    ),
    (
        Code::ViewWithoutInvoker,
        "CREATE VIEW inner_view WITH (security_invoker = true) AS SELECT * FROM projects; \
         CREATE VIEW outer_view AS SELECT * FROM inner_view; GRANT SELECT ON outer_view TO $service",
    ),
    (
        Code::MaterializedView,
        "CREATE MATERIALIZED VIEW kept AS SELECT * FROM projects; GRANT SELECT ON kept TO $service",
    ),
    (
        Code::SecurityDefiner,
        "CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM projects'",
    ),
    (
        Code::SecurityDefiner,
        "CREATE FUNCTION copy() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END'; \
         REVOKE EXECUTE ON FUNCTION copy FROM PUBLIC; \
         CREATE TRIGGER copies BEFORE INSERT ON projects FOR EACH ROW EXECUTE FUNCTION copy()",
    ),
    (Code::GrantTooWide, "GRANT TRUNCATE ON projects TO $service"),
    (Code::GrantTooWide, "GRANT TRIGGER ON projects TO PUBLIC"),
    (Code::GrantTooWide, "GRANT DELETE ON saas_audit TO $service"),
    (
        Code::SchemaWritable,
        "GRANT CREATE ON SCHEMA public TO $service",
    ),
    (
        Code::TemporaryTables,
        "GRANT TEMPORARY ON DATABASE $db TO PUBLIC",
    ),
    (Code::LargeObjects, "SELECT lo_from_bytea(0, 'secret')"),
    (Code::ExtensionReachesOut, "CREATE EXTENSION dblink"),
    (
        Code::PublicationUnfiltered,
        "CREATE PUBLICATION everything FOR TABLE projects",
    ),
];

#[tokio::test]
async fn iso_09_to_57_each_planted_fault_is_found_and_its_mend_mends_it() {
    for (code, fault) in FAULTS {
        let world = World::on(Dialect::Postgres).await;
        let (service, owner) = world.db.roles();
        let name = service.trim_end_matches("_service");
        let fault = fault
            .replace("$tenant", TENANT)
            .replace("$service", &service)
            .replace("$owner", &owner)
            .replace("$db", name);
        world.db.as_superuser(&fault).await;
        let mut found = findings(&world).await;
        assert!(
            found.iter().any(|finding| finding.code == *code),
            "{fault}: {found:?}"
        );
        // Nothing else is found, but for what the fault is itself, seen from another side.
        let others = found.iter().filter(|finding| finding.code != *code);
        let others: Vec<_> = others.filter(|other| !follows(*code, other.code)).collect();
        assert!(others.is_empty(), "{fault}: {others:?}");

        // A foreign key hangs on the unique key that it refers to.
        found.sort_by_key(|finding| finding.code == Code::UniqueWithoutTenant);
        for finding in &found {
            world.db.as_superuser(&finding.mend).await;
        }
        assert_eq!(
            findings(&world).await,
            [],
            "after mending {fault} with {found:?}"
        );
        for role in ["admin", "between", "above"] {
            world
                .db
                .as_superuser(&format!("DROP ROLE IF EXISTS {name}_{role}"))
                .await;
        }
    }
}

/// A superuser may do everything, and whoever is the owner's member has the owner's rights.
fn follows(code: Code, other: Code) -> bool {
    match code {
        Code::RoleSuperuser => true,
        Code::RoleOwnsTable => matches!(
            other,
            Code::GrantTooWide | Code::SchemaWritable | Code::TemporaryTables
        ),
        Code::ReferenceWithoutTenant => other == Code::UniqueWithoutTenant,
        Code::TenantNullable => other == Code::KeyMissing,
        _ => false,
    }
}

#[tokio::test]
async fn a_missing_table_or_column_is_found() {
    for (code, fault) in [
        (Code::TableMissing, "DROP TABLE tasks"),
        (Code::ColumnMissing, "ALTER TABLE tasks DROP COLUMN title"),
    ] {
        for world in World::all().await {
            world.db.as_owner(fault).await;
            let found = findings(&world).await;
            assert_eq!(
                found.iter().map(|finding| finding.code).collect::<Vec<_>>(),
                [code],
                "{found:?}"
            );
        }
    }
}

#[tokio::test]
async fn iso_07_43_56_keys_without_the_tenant_are_found_on_sqlite() {
    let world = World::on(Dialect::Sqlite).await;
    world
        .db
        .as_owner(
            "CREATE UNIQUE INDEX oracle ON projects (name);
             DROP INDEX notes_code_key;
             CREATE UNIQUE INDEX named ON notes (tenant_id, code) WHERE code <> '';
             DROP TABLE tasks;
             CREATE TABLE tasks (tenant_id BLOB, id BLOB NOT NULL, project_id BLOB NOT NULL REFERENCES projects (id),
                                 title TEXT NOT NULL, UNIQUE (tenant_id, id)) STRICT;
             CREATE TABLE extra (tenant_id BLOB, text TEXT) STRICT",
        )
        .await;
    let found = findings(&world).await;
    let codes: Vec<_> = found.iter().map(|finding| finding.code).collect();
    for code in [
        Code::UniqueWithoutTenant,
        Code::ReferenceWithoutTenant,
        Code::TenantNullable,
        Code::TableUndeclared,
        Code::KeyMissing,
    ] {
        assert!(codes.contains(&code), "{code}: {found:?}");
    }
    assert_eq!(codes.len(), 5, "{found:?}");
}

#[test]
fn a_finding_is_named_and_says_how_bad_it_is() {
    assert_eq!(
        serde_json::to_value(Code::RlsDisabled).unwrap(),
        Code::RlsDisabled.name()
    );
    assert_eq!(Code::RlsDisabled.severity(), Severity::Leak);
    assert_eq!(Code::LargeObjects.severity(), Severity::Weakness);
}
