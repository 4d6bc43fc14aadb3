//! Whether the next version breaks who uses the last one.

use std::process::Command;

use crate::{package, run, tool};

const VERSION: &str = "0.51.0";

/// `cargo xtask semver [commit]`: compares what the libraries offer with the last release, or with that commit. The macros
/// are none: what they accept is held by their own tests.
pub(crate) fn check(commit: Option<&str>) -> Result<(), String> {
    let before = match commit {
        Some(commit) => commit.to_owned(),
        None => last_release()?,
    };
    let program = tool::find_or_install("cargo-semver-checks", VERSION)?;
    let mut checks = Command::new(program);
    checks.current_dir(run::root()).args([
        "semver-checks",
        "--all-features",
        "--baseline-rev",
        &before,
    ]);
    for name in package::published()?
        .iter()
        .filter(|name| *name != "saas-macros")
    {
        checks.args(["-p", name]);
    }
    run::step(&format!("beside {before}"), &mut checks)
}

/// Gives the tag of the highest version that is no preview.
fn last_release() -> Result<String, String> {
    let mut git = Command::new("git");
    git.current_dir(run::root())
        .args(["tag", "--list", "v*", "--sort=-version:refname"]);
    let tags = run::output(&mut git)?;
    let last = tags.lines().find(|tag| !tag.contains('-'));
    last.map(str::to_owned)
        .ok_or_else(|| "nothing is released yet: name a commit to compare with".to_owned())
}
