//! The figures of the house, and the rules that a machine can check.

use std::path::{Path, PathBuf};

use crate::run;

const MAX_LINES: usize = 1000;
const MAX_P95: usize = 600;
const NAMES: &[&str] = &["utils", "common", "helpers", "prelude"];

/// `cargo xtask house`
pub(crate) fn check() -> Result<(), String> {
    println!(
        "\n== house\n{:<18}{:>6}{:>8}{:>6}{:>6}{:>7}{:>7}",
        "crate", "files", "median", "p95", "max", "docs", "tests"
    );
    let mut problems = Vec::new();
    for package in packages()? {
        let mut files = Vec::new();
        sources(&package, &mut files);
        let (mut lengths, mut docs, mut lines, mut tests) = (Vec::new(), 0, 0, 0);
        for file in &files {
            let text = std::fs::read_to_string(file)
                .map_err(|error| format!("{}: {error}", file.display()))?;
            problems.extend(rules(file, &text));
            let length = text.lines().count();
            lengths.push(length);
            lines += length;
            docs += text
                .lines()
                .filter(|line| {
                    ["///", "//!"]
                        .iter()
                        .any(|mark| line.trim_start().starts_with(mark))
                })
                .count();
            tests += text.matches("#[test]").count() + text.matches("#[tokio::test").count();
        }
        lengths.sort_unstable();
        let at = |share: usize| {
            lengths
                .get((lengths.len() * share / 100).min(lengths.len().saturating_sub(1)))
                .copied()
                .unwrap_or(0)
        };
        let name = package
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        let share = (docs * 100).checked_div(lines).unwrap_or(0);
        println!(
            "{name:<18}{:>6}{:>8}{:>6}{:>6}{share:>6}%{tests:>7}",
            files.len(),
            at(50),
            at(95),
            at(100)
        );
        if at(95) > MAX_P95 {
            problems.push(format!(
                "`{name}`: one file in twenty has more than {MAX_P95} lines"
            ));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("house:\n  {}", problems.join("\n  ")))
    }
}

pub(crate) fn packages() -> Result<Vec<PathBuf>, String> {
    let mut found = Vec::new();
    for folder in [run::root(), run::root().join("examples")] {
        let entries =
            std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        found.extend(
            entries
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.join("Cargo.toml").is_file()),
        );
    }
    found.sort();
    Ok(found)
}

/// Collects the sources below a folder, without build results and UI cases.
pub(crate) fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if path.is_dir() && name != "target" && name != "ui" && name != "data" {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

fn rules(file: &Path, text: &str) -> Vec<String> {
    let mut problems = Vec::new();
    let shown = file
        .strip_prefix(run::root())
        .unwrap_or(file)
        .display()
        .to_string();
    if text.lines().count() > MAX_LINES {
        problems.push(format!("{shown}: more than {MAX_LINES} lines"));
    }
    let stem = file
        .file_stem()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let folder = file
        .parent()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    if NAMES.contains(&stem) || NAMES.contains(&folder) {
        problems.push(format!("{shown}: a name that says nothing"));
    }
    let audited = [
        "saas-tenancy/src/sql/mod.rs",
        "saas-testkit/src/database.rs",
    ]
    .contains(&shown.as_str());
    if !audited && text.contains(concat!("Assert", "SqlSafe")) {
        problems.push(format!(
            "{shown}: SQL is put together in saas-tenancy/src/sql/mod.rs only"
        ));
    }
    // Split, so that this file does not find itself.
    for (word, why) in [
        (concat!("TO", "DO"), "unfinished"),
        (concat!("FIX", "ME"), "unfinished"),
        (concat!("todo", "!("), "unfinished"),
        (concat!("unimplemented", "!("), "unfinished"),
        (concat!("dbg", "!("), "left over"),
        (concat!("unsafe", " {"), "unsafe code"),
        (concat!("unsafe", " fn"), "unsafe code"),
    ] {
        if text.contains(word) {
            problems.push(format!("{shown}: {why} (`{word}`)"));
        }
    }
    problems
}
