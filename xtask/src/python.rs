//! Programs from PyPI that tests talk to.
//!
//! They live in a virtual environment below `target/`, which is made anew when the list of packages changes.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{install, run};

/// Every package with its version, those included that others need.
const PACKAGES: &[&str] = &[
    // A mail server.
    "aiosmtpd==1.4.6",
    "atpublic==9.0.0",
    "attrs==26.1.0",
    // Certificates for it.
    "trustme==1.2.1",
    "cffi==2.1.1",
    "cryptography==50.0.2",
    "idna==3.20",
    "pycparser==3.12",
    // A client of OAuth and OpenID Connect.
    "Authlib==1.9.9",
    "certifi==2026.10.18",
    "charset-normalizer==3.5.2",
    "joserfc==1.8.0",
    "requests==2.34.2",
    "urllib3==2.8.0",
    // Another one, of OAuth alone.
    "oauthlib==4.0.1",
    "requests-oauthlib==2.0.0",
    // Clients of S3 and of Azure Blob Storage.
    "boto3==1.44.5",
    "botocore==1.44.5",
    "jmespath==1.1.0",
    "python-dateutil==2.9.0.post0",
    "s3transfer==0.19.3",
    "six==1.17.0",
    "azure-core==1.41.0",
    "azure-storage-blob==12.31.1",
    "isodate==0.7.2",
    "typing_extensions==4.16.0",
    // Asks the API whatever its document allows.
    "schemathesis==4.32.5",
    "anyio==4.16.0",
    "click==8.5.1",
    "graphql-core==3.3.2",
    "harfile==0.6.0",
    "hypothesis-graphql==0.13.5",
    "hypothesis==6.170.15",
    "iniconfig==2.3.1",
    "jsonschema_rs==0.60.3",
    "markdown-it-py==4.3.0",
    "MarkupSafe==3.0.4",
    "mdurl==0.1.2",
    "packaging==26.3",
    "pluggy==1.7.0",
    "Pygments==2.21.0",
    "pyrate-limiter==4.5.1",
    "pytest==9.2.0",
    "PyYAML==6.0.3",
    "rich==15.0.0",
    "sortedcontainers==2.4.0",
    "Werkzeug==3.1.9",
];

/// Gives the interpreter of the environment, and makes the environment where it is not there.
pub(crate) fn interpreter() -> Result<PathBuf, String> {
    environment("target/python", PACKAGES)
}

/// Gives the interpreter for the peers that the benchmarks compare with.
pub(crate) fn peers() -> Result<PathBuf, String> {
    let list = run::root().join("benches/peers/requirements.txt");
    let text =
        std::fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let lines = text.lines().map(str::trim);
    let packages: Vec<&str> = lines
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    environment("target/peers", &packages)
}

/// Makes an environment with these packages and no others, unless it is there.
fn environment(folder: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let folder = run::root().join(folder);
    let (interpreter, list) = (folder.join("bin/python"), folder.join("packages"));
    let wanted = packages.join("\n");
    if std::fs::read_to_string(&list).is_ok_and(|found| found == wanted) {
        return Ok(interpreter);
    }
    let python = find_or_install()?;
    let mut make = Command::new(python);
    run::step(
        "virtual environment of Python",
        make.args(["-m", "venv", "--clear"]).arg(&folder),
    )?;
    let mut pip = Command::new(&interpreter);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ])
    .arg("--disable-pip-version-check")
    .args(packages);
    run::step("packages from PyPI", &mut pip)?;
    // Last, so that an environment that was not finished is made again.
    std::fs::write(&list, wanted).map_err(|error| format!("{}: {error}", list.display()))?;
    Ok(interpreter)
}

fn find_or_install() -> Result<&'static Path, String> {
    let python = Path::new("python3");
    let there = || {
        let mut look = Command::new(python);
        look.args(["-c", "import ensurepip, venv"]);
        run::output(&mut look).is_ok()
    };
    if there() {
        return Ok(python);
    }
    let installed = install::apt("python3-venv");
    if there() {
        return Ok(python);
    }
    let reason = installed
        .err()
        .unwrap_or_else(|| "it was installed and is still not found".to_owned());
    Err(format!(
        "Python 3 with `venv` is needed and not found ({reason}).\n  Install it (Debian: apt-get install python3-venv), or set \
         TEST_SMTP_URL and TEST_SMTP_FOLDER as xtask/src/smtp.py does, and TEST_PYTHON to an interpreter with Authlib, boto3 and azure-storage-blob."
    ))
}
