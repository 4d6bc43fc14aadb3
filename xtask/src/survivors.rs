//! Every change that cargo-mutants knows is made to what keeps tenants apart and to what decides who may, one after the
//! other. What no test notices has to be in `docs/survivors.toml`, with the reason why it does no harm.

use std::{collections::BTreeMap, ffi::OsStr, path::Path, process::Command, time::Instant};

use serde_json::Value;

use crate::{mutants, run, tool};

const VERSION: &str = "27.1.0";
const LIST: &str = "docs/survivors.toml";

/// Changes, and how often each is made: one line may have two places for the same.
type Changes = BTreeMap<String, usize>;

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
    let chosen = CHANGED.iter();
    let chosen: Vec<&Changed> = chosen
        .filter(|changed| package.is_none_or(|package| package == changed.package))
        .collect();
    if chosen.is_empty() {
        return Err("nothing of this package is changed".to_owned());
    }
    let program = tool::find_or_install("cargo-mutants", VERSION)?;
    let explained = explained()?;
    mutants::with_servers(|servers| {
        let copy = mutants::copy()?;
        let mut differences = Vec::new();
        for changed in &chosen {
            let survived = survivors(&program, &copy, servers, changed)?;
            let of_package = format!("{}/", changed.package);
            let known: Changes = explained
                .clone()
                .into_iter()
                .filter(|(change, _)| change.starts_with(&of_package))
                .collect();
            for (change, count) in &survived {
                if known.get(change) < Some(count) {
                    differences.push(format!("not explained: {change} ({count} times)"));
                }
            }
            for (change, count) in &known {
                if survived.get(change) < Some(count) {
                    differences.push(format!("explained, and noticed by now: {change}"));
                }
            }
        }
        if differences.is_empty() {
            return Ok(());
        }
        Err(format!(
            "{LIST} is not what survives:\n  {}",
            differences.join("\n  ")
        ))
    })
}

/// Makes the changes to a package, and gives those that its tests did not notice.
fn survivors(
    program: &Path,
    copy: &Path,
    servers: &[(&str, &OsStr)],
    changed: &Changed,
) -> Result<Changes, String> {
    let output = run::root().join("target/survivors").join(changed.package);
    // What an earlier run has found is not what this one finds.
    let _ = std::fs::remove_dir_all(&output);
    std::fs::create_dir_all(&output).map_err(|error| format!("{}: {error}", output.display()))?;
    let mut mutants = Command::new(program);
    mutants
        .current_dir(copy)
        .args(["mutants", "--in-place", "--all-features", "--no-shuffle"])
        .args(["--colors", "never"])
        .args(["--package", changed.package, "--output"])
        .arg(&output);
    for file in changed.files {
        mutants.args(["--file", &format!("{}/{file}", changed.package)]);
    }
    mutants
        .args(["--", "--locked"])
        .args(changed.tests)
        // What does not compile is not a matter of these changes, and takes the longest to show.
        .args(["--", "--skip", "ui::"])
        .env("CARGO_TARGET_DIR", mutants::built())
        .envs(servers.iter().copied());
    println!("\n== changes to {}", changed.package);
    let begun = Instant::now();
    let status = mutants
        .status()
        .map_err(|error| format!("cargo-mutants cannot be started: {error}"))?;
    println!(
        "== changes to {}: {} s",
        changed.package,
        begun.elapsed().as_secs()
    );
    // All were noticed, some survived, or some ran for too long, which is noticed. Anything else shows nothing.
    if ![Some(0), Some(2), Some(3)].contains(&status.code()) {
        return Err(format!("cargo-mutants failed ({status})"));
    }
    let outcomes = read(&output.join("mutants.out/outcomes.json"))?;
    let outcomes: Value = serde_json::from_str(&outcomes).map_err(|error| error.to_string())?;
    let count = |key: &str| {
        outcomes
            .get(key)
            .and_then(Value::as_u64)
            .unwrap_or_default()
    };
    // Tests that wait for what a change keeps from happening notice it, too.
    if count("caught") + count("timeout") == 0 {
        return Err("no change was noticed, so nothing was tested".to_owned());
    }
    let missed = read(&output.join("mutants.out/missed.txt"))?;
    let mut survived = Changes::new();
    for line in missed.lines() {
        *survived.entry(without_place(line)).or_default() += 1;
    }
    Ok(survived)
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
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
fn explained() -> Result<Changes, String> {
    let list: toml_edit::DocumentMut = read(&run::root().join(LIST))?
        .parse()
        .map_err(|error| format!("{LIST}: {error}"))?;
    let tables = list
        .get("survivor")
        .and_then(|item| item.as_array_of_tables());
    let mut explained = Changes::new();
    for table in tables.into_iter().flatten() {
        let said = |key: &str| table.get(key).and_then(|item| item.as_str());
        match (said("change"), said("why")) {
            (Some(change), Some(why)) if !why.is_empty() => {
                *explained.entry(change.to_owned()).or_default() += 1;
            }
            _ => return Err(format!("{LIST}: a survivor has a `change` and a `why`")),
        }
    }
    Ok(explained)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_the_same_wherever_it_stands() {
        let line = "saas-rbac/src/engine/bits.rs:20:9: replace Bits::has -> bool with true";
        let same = "saas-rbac/src/engine/bits.rs: replace Bits::has -> bool with true";
        assert_eq!(without_place(line), same);
    }

    #[test]
    fn every_file_is_where_it_was_and_every_survivor_in_one() {
        let files = CHANGED.iter().flat_map(|changed| {
            let files = changed.files.iter();
            files.map(|file| format!("{}/{file}", changed.package))
        });
        let files: Vec<String> = files.collect();
        for file in &files {
            assert!(run::root().join(file).exists(), "{file}");
        }
        for change in explained().unwrap().keys() {
            assert!(
                files.iter().any(|file| change.starts_with(file)),
                "{change}"
            );
        }
    }
}
