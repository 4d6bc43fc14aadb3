//! Every test, on both databases.

use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use crate::{postgres::Postgres, run};

const VARIABLE: &str = "TEST_DATABASE_URL";

/// `cargo xtask test`
pub(crate) fn test(arguments: &[String]) -> Result<(), String> {
    // The tests get the signal too, being in our group; we wait for them and then clean up.
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))
            .map_err(|error| error.to_string())?;
    }
    // Built first, so that the server does not idle meanwhile.
    let mut build = vec![
        "test",
        "--locked",
        "--workspace",
        "--all-features",
        "--no-run",
    ];
    build.extend(
        arguments
            .iter()
            .map(String::as_str)
            .take_while(|argument| *argument != "--"),
    );
    run::step("build of the tests", &mut run::cargo(&build))?;
    if interrupted.load(Ordering::SeqCst) {
        return Err("interrupted".to_owned());
    }
    let result = if std::env::var_os(VARIABLE).is_some() {
        println!("\n== using the server of {VARIABLE}");
        run::step("tests", &mut command(arguments))
    } else {
        let server = Postgres::start()?;
        println!("\n== PostgreSQL is running for the tests");
        run::step("tests", command(arguments).env(VARIABLE, server.url()))
    };
    if interrupted.load(Ordering::SeqCst) {
        Err("interrupted".to_owned())
    } else {
        result
    }
}

fn command(arguments: &[String]) -> Command {
    let mut command = run::cargo(&["test", "--locked", "--workspace", "--all-features"]);
    command.args(arguments);
    command
}
