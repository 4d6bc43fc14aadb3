//! How many crates each feature set may bring, compared with what it brings.
//!
//! A dependency is paid for by everybody: in time to build, in what has to be audited. Its price shows here, in the
//! change that adds it. What is counted are the crates that are compiled for Linux, on whatever machine.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::{Command, Stdio},
};

use toml_edit::{DocumentMut, Item, TableLike};

use crate::{house, run};

const FILE: &str = "docs/budget.toml";
const TARGET: &str = "x86_64-unknown-linux-gnu";
/// So many at a time: each reads the lock file anew, and waits for little else.
const AT_ONCE: usize = 4;

/// `cargo xtask budget [--write]`
pub(crate) fn check(write: bool) -> Result<(), String> {
    println!("\n== crates");
    let path = run::root().join(FILE);
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{FILE}: {error}"))?;
    let mut file: DocumentMut = text.parse().map_err(|error| format!("{FILE}: {error}"))?;
    let most = file.get_mut("most").and_then(Item::as_table_like_mut);
    let most = most.ok_or_else(|| format!("{FILE} has no table `most`"))?;
    let lines: Vec<String> = most.iter().map(|(line, _)| line.to_owned()).collect();
    let counted = count(&lines)?;
    if write {
        set(most, &counted);
        return std::fs::write(&path, file.to_string()).map_err(|error| format!("{FILE}: {error}"));
    }
    let mut problems = unnamed(&lines)?;
    for (line, &count) in &counted {
        let most = most.get(line).and_then(Item::as_integer);
        let most = most.and_then(|most| usize::try_from(most).ok());
        let most = most.ok_or_else(|| format!("{FILE}: `{line}` has no number"))?;
        println!("{line:<44}{count:>5} of {most}");
        if count > most {
            problems.push(over(line, count, most));
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("budget:\n  {}", problems.join("\n  ")))
    }
}

/// Counts what each line brings, beside its own crate.
fn count(lines: &[String]) -> Result<BTreeMap<String, usize>, String> {
    let mut counted = BTreeMap::new();
    for some in lines.chunks(AT_ONCE) {
        let mut running = Vec::new();
        for line in some {
            let (name, features) = split(line);
            let mut tree = tree(name, features);
            tree.stdout(Stdio::piped()).stderr(Stdio::piped());
            let tree = tree.spawn().map_err(|error| format!("cargo: {error}"))?;
            running.push((line, tree));
        }
        for (line, tree) in running {
            let output = tree.wait_with_output();
            let output = output.map_err(|error| format!("cargo: {error}"))?;
            if !output.status.success() {
                let reason = String::from_utf8_lossy(&output.stderr);
                return Err(format!("{FILE}: `{line}`: {}", reason.trim()));
            }
            let count = distinct(&String::from_utf8_lossy(&output.stdout));
            counted.insert(line.clone(), count.saturating_sub(1));
        }
    }
    Ok(counted)
}

/// Splits a line into a crate and its features.
fn split(line: &str) -> (&str, &str) {
    line.split_once(' ').unwrap_or((line, ""))
}

fn tree(name: &str, features: &str) -> Command {
    let mut cargo = run::cargo(&["tree", "--locked", "-p", name, "--features", features]);
    cargo.args(["--edges", "normal,build", "--target", TARGET]);
    cargo.args(["--prefix", "none", "--format", "{p}"]);
    cargo
}

/// Counts the crates of a tree, two versions of one as two.
fn distinct(tree: &str) -> usize {
    let crates = tree.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        Some((words.next()?, words.next()?))
    });
    crates.collect::<BTreeSet<_>>().len()
}

fn set(most: &mut dyn TableLike, counted: &BTreeMap<String, usize>) {
    for (line, &count) in counted {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if let Some(item) = most.get_mut(line) {
            *item = toml_edit::value(count);
        }
    }
}

/// Names the crates that are published and have no line.
fn unnamed(lines: &[String]) -> Result<Vec<String>, String> {
    let packages = house::packages()?;
    let names = packages
        .iter()
        .filter_map(|path| path.file_name()?.to_str());
    let published = names.filter(|name| name.starts_with("saas-"));
    let unnamed = published.filter(|name| !lines.iter().any(|line| split(line).0 == *name));
    Ok(unnamed
        .map(|name| format!("`{name}` has no line in {FILE}"))
        .collect())
}

fn over(line: &str, count: usize, most: usize) -> String {
    let (name, features) = split(line);
    let with = match features {
        "" => String::new(),
        features => format!(" --features {features}"),
    };
    format!(
        "`{line}` brings {count} crates, {} more than the {most} of {FILE}.\n    See which: cargo tree -p {name}{with} -e normal,build, \
         here and before the change.\n    Turn features of the new dependency off, or make it optional, or do without. Where it is \
         worth its price, run `cargo xtask budget --write`, and say why in the change.",
        count - most
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_each_version_of_a_crate_once() {
        let tree = "a v1.0.0 (/a)\nb v1.0.0\nc v1.0.0 (proc-macro)\nb v2.0.0\nb v1.0.0 (*)\nc v1.0.0 (proc-macro) (*)\n";
        assert_eq!(super::distinct(tree), 4);
    }

    #[test]
    fn says_which_line_is_over_and_what_to_do() {
        let said = super::over("a b,c", 12, 10);
        for part in [
            "`a b,c` brings 12 crates, 2 more than the 10",
            "-p a --features b,c ",
            "--write",
        ] {
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn writes_numbers_and_keeps_what_is_said_beside_them() {
        let mut file: toml_edit::DocumentMut = "# why\n[most]\n# because\na = 1\n".parse().unwrap();
        let counted = [("a".to_owned(), 2)].into();
        super::set(file["most"].as_table_like_mut().unwrap(), &counted);
        assert_eq!(file.to_string(), "# why\n[most]\n# because\na = 2\n");
    }
}
