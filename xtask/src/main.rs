//! What contributors run: `cargo xtask <command>`.
#![allow(
    clippy::print_stdout,
    reason = "a command line tool speaks on standard output"
)]

mod azurite;
mod bench;
mod budget;
mod chromium;
mod ci;
mod fuzz;
mod house;
mod install;
mod keeper;
mod layers;
mod msrv;
mod mutants;
mod node;
mod package;
mod pooler;
mod postgres;
mod programs;
mod python;
mod redis;
mod reference;
mod run;
mod scopes;
mod semver;
mod smtp;
mod surfaces;
mod survivors;
mod template;
mod test;
mod tool;

use std::process::ExitCode;

const HELP: &str = "cargo xtask <command>

  test [-- args]      every test, on SQLite, on a PostgreSQL, with a Redis, a mail server and an object store of its own; args go to cargo test
  soak [-- args]      the same with larger numbers, for release, and prints figures
  mutants [package]   takes each guard away in turn, and looks whether a test notices
  survivors [package] the same with every change that cargo-mutants knows, in what keeps tenants apart and decides who may
  fuzz [target] [s]   each target of fuzz/ for 60 seconds, or one, or as long as you say; needs a nightly compiler
  ci                  what CI runs: format, lints, layers, house, crates, scopes, tests, docs, licences
  postgres [-- cmd]   starts a throw-away PostgreSQL, a pooler and a Redis, and runs the command or waits for Ctrl-C
  bench [suite]       measures for release: http, scale, tenants, passwords, storage, micro, compile; --report writes the page of the book
  rivals              a decision beside those of other engines, which only this compiles
  template DIR        copies the starter out as a project of its own, which takes the crates from this checkout by its path, or with --git URL
                      from there, at the commit of this checkout; from a registry once they are published, which they are not
  package [--verify]  packs the crates as they would be published, and compiles what was packed if you say so
  semver [commit]     compares what the crates offer with the last release, or with that commit
  msrv                checks the libraries with the oldest compiler that they promise to work with
  layers              checks who may know whom
  budget [--write]    checks, or writes, how many crates each feature set brings
  house               prints the figures of the house and checks its rules
  scopes [--write]    checks, or writes, the list of system scopes
  surfaces [--write]  the same of the functions that reach data of a tenant
  reference [--write] the same of the book's chapters about configuration, permissions, events and metrics, from the sources and the starter";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = |from: usize| -> Vec<String> {
        let rest = arguments.iter().skip(from);
        rest.skip_while(|argument| *argument == "--")
            .cloned()
            .collect()
    };
    let result = match arguments.first().map(String::as_str) {
        Some("test") => test::test(&rest(1)),
        Some("soak") => test::soak(&rest(1)),
        Some("fuzz") => fuzz::fuzz(&rest(1)),
        Some("ci") => ci::ci(),
        Some("bench") => bench::bench(&rest(1)),
        Some("rivals") => bench::rivals(),
        Some("mutants") => mutants::check(arguments.get(1).map(String::as_str)),
        Some("survivors") => survivors::check(arguments.get(1).map(String::as_str)),
        Some("postgres") => postgres::command(&rest(1)),
        Some("template") => template::template(&rest(1)),
        Some("package") => package::package(&rest(1)),
        Some("msrv") => msrv::check(),
        Some("semver") => semver::check(arguments.get(1).map(String::as_str)),
        Some("layers") => layers::check(),
        Some("budget") => budget::check(arguments.iter().any(|argument| argument == "--write")),
        Some("house") => house::check(),
        Some("surfaces") => surfaces::check(arguments.iter().any(|argument| argument == "--write")),
        Some("reference") => reference::command(&rest(1)),
        Some("scopes") => scopes::check(arguments.iter().any(|argument| argument == "--write")),
        _ => {
            println!("{HELP}");
            return if arguments.is_empty() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(2)
            };
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("\nxtask: {message}");
            ExitCode::FAILURE
        }
    }
}
