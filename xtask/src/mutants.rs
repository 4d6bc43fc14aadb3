//! Each guard between tenants is taken away in turn, and the tests have to notice.
//!
//! A guard that no test misses is a guard that may be lost in the next change. The changes are made in a copy
//! of the sources.

use std::{
    collections::BTreeSet,
    ffi::OsStr,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use crate::{pooler::Pooler, postgres::Postgres, redis, run};

/// A guard, how it is taken away, and the tests that have to fail then.
struct Mutant {
    guard: &'static str,
    file: &'static str,
    from: &'static str,
    to: &'static str,
    package: &'static str,
    tests: &'static [&'static str],
}

const MUTANTS: &[Mutant] = &[
    Mutant {
        guard: "the tenant in reading statements",
        file: "saas-tenancy/src/sql/builder.rs",
        from: r#"tenant: "$1","#,
        to: r#"tenant: "tenant_id","#,
        package: "saas-tenancy",
        tests: &["batch::", "isolation::"],
    },
    Mutant {
        guard: "the tenant in writing statements",
        file: "saas-tenancy/src/sql/change.rs",
        from: r#".push(" = $1");"#,
        to: r#".push(" IS NOT NULL AND $1 = $1");"#,
        package: "saas-tenancy",
        tests: &["batch::", "isolation::"],
    },
    Mutant {
        guard: "the tenant in filters by other rows",
        file: "saas-tenancy/src/sql/condition.rs",
        from: r#"sql.push_tenant().push(" AND ");"#,
        to: r#"inside.push(sql, self.entity.tenant)?.push(" AND ");"#,
        package: "saas-tenancy",
        tests: &["related::"],
    },
    Mutant {
        guard: "the tenant in the statements of the derive",
        file: "saas-macros/src/entity/expand.rs",
        from: "WHERE tenant_id = {tenant} AND",
        to: "WHERE {tenant} = {tenant} AND",
        package: "saas-tenancy",
        tests: &["isolation::"],
    },
    Mutant {
        guard: "row-level security",
        file: "saas-tenancy/tests/it/schema/postgres.sql",
        from: "tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid",
        to: "true",
        package: "saas-tenancy",
        tests: &["isolation::"],
    },
    Mutant {
        guard: "the tenant in foreign keys",
        file: "saas-tenancy/tests/it/schema/sqlite.sql",
        from: ",\n    FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id)",
        to: "",
        package: "saas-tenancy",
        tests: &["isolation::"],
    },
    Mutant {
        guard: "the end of a cancelled transaction",
        file: "saas-tenancy/src/database/session/recovery.rs",
        from: "if !self.begun && !self.in_flight {",
        to: "if true {",
        package: "saas-tenancy",
        tests: &["cancel::"],
    },
    Mutant {
        guard: "the tenant in cursors",
        file: "saas-tenancy/src/repository/read.rs",
        from: "self.tx.scope().tenant().id(),\n            info.table",
        to: "saas_core::TenantId::from_uuid(uuid::Uuid::nil()),\n            info.table",
        package: "saas-tenancy",
        tests: &["pages::"],
    },
    Mutant {
        guard: "the tenant in the cache of rules",
        file: "saas-rbac/src/engine/cache.rs",
        from: "let kept = kept.get(&tenant)?;\n        (now < kept.until).then(|| look",
        to: "let kept = self.shards.iter().find_map(|shard| shard.kept.load().values().next().cloned())?;\n        (now < kept.until).then(|| look",
        package: "saas-rbac",
        tests: &["engine::"],
    },
    Mutant {
        guard: "the tenant in the keys of caches",
        file: "saas-edge/src/cache/entry.rs",
        from: "tenant: scope.tenant().id(),",
        to: "tenant: TenantId::from_uuid({ let _ = scope; Default::default() }),",
        package: "saas-edge",
        tests: &["cache::"],
    },
    Mutant {
        guard: "the tenant in the keys of limits",
        file: "saas-edge/src/limit/tenant.rs",
        from: "&[scope.tenant().id().as_uuid().as_bytes()]",
        to: "&[scope.tenant().id().as_uuid().as_bytes().get(..0).unwrap_or_default()]",
        package: "saas-edge",
        tests: &["limit::"],
    },
    Mutant {
        guard: "that one tenant leaves connections to the others",
        file: "saas-tenancy/src/database/config.rs",
        from: "all - all / 4",
        to: "all",
        package: "starter",
        tests: &["limits::"],
    },
    Mutant {
        guard: "that one tenant leaves requests to the others",
        file: "saas-edge/src/limit/share.rs",
        from: "(&self.members, scope.tenant().id())",
        to: "(&self.members, TenantId::from_uuid({ let _ = scope; Default::default() }))",
        package: "starter",
        tests: &["limits::"],
    },
    Mutant {
        guard: "that instances count together",
        file: "saas-edge/src/limit/redis.rs",
        from: "if excess > 0 then return",
        to: "if false then return",
        package: "saas-edge",
        tests: &["limit::"],
    },
    Mutant {
        guard: "the tenant of an event",
        file: "saas-tenancy/src/outbox/relay.rs",
        from: "let scope = system.within(&tenant);",
        to: "let tenant = self.registry.by_slug(&\"acme\".parse().map_err(|_| Error::NotFound)?).await?.ok_or(Error::NotFound)?; let scope = system.within(&tenant);",
        package: "saas-tenancy",
        tests: &["outbox::"],
    },
    Mutant {
        guard: "that the claim of a token agrees with the address",
        file: "saas-tenancy/src/admit/verdict.rs",
        from: "named.id() != home.id()",
        to: "named.id() != named.id()",
        package: "saas-tenancy",
        tests: &["admit::"],
    },
    Mutant {
        guard: "that nobody gives what he lacks",
        file: "saas-rbac/src/role/grant.rs",
        from: "if lacking.is_empty() && !touched.unknown {",
        to: "if lacking.is_empty() || !touched.unknown {",
        package: "saas-rbac",
        tests: &["escalation::"],
    },
    Mutant {
        guard: "that rules are changed one after the other",
        file: "saas-rbac/src/role/grant.rs",
        from: "Ok(tx.lock(LOCK).await?)",
        to: "let _ = (LOCK, tx); std::future::ready(Ok(())).await",
        package: "saas-rbac",
        tests: &["escalation::"],
    },
    Mutant {
        guard: "that old rules are read again",
        file: "saas-rbac/src/engine/cache.rs",
        from: "(now < kept.until).then(|| look",
        to: "(now < kept.until || true).then(|| look",
        package: "saas-rbac",
        tests: &["watch::"],
    },
    Mutant {
        guard: "that who may not is refused",
        file: "saas-rbac/src/guard/verdict.rs",
        from: "Decision::Deny => Err(Problem::new(Code::FORBIDDEN)),",
        to: "Decision::Deny => Ok(()),",
        package: "saas-rbac",
        tests: &["guard::"],
    },
    Mutant {
        guard: "that who has to prove more is asked to",
        file: "saas-rbac/src/guard/verdict.rs",
        from: "Decision::StepUp => Err(Problem::new(Code::STEP_UP_REQUIRED)),",
        to: "Decision::StepUp => Ok(()),",
        package: "saas-rbac",
        tests: &["guard::"],
    },
    Mutant {
        guard: "the networks of a tenant",
        file: "saas-edge/src/network/layer.rs",
        from: "if networks.permits(client) {",
        to: "if networks.permits(client) || true {",
        package: "starter",
        tests: &["settings::"],
    },
    Mutant {
        guard: "that a public route has no scope",
        file: "saas-rbac/src/guard/public.rs",
        from: "if extensions.remove::<Admission>().is_some() {",
        to: "if false {",
        package: "saas-rbac",
        tests: &["guard::"],
    },
    Mutant {
        guard: "the rule of a narrowed repository",
        file: "saas-tenancy/src/sql/select.rs",
        from: "self.only.iter().chain(self.conditions)",
        to: "self.conditions",
        package: "saas-rbac",
        tests: &["rule::"],
    },
    Mutant {
        guard: "that words of a tenant carry no secret away",
        file: "saas-mail/src/template/render.rs",
        from: "if author == Author::Tenant {",
        to: "if author == Author::Tenant && false {",
        package: "saas-mail",
        tests: &["templates::"],
    },
    Mutant {
        guard: "the tenant in the paths of files",
        file: "saas-storage/src/key.rs",
        from: r#"format!("tenants/{tenant}/")"#,
        to: r#"format!("tenants/{}/", &tenant.to_string()[..0])"#,
        package: "saas-storage",
        tests: &["files::"],
    },
];

/// `cargo xtask mutants [package]`
pub(crate) fn check(package: Option<&str>) -> Result<(), String> {
    with_servers(|servers| check_with(servers, package))
}

/// Runs what tests with the servers that tests need, whose variables it is given.
pub(crate) fn with_servers(
    run: impl FnOnce(&[(&str, &OsStr)]) -> Result<(), String>,
) -> Result<(), String> {
    let server = Postgres::start()?;
    let pooler = Pooler::start(server.url())?;
    let redis = redis::Redis::start()?;
    let program = redis::program()?;
    let servers = [
        ("TEST_DATABASE_URL", server.url().as_ref()),
        ("TEST_POOLER_URL", pooler.url().as_ref()),
        ("TEST_REDIS_URL", redis.url().as_ref()),
        ("TEST_REDIS_SERVER", program.as_os_str()),
    ];
    run(&servers)
}

/// Says which guards are not where this file thinks they are, because what they stand in has changed.
pub(crate) fn guards_are_there() -> Result<(), String> {
    let gone = MUTANTS.iter().filter(|mutant| {
        let file = std::fs::read_to_string(run::root().join(mutant.file));
        !file.is_ok_and(|text| text.contains(mutant.from))
    });
    let gone: Vec<_> = gone
        .map(|mutant| format!("{} does not hold `{}`", mutant.file, mutant.from))
        .collect();
    if gone.is_empty() {
        Ok(())
    } else {
        Err(gone.join("\n"))
    }
}

fn check_with(servers: &[(&str, &OsStr)], package: Option<&str>) -> Result<(), String> {
    guards_are_there()?;
    let copy = copy()?;
    let mut missed = Vec::new();
    let wanted = |mutant: &&Mutant| package.is_none_or(|package| mutant.package == package);
    for mutant in MUTANTS.iter().filter(wanted) {
        println!("\n== without {}", mutant.guard);
        let file = copy.join(mutant.file);
        let original = read(&file)?;
        write(&file, &original.replace(mutant.from, mutant.to))?;
        let mut arguments = vec![
            "test",
            "--locked",
            "--quiet",
            "-p",
            mutant.package,
            "--all-features",
            "--test",
            "it",
        ];
        let build = [arguments.as_slice(), &["--no-run"]].concat();
        // Of its own: cargo takes the copy for the same packages, and would mix what it has built of both.
        let target = built();
        let cargo = |arguments: &[&str]| {
            let mut cargo = run::cargo(arguments);
            cargo
                .current_dir(&copy)
                .env("CARGO_TARGET_DIR", &target)
                .envs(servers.iter().copied());
            cargo
        };
        // A change that does not compile shows nothing.
        run::output(&mut cargo(&build))?;
        arguments.push("--");
        arguments.extend(mutant.tests);
        let noticed = !passes(cargo(&arguments))?;
        write(&file, &original)?;
        println!("== {}", if noticed { "noticed" } else { "NOT NOTICED" });
        if !noticed {
            missed.push(mutant.guard);
        }
    }
    if missed.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "no test notices when these are missing: {missed:?}"
        ))
    }
}

/// Tells whether the tests pass. Those that hang do not.
fn passes(mut tests: Command) -> Result<bool, String> {
    let failed = |error: std::io::Error| error.to_string();
    let silent = tests.stdout(Stdio::null()).stderr(Stdio::null());
    let mut tests = silent.process_group(0).spawn().map_err(failed)?;
    let begun = Instant::now();
    while begun.elapsed() < PATIENCE {
        if let Some(status) = tests.try_wait().map_err(failed)? {
            return Ok(status.success());
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    // The group, because the tests are a child of cargo.
    let group = format!("-{}", tests.id());
    let _ = Command::new("kill").args(["-9", "--", &group]).status();
    let _ = tests.wait();
    Ok(false)
}

/// How long the tests of a mutant may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the copy is compiled.
pub(crate) fn built() -> PathBuf {
    run::root().join("target/mutated")
}

/// Copies what git knows or would know.
pub(crate) fn copy() -> Result<PathBuf, String> {
    let target = run::root().join("target/mutants");
    let mut list = std::process::Command::new("git");
    list.args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(run::root());
    let list = run::output(&mut list)?;
    let known: BTreeSet<PathBuf> = list.lines().map(|name| target.join(name)).collect();
    forget(&target, &known)?;
    for name in list.lines() {
        let (from, to) = (run::root().join(name), target.join(name));
        let Ok(contents) = std::fs::read(&from) else {
            continue;
        };
        // What has not changed keeps its time, so that it is not compiled again.
        if std::fs::read(&to).ok().as_ref() == Some(&contents) {
            continue;
        }
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|error| format!("{}: {error}", folder.display()))?;
        }
        std::fs::write(&to, contents).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    Ok(target)
}

/// Removes what git does not know any more.
fn forget(folder: &Path, known: &BTreeSet<PathBuf>) -> Result<(), String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            forget(&path, known)?;
        } else if !known.contains(&path) {
            std::fs::remove_file(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}

fn write(file: &Path, text: &str) -> Result<(), String> {
    std::fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_guard_is_where_it_was() {
        assert_eq!(super::guards_are_there(), Ok(()));
    }
}
