//! The benchmarks, built for release.

use std::{path::PathBuf, process::Command, time::Instant};

use serde_json::json;

use crate::{pooler::Pooler, postgres::Postgres, python, run};

/// What can be measured, in the order in which it is.
const SUITES: [&str; 7] = [
    "http",
    "scale",
    "tenants",
    "passwords",
    "storage",
    "micro",
    "compile",
];

/// `cargo xtask bench [--report] [suite…]`: all, or those that are named; then the page of the book.
pub(crate) fn bench(arguments: &[String]) -> Result<(), String> {
    let mut wanted: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let report = wanted.contains(&"--report");
    wanted.retain(|name| *name != "--report");
    if let Some(unknown) = wanted.iter().find(|name| !SUITES.contains(name)) {
        return Err(format!("{unknown} is none of {}", SUITES.join(", ")));
    }
    let packages = [
        "build",
        "--release",
        "--locked",
        "-p",
        "starter",
        "-p",
        "benches",
    ];
    run::step("build for release", &mut run::cargo(&packages))?;
    let bench = Bench::start()?;
    for suite in SUITES {
        if wanted.is_empty() || wanted.contains(&suite) {
            bench.suite(suite)?;
        }
    }
    if report {
        let mut program = bench.program("report");
        run::step(
            "the page of the book",
            program.arg(run::root().join("docs/src")),
        )?;
    }
    Ok(())
}

/// The servers, and where the figures are kept.
struct Bench {
    server: Postgres,
    pooler: Pooler,
    python: PathBuf,
}

impl Bench {
    fn start() -> Result<Self, String> {
        let server = Postgres::start()?;
        Ok(Self {
            pooler: Pooler::start(server.url())?,
            python: python::peers()?,
            server,
        })
    }

    fn suite(&self, suite: &str) -> Result<(), String> {
        match suite {
            "compile" => {
                let rows = compile()?;
                let mut keep = self.program("keep");
                run::step("what it took", keep.arg(suite).arg(rows))
            }
            "storage" | "micro" => {
                let (bench, left) = (
                    ["bench", "--locked", "-p", "benches", "--bench", suite],
                    target("criterion").join(suite),
                );
                // What an earlier run has left was not measured by this one.
                let _ = std::fs::remove_dir_all(&left);
                let mut cargo = run::cargo(&bench);
                run::step(
                    suite,
                    self.environment(&mut cargo).env("CRITERION_HOME", &left),
                )?;
                let mut keep = self.program("parts");
                run::step("what it took", keep.arg(suite).arg(left))
            }
            "http" | "scale" => {
                run::step(suite, self.program(suite).arg(target("release/starter")))
            }
            _ => run::step(suite, &mut self.program(suite)),
        }
    }

    fn program(&self, command: &str) -> Command {
        let mut program = Command::new(target("release/benches"));
        self.environment(program.arg(command));
        program.current_dir(run::root());
        program
    }

    fn environment<'c>(&self, command: &'c mut Command) -> &'c mut Command {
        command
            .env("TEST_DATABASE_URL", self.server.url())
            .env("TEST_POOLER_URL", self.pooler.url())
            .env("BENCH_POSTGRES", self.server.version())
            .env("BENCH_PYTHON", &self.python)
            .env("BENCH_PEERS", run::root().join("benches/peers"))
            .env("BENCH_FOLDER", target("bench"))
    }
}

fn target(path: &str) -> PathBuf {
    run::root().join("target").join(path)
}

/// How long it takes to build from nothing, and again after a line has changed: rows of a table, in JSON.
fn compile() -> Result<String, String> {
    let mut rows = Vec::new();
    for (package, file) in [
        ("minimal", "examples/minimal/src/main.rs"),
        ("starter", "examples/starter/src/main.rs"),
    ] {
        let folder = target("compile");
        let _ = std::fs::remove_dir_all(&folder);
        let build = |name: &str| {
            let mut cargo = run::cargo(&["build", "--quiet", "--locked", "-p", package]);
            let begun = Instant::now();
            run::step(name, cargo.env("CARGO_TARGET_DIR", &folder))?;
            Ok::<f64, String>(begun.elapsed().as_secs_f64())
        };
        let clean = build(&format!("{package} from nothing"))?;
        run::output(Command::new("touch").arg(run::root().join(file)))?;
        let again = build(&format!("{package} again"))?;
        let tree = [
            "tree",
            "--locked",
            "-p",
            package,
            "-e",
            "normal,build",
            "--prefix",
            "none",
        ];
        let tree = run::output(&mut run::cargo(&tree))?;
        let mut crates: Vec<&str> = tree
            .lines()
            .map(|line| line.trim_end_matches(" (*)"))
            .collect();
        crates.sort_unstable();
        crates.dedup();
        rows.push(json!({
            "table": "Building for debug, without a cache",
            "row": package,
            "figures": [
                ["s from nothing", clean],
                ["s after a change in main.rs", again],
                ["crates", crates.len()],
            ],
        }));
        let _ = std::fs::remove_dir_all(&folder);
    }
    Ok(serde_json::Value::from(rows).to_string())
}

/// `cargo xtask rivals`.
pub(crate) fn rivals() -> Result<(), String> {
    let mut cargo = run::cargo(&["run", "--release", "--locked"]);
    cargo
        .current_dir(run::root().join("benches/rivals"))
        .env("CARGO_TARGET_DIR", run::root().join("target/rivals"));
    run::step("beside other engines", &mut cargo)
}
