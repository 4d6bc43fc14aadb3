//! The parsers of foreign bytes, given bytes that nobody thought of.
//!
//! Each target of `fuzz/` begins with its seeds and with what earlier runs have found interesting, which is kept
//! in `fuzz/corpus`. An input that breaks something is left in `fuzz/artifacts`.

use std::{path::PathBuf, process::Command};

use crate::run;

const SECONDS: u32 = 60;
/// The longest input, in bytes: more than any of the parsers takes.
const LENGTH: u32 = 20_000;

/// `cargo xtask fuzz [TARGET] [SECONDS]`
pub(crate) fn fuzz(arguments: &[String]) -> Result<(), String> {
    let numbers = arguments.iter().find_map(|word| word.parse().ok());
    let seconds: u32 = numbers.unwrap_or(SECONDS);
    let named = arguments.iter().find(|word| word.parse::<u32>().is_err());
    let known = targets()?;
    let targets = match named {
        Some(name) if known.contains(name) => vec![name.clone()],
        Some(name) => {
            let known = known.join(", ");
            return Err(format!(
                "there is no target `{name}`, but there are {known}"
            ));
        }
        None => known,
    };
    tools()?;
    run::step("build of the targets", &mut cargo_fuzz("build", &[]))?;
    let mut broken = Vec::new();
    for target in &targets {
        let corpus = folder().join("corpus").join(target);
        std::fs::create_dir_all(&corpus)
            .map_err(|error| format!("{}: {error}", corpus.display()))?;
        let mut command = cargo_fuzz("run", &[target]);
        command
            .arg(corpus)
            .arg(folder().join("seeds").join(target))
            .arg("--")
            .args([
                format!("-max_total_time={seconds}"),
                format!("-max_len={LENGTH}"),
                "-timeout=10".to_owned(),
                "-rss_limit_mb=2048".to_owned(),
                "-verbosity=0".to_owned(),
                "-print_final_stats=1".to_owned(),
            ]);
        if run::step(&format!("fuzz {target}"), &mut command).is_err() {
            broken.push(target.as_str());
        }
    }
    if broken.is_empty() {
        Ok(())
    } else {
        let broken = broken.join(", ");
        Err(format!("broken, see fuzz/artifacts: {broken}"))
    }
}

/// Checks what can be checked without another compiler: the form, the versions, and that each target is declared
/// and has seeds.
pub(crate) fn check() -> Result<(), String> {
    let manifest = folder().join("Cargo.toml");
    let mut format = run::cargo(&["fmt", "--check", "--manifest-path"]);
    run::step("format of the fuzz targets", format.arg(&manifest))?;
    let mut metadata = run::cargo(&["metadata", "--locked", "--format-version", "1"]);
    run::output(metadata.arg("--manifest-path").arg(&manifest))
        .map_err(|error| format!("fuzz/Cargo.lock: {error}"))?;
    let text = std::fs::read_to_string(&manifest).map_err(|error| format!("fuzz: {error}"))?;
    for target in targets()? {
        if !text.contains(&format!("name = \"{target}\"")) {
            return Err(format!("fuzz/Cargo.toml does not name `{target}`"));
        }
        let seeds = folder().join("seeds").join(&target);
        if !std::fs::read_dir(seeds).is_ok_and(|mut seeds| seeds.next().is_some()) {
            return Err(format!("fuzz/seeds/{target} has no seed"));
        }
    }
    Ok(())
}

fn folder() -> PathBuf {
    run::root().join("fuzz")
}

/// Gives the names of the targets, from their files.
fn targets() -> Result<Vec<String>, String> {
    let sources = folder().join("fuzz_targets");
    let entries =
        std::fs::read_dir(&sources).map_err(|error| format!("{}: {error}", sources.display()))?;
    let names = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        name.strip_suffix(".rs").map(str::to_owned)
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    Ok(names)
}

fn tools() -> Result<(), String> {
    let nightly = Command::new("cargo")
        .args(["+nightly", "--version"])
        .output();
    if !nightly.is_ok_and(|output| output.status.success()) {
        let cure = "`rustup toolchain install nightly`";
        return Err(format!("libFuzzer needs a nightly compiler: {cure}"));
    }
    if run::exists("cargo-fuzz") {
        return Ok(());
    }
    let mut install = run::cargo(&["+nightly", "install", "cargo-fuzz", "--locked"]);
    run::step("cargo install cargo-fuzz", &mut install)
}

/// Without a sanitizer: there is no unsafe code here for one to watch, and it makes everything slower.
fn cargo_fuzz(command: &str, arguments: &[&str]) -> Command {
    let mut cargo = run::cargo(&["+nightly", "fuzz", command, "--sanitizer", "none"]);
    cargo
        .args(["--fuzz-dir", "fuzz"])
        .args(arguments)
        .env("CARGO_TARGET_DIR", folder().join("target"));
    cargo
}
