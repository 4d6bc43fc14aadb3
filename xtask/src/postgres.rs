//! A PostgreSQL for one run.
//!
//! The server lives in a temporary folder and belongs to a small shell script, the keeper, which
//! reads from a pipe that only we hold open. When the pipe closes, because we are done, were
//! interrupted or were killed, the keeper stops the server and removes the folder. So nothing stays,
//! whatever happens to us.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::TcpListener,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use crate::run;

/// The keeper. It gets: the folder with the programs, the folder of the server, the port.
///
/// It ignores the signals of a terminal, so that the server outlives the tests that use it.
const KEEPER: &str = r#"
trap '' INT TERM HUP
bin=$1 dir=$2 port=$3
fail() { echo "failed: $1"; tail -n 20 "$dir/log" 2>/dev/null; rm -rf "$dir"; exit 1; }
mkdir -p "$dir" && cd "$dir" || exit 1
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$dir/password"
"$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 ||
  "$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync >>"$dir/log" 2>&1 ||
  fail initdb
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 30 -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB" start >>"$dir/log" 2>&1 ||
  fail start
echo "ready $(cat "$dir/password")"
cat > /dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// A running server. It stops when this is dropped.
pub(crate) struct Postgres {
    keeper: Child,
    url: String,
}

impl Postgres {
    /// The superuser's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Finds or installs PostgreSQL and starts a server.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = find_or_install()?;
        // Another process may take the port between our look and the server's start.
        let mut last = String::new();
        for _ in 0..5 {
            match Self::start_on(&programs, free_port()?) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(format!("PostgreSQL does not start: {last}"))
    }

    fn start_on(programs: &Path, port: u16) -> Result<Self, String> {
        let folder =
            std::env::temp_dir().join(format!("xtask-postgres-{}-{port}", std::process::id()));
        let mut command = unprivileged()?;
        command
            .arg("-c")
            .arg(KEEPER)
            .arg("keeper")
            .arg(programs)
            .arg(&folder)
            .arg(port.to_string());
        // A group of its own: Ctrl-C is meant for the tests.
        command
            .process_group(0)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut keeper = command
            .spawn()
            .map_err(|error| format!("the keeper cannot be started: {error}"))?;
        let mut lines = BufReader::new(keeper.stdout.take().ok_or("the keeper has no output")?);
        let mut line = String::new();
        lines
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        match line.trim().strip_prefix("ready ") {
            Some(password) => Ok(Self {
                keeper,
                url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
            }),
            None => {
                let mut rest = String::new();
                let _ = lines.read_to_string(&mut rest);
                let _ = keeper.wait();
                Err(format!("{line}{rest}"))
            }
        }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// `cargo xtask postgres`
pub(crate) fn command(arguments: &[String]) -> Result<(), String> {
    let server = Postgres::start()?;
    if let Some((program, rest)) = arguments.split_first() {
        let mut command = Command::new(program);
        command.args(rest).env("TEST_DATABASE_URL", server.url());
        return run::step(program, &mut command);
    }
    println!("TEST_DATABASE_URL={}", server.url());
    println!("Ctrl-C stops it.");
    let signals = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    let mut signals =
        signal_hook::iterator::Signals::new(signals).map_err(|error| error.to_string())?;
    signals.forever().next();
    Ok(())
}

/// A shell that is not root: PostgreSQL refuses to run as root.
fn unprivileged() -> Result<Command, String> {
    let id = run::output(Command::new("id").arg("-u"))?;
    if id.trim() != "0" {
        return Ok(Command::new("sh"));
    }
    let users = ["postgres", "nobody"];
    let user = users.into_iter().find(|user| {
        Command::new("id")
            .arg(user)
            .output()
            .is_ok_and(|found| found.status.success())
    });
    let user = user.ok_or(
        "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it",
    )?;
    if run::exists("setpriv") {
        let mut command = Command::new("setpriv");
        let group = run::output(Command::new("id").args(["-g", user]))?;
        command.args([
            "--reuid",
            user,
            "--regid",
            group.trim(),
            "--clear-groups",
            "sh",
        ]);
        return Ok(command);
    }
    let mut command = Command::new("runuser");
    command.args(["-u", user, "--", "sh"]);
    Ok(command)
}

fn free_port() -> Result<u16, String> {
    let listener =
        TcpListener::bind("127.0.0.1:0").map_err(|error| format!("no free port: {error}"))?;
    listener
        .local_addr()
        .map(|address| address.port())
        .map_err(|error| error.to_string())
}

fn find_or_install() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install();
    find().ok_or_else(|| {
        let reason = installed.err().unwrap_or_else(|| "it was installed and is still not found".to_owned());
        format!(
            "PostgreSQL is needed and not found ({reason}).\n  Looked for initdb, postgres and pg_ctl in PG_BIN_DIR, in PATH and in \
             /usr/lib/postgresql/*/bin.\n  Install it (Debian: apt-get install postgresql), or set TEST_DATABASE_URL to a \
             superuser's URL of a server that tests may use."
        )
    })
}

fn find() -> Option<PathBuf> {
    let mut places: Vec<PathBuf> = std::env::var_os("PG_BIN_DIR")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    if places.is_empty() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A link in PATH leads to where its companions are.
        let linked = |folder: PathBuf| {
            std::fs::canonicalize(folder.join("initdb"))
                .ok()?
                .parent()
                .map(Path::to_path_buf)
        };
        places.extend(std::env::split_paths(&path).filter_map(linked));
        let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect();
        versions.sort_by_key(|path| {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .unwrap_or_default();
            std::cmp::Reverse(name.parse::<u32>().unwrap_or(0))
        });
        places.extend(versions.into_iter().map(|version| version.join("bin")));
    }
    places.into_iter().find(|place| {
        ["initdb", "postgres", "pg_ctl"]
            .iter()
            .all(|program| place.join(program).is_file())
    })
}

/// Installs PostgreSQL with apt, without the server that Debian would start.
fn install() -> Result<(), String> {
    if !run::exists("apt-get") {
        return Err("there is no apt-get to install it".to_owned());
    }
    let root = run::output(Command::new("id").arg("-u"))?.trim() == "0";
    let sudo = !root
        && Command::new("sudo")
            .args(["-n", "true"])
            .output()
            .is_ok_and(|output| output.status.success());
    if !root && !sudo {
        return Err("installing it needs root".to_owned());
    }
    println!("== installing PostgreSQL");
    let script = "export DEBIAN_FRONTEND=noninteractive
        mkdir -p /etc/postgresql-common
        test -e /etc/postgresql-common/createcluster.conf || echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf
        apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql";
    let mut command = if root {
        Command::new("sh")
    } else {
        Command::new("sudo")
    };
    if sudo {
        command.args(["-n", "sh"]);
    }
    run::step(
        "apt-get install postgresql",
        command.args(["-c", script]).stdin(Stdio::null()),
    )
}
