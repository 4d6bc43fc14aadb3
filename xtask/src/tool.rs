//! Programs for Cargo that nobody needs every day.

use std::path::PathBuf;

use crate::run;

/// Gives the path of a program of that name, which is compiled into `target/` when it is not there yet.
pub(crate) fn find_or_install(name: &str, version: &str) -> Result<PathBuf, String> {
    let root = run::root().join("target/tools").join(version);
    let program = root.join("bin").join(name);
    if !program.exists() {
        let package = format!("{name}@{version}");
        let mut install = run::cargo(&["install", "--locked", "--quiet", "--root"]);
        install.arg(&root).arg(&package);
        run::step(&format!("cargo install {package}"), &mut install)?;
    }
    Ok(program)
}
