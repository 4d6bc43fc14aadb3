//! Every test, on both databases.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use crate::{
    azurite::Azurite, chromium, node, pooler::Pooler, postgres, postgres::Postgres, programs,
    python, redis, run, smtp::MailServer,
};

/// A superuser's URL, and the same through a pooler.
const SERVER: &str = "TEST_DATABASE_URL";
const POOLER: &str = "TEST_POOLER_URL";

/// A mail server without TLS, and the folder in which it keeps what it is given.
const MAIL: &str = "TEST_SMTP_URL";
const MAIL_FOLDER: &str = "TEST_SMTP_FOLDER";

/// An emulator of Azure Blob Storage, with the account in its path.
const AZURITE: &str = "TEST_AZURITE_URL";

/// A Redis, and the program of one that tests end and start again.
const REDIS: &str = "TEST_REDIS_URL";
const REDIS_SERVER: &str = "TEST_REDIS_SERVER";
const POSTGRES_PROGRAMS: &str = "TEST_POSTGRES_PROGRAMS";
const NGINX: &str = "TEST_NGINX";
const HAPROXY: &str = "TEST_HAPROXY";
const FAKETIME: &str = "TEST_FAKETIME";

/// An interpreter of Python with packages, a folder with packages for Node, and a browser.
const PYTHON: &str = "TEST_PYTHON";
const NODE: &str = "TEST_NODE";
const CHROMIUM: &str = "TEST_CHROMIUM";

/// `cargo xtask test`
pub(crate) fn test(arguments: &[String]) -> Result<(), String> {
    // All that fails is told at once.
    let mut kind = vec!["test", "--locked", "--all-features", "--no-fail-fast"];
    // Beside a package, `--workspace` would mean all the same.
    if !arguments
        .iter()
        .any(|word| word.starts_with("-p") || word.starts_with("--package"))
    {
        kind.push("--workspace");
    }
    run_tests(&kind, arguments, false)
}

/// `cargo xtask soak`: what has numbers, with larger ones.
pub(crate) fn soak(arguments: &[String]) -> Result<(), String> {
    let given = arguments.iter().any(|argument| argument == "--");
    for (package, target, tests) in SOAKED {
        let kind = [
            "test",
            "--locked",
            "--release",
            "--all-features",
            "-p",
            package,
        ];
        let kind = [kind.as_slice(), target].concat();
        let mut arguments = arguments.to_vec();
        if !given {
            let shown = ["--", "--nocapture", "--test-threads=1"];
            arguments.extend(shown.iter().chain(*tests).map(|word| (*word).to_owned()));
        }
        run_tests(&kind, &arguments, true)?;
    }
    Ok(())
}

/// A package, one of its test binaries, and the tests in it that have numbers.
type Soaked = (
    &'static str,
    &'static [&'static str],
    &'static [&'static str],
);

const SOAKED: &[Soaked] = &[
    (
        "saas-tenancy",
        &["--test", "it"],
        &["g2_", "iso_22_", "iso_24_", "iso_45_", "rel_07_"],
    ),
    ("saas-auth", &["--test", "it"], &["g10_"]),
    ("starter", &["--bin", "starter"], &["g1_"]),
    // 5 GiB up and down, or `SAAS_SOAK_BYTES`; `rel_35_` takes an hour.
    (
        "starter",
        &["--test", "it"],
        &[
            "sto_17_",
            "hostile::",
            "load::",
            "rat_03_",
            "rel_05_",
            "rel_12_",
            "rel_13_",
            "rel_35_",
            "htp_07_",
            "htp_08_",
            "htp_23_",
        ],
    ),
];

fn run_tests(kind: &[&str], arguments: &[String], soak: bool) -> Result<(), String> {
    // The tests get the signal too, being in our group; we wait for them and then clean up.
    let interrupted = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&interrupted))
            .map_err(|error| error.to_string())?;
    }
    // Built first, so that the server does not idle meanwhile.
    let mut build = kind.to_vec();
    build.push("--no-run");
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
    let given = |name| std::env::var_os(name)?.into_string().ok();
    let server = match given(SERVER) {
        Some(_) => None,
        None => Some(Postgres::start()?),
    };
    let url = given(SERVER).or_else(|| server.as_ref().map(|server| server.url().to_owned()));
    let url = url.unwrap_or_default();
    let pooler = match given(POOLER) {
        Some(_) => None,
        None => Some(Pooler::start(&url)?),
    };
    let through = given(POOLER).or_else(|| pooler.as_ref().map(|pooler| pooler.url().to_owned()));
    let mail = match given(MAIL).and(given(MAIL_FOLDER)) {
        Some(_) => None,
        None => Some(MailServer::start()?),
    };
    let azurite = match given(AZURITE) {
        Some(_) => None,
        None => Some(Azurite::start()?),
    };
    let redis = match given(REDIS) {
        Some(_) => None,
        None => Some(redis::Redis::start()?),
    };
    let programs = [
        (PYTHON, python::interpreter as fn() -> _),
        (REDIS_SERVER, redis::program),
        (POSTGRES_PROGRAMS, postgres::programs),
        (NGINX, programs::nginx),
        (HAPROXY, programs::haproxy),
        (FAKETIME, programs::faketime),
        (NODE, node::folder),
        (CHROMIUM, chromium::program),
    ];
    println!(
        "\n== PostgreSQL, PgBouncer, Redis, a mail server and Azurite are there for the tests"
    );
    let mut tests = run::cargo(kind);
    if let Some(mail) = &mail {
        tests.env(MAIL, mail.url()).env(MAIL_FOLDER, mail.folder());
    }
    if let Some(azurite) = &azurite {
        tests.env(AZURITE, azurite.url());
    }
    if let Some(redis) = &redis {
        tests.env(REDIS, redis.url());
    }
    for (name, find) in programs {
        if given(name).is_none() {
            tests.env(name, find()?);
        }
    }
    tests
        .args(arguments)
        .env(SERVER, url)
        .env(POOLER, through.unwrap_or_default());
    if soak {
        tests.env("SAAS_SOAK", "1");
    }
    let result = run::step("tests", &mut tests);
    if interrupted.load(Ordering::SeqCst) {
        Err("interrupted".to_owned())
    } else {
        result
    }
}
