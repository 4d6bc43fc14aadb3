//! What CI runs.

use std::time::Instant;

use crate::{budget, fuzz, house, layers, reference, run, scopes, surfaces, test};

/// The small feature sets that have to compile by themselves.
const SMALL: &[(&str, &str)] = &[
    ("saas-core", ""),
    ("saas-tenancy", "sqlite"),
    ("saas-tenancy", "postgres"),
    ("saas-rbac", "sqlite"),
    ("saas-auth", "postgres"),
    ("saas-storage", "sqlite"),
    ("saas-mail", "sqlite"),
    ("saas-edge", "sqlite"),
    ("saas-edge", "sqlite,axum"),
    ("saas-edge", "sqlite,redis"),
];

/// `cargo xtask ci`
pub(crate) fn ci() -> Result<(), String> {
    let started = Instant::now();
    run::step("format", &mut run::cargo(&["fmt", "--all", "--check"]))?;
    fuzz::check()?;
    layers::check()?;
    house::check()?;
    budget::check(false)?;
    scopes::check(false)?;
    surfaces::check(false)?;
    let lints = [
        "clippy",
        "--locked",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--",
        "-D",
        "warnings",
    ];
    run::step("lints", &mut run::cargo(&lints))?;
    for (package, features) in SMALL {
        let arguments = [
            "check",
            "--locked",
            "-p",
            package,
            "--no-default-features",
            "--features",
            features,
        ];
        run::step(
            &format!("{package} with {features:?}"),
            &mut run::cargo(&arguments),
        )?;
    }
    test::test(&[])?;
    // The tests have built the starter.
    reference::check()?;
    let docs = [
        "doc",
        "--locked",
        "--workspace",
        "--all-features",
        "--no-deps",
    ];
    run::step("docs", run::cargo(&docs).env("RUSTDOCFLAGS", "-D warnings"))?;
    if run::exists("cargo-deny") {
        run::step(
            "licences and advisories",
            &mut run::cargo(&["deny", "check"]),
        )?;
    } else {
        println!("\n== cargo-deny is not installed: licences and advisories were not checked");
    }
    println!(
        "\n== everything passed in {} s",
        started.elapsed().as_secs()
    );
    Ok(())
}
