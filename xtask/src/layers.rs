//! Who may know whom, compared with the table in ARCHITECTURE.md.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::run;

/// Crates that may not be compiled into anything, and crates of which there is one version.
const FORBIDDEN: &[&str] = &["ring", "openssl-sys", "native-tls"];
const SINGLE: &[&str] = &[
    "http",
    "hyper",
    "axum",
    "tower",
    "sqlx",
    "rustls",
    "tokio",
    "libsqlite3-sys",
    "opendal",
];

/// `cargo xtask layers`
pub(crate) fn check() -> Result<(), String> {
    println!("\n== layers");
    let text = std::fs::read_to_string(run::root().join("ARCHITECTURE.md"))
        .map_err(|error| format!("ARCHITECTURE.md: {error}"))?;
    let allowed = table(&text);
    let metadata = run::output(&mut run::cargo(&[
        "metadata",
        "--locked",
        "--format-version",
        "1",
        "--no-deps",
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let packages = metadata
        .get("packages")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let names: BTreeSet<String> = packages.iter().filter_map(name).collect();
    let mut problems = Vec::new();
    for package in &packages {
        let Some(name) = name(package) else { continue };
        let Some(may) = allowed.get(&name) else {
            problems.push(format!("`{name}` is not in the table of ARCHITECTURE.md"));
            continue;
        };
        if package
            .pointer("/features/default")
            .and_then(Value::as_array)
            .is_some_and(|features| !features.is_empty())
        {
            problems.push(format!("`{name}` has default features"));
        }
        for dependency in package
            .get("dependencies")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            let other = dependency
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let test_only = dependency.get("kind").and_then(Value::as_str) == Some("dev");
            if names.contains(other) && !test_only && !may.contains(other) && !may.contains("all") {
                problems.push(format!("`{name}` may not know `{other}`"));
            }
        }
    }
    problems.extend(versions()?);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("layers:\n  {}", problems.join("\n  ")))
    }
}

/// Reads `| crate | may know |` rows.
fn table(text: &str) -> BTreeMap<String, BTreeSet<String>> {
    let section = text
        .split("## Who may know whom")
        .nth(1)
        .unwrap_or_default();
    let section = section.split("\n## ").next().unwrap_or_default();
    let words = |cell: &str| {
        cell.replace('`', "")
            .split(',')
            .map(|word| word.trim().to_owned())
            .filter(|word| !word.is_empty())
            .collect()
    };
    section
        .lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix('|')?.split('|');
            Some((
                cells.next()?.replace('`', "").trim().to_owned(),
                words(cells.next()?),
            ))
        })
        .collect()
}

fn versions() -> Result<Vec<String>, String> {
    let arguments = [
        "tree",
        "--locked",
        "--workspace",
        "--all-features",
        "--edges",
        "normal,build",
        "--prefix",
        "none",
        "--format",
        "{p}",
    ];
    let tree = run::output(&mut run::cargo(&arguments))?;
    let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in tree.lines() {
        let mut words = line.split_whitespace();
        if let (Some(name), Some(version)) = (words.next(), words.next()) {
            versions.entry(name).or_default().insert(version);
        }
    }
    let forbidden = FORBIDDEN
        .iter()
        .filter(|name| versions.contains_key(**name))
        .map(|name| format!("`{name}` is in the tree"));
    let several = SINGLE.iter().filter(|name| {
        versions
            .get(**name)
            .is_some_and(|versions| versions.len() > 1)
    });
    Ok(forbidden
        .chain(several.map(|name| format!("there are several versions of `{name}`")))
        .collect())
}

fn name(package: &Value) -> Option<String> {
    package
        .get("name")
        .and_then(Value::as_str)
        .map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads_the_table() {
        let table = super::table(
            "x\n## Who may know whom\n| a | b |\n|---|---|\n| `one` | `two`, `three` |\n| `two` | |\n## y\n| z | q |",
        );
        assert_eq!(table["one"].len(), 2);
        assert!(table["two"].is_empty());
        assert!(!table.contains_key("z"));
    }
}
