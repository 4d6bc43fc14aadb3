//! Every change that cargo-mutants knows is made to what keeps tenants apart and to what decides who may, one after the
//! other. What no test notices has to be in `docs/survivors.toml`, with the reason why it does no harm.

use std::{collections::BTreeSet, ffi::OsStr, path::Path, process::Command};

use crate::{mutants, run, tool};

const VERSION: &str = "27.1.0";
const LIST: &str = "docs/survivors.toml";

/// The files of a package, and which of its tests are run.
struct Changed {
    package: &'static str,
    files: &'static [&'static str],
    tests: &'static [&'static str],
}

/// Where statements get their tenant, where requests are admitted, where permissions are decided and given, and where
/// keys and paths get their tenant.
const CHANGED: [Changed; 4] = [
    Changed {
        package: "saas-tenancy",
        files: &[
            "src/admit/service.rs",
            "src/admit/verdict.rs",
            "src/sql/builder.rs",
            "src/sql/change.rs",
            "src/sql/condition.rs",
            "src/sql/select.rs",
        ],
        tests: &["--lib", "--test", "it"],
    },
    Changed {
        package: "saas-rbac",
        files: &[
            "src/engine/bits.rs",
            "src/engine/graph.rs",
            "src/engine/snapshot.rs",
            "src/guard/public.rs",
            "src/guard/service.rs",
            "src/guard/verdict.rs",
            "src/role/grant.rs",
        ],
        tests: &["--lib", "--test", "it"],
    },
    Changed {
        package: "saas-edge",
        files: &["src/cache/entry.rs", "src/limit/tenant.rs"],
        tests: &["--lib", "--test", "it"],
    },
    Changed {
        package: "saas-storage",
        files: &["src/key.rs"],
        tests: &["--lib"],
    },
];

/// `cargo xtask survivors [package]`
pub(crate) fn check(package: Option<&str>) -> Result<(), String> {
    let program = tool::find_or_install("cargo-mutants", VERSION)?;
    let explained = explained()?;
    mutants::with_servers(|servers| {
        let copy = mutants::copy()?;
        let mut unexplained = Vec::new();
        for changed in CHANGED {
            if package.is_none_or(|package| package == changed.package) {
                let survived = survivors(&program, &copy, servers, &changed)?;
                unexplained.extend(survived.difference(&explained).cloned());
            }
        }
        if unexplained.is_empty() {
            return Ok(());
        }
        let list = unexplained.join("\n  ");
        Err(format!(
            "no test notices these, and {LIST} does not explain them:\n  {list}"
        ))
    })
}

/// Makes the changes to a package, and gives those that its tests did not notice.
fn survivors(
    program: &Path,
    copy: &Path,
    servers: &[(&str, &OsStr)],
    changed: &Changed,
) -> Result<BTreeSet<String>, String> {
    let output = run::root().join("target/survivors").join(changed.package);
    let mut mutants = Command::new(program);
    mutants
        .current_dir(copy)
        .args([
            "mutants",
            "--in-place",
            "--all-features",
            "--baseline",
            "skip",
        ])
        .args(["--timeout", "120", "--colors", "never", "--no-shuffle"])
        .args(["--package", changed.package, "--output"])
        .arg(&output);
    for file in changed.files {
        mutants.args(["--file", &format!("{}/{file}", changed.package)]);
    }
    mutants
        .arg("--")
        .arg("--locked")
        .args(changed.tests)
        .env("CARGO_TARGET_DIR", mutants::built())
        .envs(servers.iter().copied());
    // It fails when a change survives; what did is in its files.
    let ended = run::step(&format!("changes to {}", changed.package), &mut mutants);
    let missed = output.join("mutants.out/missed.txt");
    match std::fs::read_to_string(&missed) {
        Ok(missed) => Ok(missed.lines().map(without_place).collect()),
        Err(error) => Err(format!("{}: {error}; {ended:?}", missed.display())),
    }
}

/// Takes line and column out of `file:line:column: change`, which every edit above moves.
fn without_place(line: &str) -> String {
    let mut parts = line.splitn(4, ':');
    match (parts.next(), parts.nth(2)) {
        (Some(file), Some(change)) => format!("{file}:{change}"),
        _ => line.to_owned(),
    }
}

/// Reads the changes that are explained. Each has to say why.
fn explained() -> Result<BTreeSet<String>, String> {
    let text = std::fs::read_to_string(run::root().join(LIST))
        .map_err(|error| format!("{LIST}: {error}"))?;
    let list: toml_edit::DocumentMut = text.parse().map_err(|error| format!("{LIST}: {error}"))?;
    let tables = list
        .get("survivor")
        .and_then(|item| item.as_array_of_tables());
    let mut explained = BTreeSet::new();
    for table in tables.into_iter().flatten() {
        let said = |key: &str| table.get(key).and_then(|item| item.as_str());
        match (said("change"), said("why")) {
            (Some(change), Some(why)) if !why.is_empty() => explained.insert(change.to_owned()),
            _ => return Err(format!("{LIST}: a survivor has a `change` and a `why`")),
        };
    }
    Ok(explained)
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_change_is_the_same_wherever_it_stands() {
        let line = "saas-rbac/src/engine/bits.rs:20:9: replace Bits::has -> bool with true";
        let same = "saas-rbac/src/engine/bits.rs: replace Bits::has -> bool with true";
        assert_eq!(super::without_place(line), same);
        assert!(super::explained().is_ok());
    }
}
