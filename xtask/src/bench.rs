//! The benchmarks, built for release.

use crate::{pooler::Pooler, postgres::Postgres, run};

/// `cargo xtask bench`
pub(crate) fn bench() -> Result<(), String> {
    let build = [
        "build",
        "--release",
        "--locked",
        "-p",
        "starter",
        "-p",
        "benches",
    ];
    run::step("build for release", &mut run::cargo(&build))?;
    let server = Postgres::start()?;
    let pooler = Pooler::start(server.url())?;
    let folder = run::root().join("target/release");
    let mut http = std::process::Command::new(folder.join("benches"));
    run::step(
        "over HTTP",
        http.arg(folder.join("starter"))
            .env("TEST_DATABASE_URL", server.url()),
    )?;
    let mut passwords = std::process::Command::new(folder.join("benches"));
    run::step("flood of sign-ins", passwords.arg("passwords"))?;
    let mut tenants = std::process::Command::new(folder.join("benches"));
    run::step(
        "cost of a tenant",
        tenants
            .arg("tenants")
            .env("TEST_DATABASE_URL", server.url())
            .env("TEST_POOLER_URL", pooler.url()),
    )?;
    let storage = ["bench", "--locked", "-p", "benches", "--bench", "storage"];
    run::step("files", &mut run::cargo(&storage))?;
    let micro = ["bench", "--locked", "-p", "benches", "--bench", "micro"];
    run::step(
        "micro",
        run::cargo(&micro)
            .env("TEST_DATABASE_URL", server.url())
            .env("TEST_POOLER_URL", pooler.url()),
    )
}

/// `cargo xtask rivals`.
pub(crate) fn rivals() -> Result<(), String> {
    let mut cargo = run::cargo(&["run", "--release", "--locked"]);
    cargo
        .current_dir(run::root().join("benches/rivals"))
        .env("CARGO_TARGET_DIR", run::root().join("target/rivals"));
    run::step("beside other engines", &mut cargo)
}
