//! Programs from npm that tests talk to.
//!
//! They live in `target/node`, which is made anew when the list of packages changes. The lock names every package
//! with its version and its hash.

use std::{path::PathBuf, process::Command};

use crate::{install, run};

const PACKAGES: &str = include_str!("package.json");
const LOCK: &str = include_str!("package-lock.json");

/// The oldest version that the packages run on.
const OLDEST: u32 = 20;

/// Gives the folder in which the packages are, and makes it where it is not there.
pub(crate) fn folder() -> Result<PathBuf, String> {
    let folder = run::root().join("target/node");
    let list = folder.join("packages");
    if std::fs::read_to_string(&list).is_ok_and(|found| found == LOCK) {
        return Ok(folder);
    }
    find_or_install()?;
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))
    };
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    write("package.json", PACKAGES)?;
    write("package-lock.json", LOCK)?;
    let mut npm = Command::new("npm");
    npm.arg("ci").arg("--prefix").arg(&folder).args([
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ]);
    run::step("packages from npm", &mut npm)?;
    // Last, so that a folder that was not finished is made again.
    write("packages", LOCK)?;
    Ok(folder)
}

fn find_or_install() -> Result<(), String> {
    let there = || recent() && run::exists("npm");
    if there() {
        return Ok(());
    }
    let installed = install::apt("nodejs npm");
    if there() {
        return Ok(());
    }
    let reason = installed
        .err()
        .unwrap_or_else(|| "what was installed is older, or still not found".to_owned());
    Err(format!(
        "Node {OLDEST} or later with npm is needed and not found ({reason}).\n  Install it, or set TEST_NODE to a folder with the \
         packages of xtask/src/node/package.json."
    ))
}

fn recent() -> bool {
    let version = run::output(Command::new("node").arg("--version"));
    version.is_ok_and(|version| {
        let number = version.trim_start_matches('v').split('.').next();
        number
            .and_then(|number| number.parse().ok())
            .is_some_and(|number: u32| number >= OLDEST)
    })
}
