//! The oldest compiler that the crates promise to work with.

use std::process::Command;

use crate::run;

/// `cargo xtask msrv`: checks every crate that is published with the `rust-version` of the workspace.
pub(crate) fn check() -> Result<(), String> {
    let manifest = run::root().join("Cargo.toml");
    let text = std::fs::read_to_string(&manifest)
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let manifest: toml_edit::DocumentMut = text
        .parse()
        .map_err(|error| format!("{}: {error}", manifest.display()))?;
    let version = manifest
        .get("workspace")
        .and_then(|workspace| workspace.get("package")?.get("rust-version")?.as_str())
        .ok_or("the workspace has no rust-version")?;
    let mut install = Command::new("rustup");
    install.args(["toolchain", "install", version, "--profile", "minimal"]);
    run::step(&format!("Rust {version}"), &mut install)?;
    let mut check = run::cargo(&[
        "check",
        "--locked",
        "--workspace",
        "--lib",
        "--all-features",
    ]);
    check
        .env("RUSTUP_TOOLCHAIN", version)
        .env("CARGO_TARGET_DIR", run::root().join("target/msrv"));
    run::step(&format!("every library, by Rust {version}"), &mut check)
}
