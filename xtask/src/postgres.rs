//! A PostgreSQL for one run.
//!
//! The server lives in a temporary folder, and a [`keeper`] ends it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use crate::{install, keeper, keeper::Keeper, pooler::Pooler, redis, run};

/// What the keeper runs. It gets: the folder with the programs, the folder of the server, the port.
const KEEPER: &str = r#"
bin=$1 dir=$2 port=$3
fail() { echo "failed: $1"; tail -n 20 "$dir/log" 2>/dev/null; rm -rf "$dir"; exit 1; }
mkdir -p "$dir" && cd "$dir" || exit 1
head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n' > "$dir/password"
"$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 ||
  "$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync >>"$dir/log" 2>&1 ||
  fail initdb
"$bin/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 30 -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$dir \
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c authentication_timeout=30 -c shared_buffers=64MB" start >>"$dir/log" 2>&1 ||
  fail start
echo "ready $(cat "$dir/password")"
cat > /dev/null
"$bin/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1
rm -rf "$dir"
"#;

/// A running server. It stops when this is dropped.
pub(crate) struct Postgres {
    _keeper: Keeper,
    url: String,
    version: String,
}

impl Postgres {
    /// The superuser's URL.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// What it calls itself.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// Finds or installs PostgreSQL and starts a server.
    pub(crate) fn start() -> Result<Self, String> {
        let programs = programs()?;
        // Another process may take the port between our look and the server's start.
        let mut last = String::new();
        for _ in 0..5 {
            match Self::start_on(&programs, keeper::free_port()?) {
                Ok(server) => return Ok(server),
                Err(error) => last = error,
            }
        }
        Err(format!("PostgreSQL does not start: {last}"))
    }

    fn start_on(programs: &Path, port: u16) -> Result<Self, String> {
        let folder = keeper::folder("postgres", port);
        let arguments = [programs.as_os_str(), folder.as_os_str()];
        let (keeper, password) = Keeper::start(KEEPER, &arguments, "", port)?;
        let version = run::output(Command::new(programs.join("postgres")).arg("--version"))?;
        Ok(Self {
            _keeper: keeper,
            version: format!("{}, without fsync", version.trim()),
            url: format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres"),
        })
    }
}

/// `cargo xtask postgres`
pub(crate) fn command(arguments: &[String]) -> Result<(), String> {
    let server = Postgres::start()?;
    let pooler = Pooler::start(server.url())?;
    let redis = redis::Redis::start()?;
    if let Some((program, rest)) = arguments.split_first() {
        let mut command = Command::new(program);
        command
            .args(rest)
            .env("TEST_DATABASE_URL", server.url())
            .env("TEST_POOLER_URL", pooler.url())
            .env("TEST_REDIS_URL", redis.url())
            .env("TEST_REDIS_SERVER", redis::program()?);
        return run::step(program, &mut command);
    }
    println!("TEST_DATABASE_URL={}", server.url());
    println!("TEST_POOLER_URL={}", pooler.url());
    println!("TEST_REDIS_URL={}", redis.url());
    println!("TEST_REDIS_SERVER={}", redis::program()?.display());
    println!("Ctrl-C stops it.");
    let signals = [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM];
    let mut signals =
        signal_hook::iterator::Signals::new(signals).map_err(|error| error.to_string())?;
    signals.forever().next();
    Ok(())
}

/// Gives the folder of the programs, which some tests run themselves, and installs them where they are not there.
pub(crate) fn programs() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install::apt("postgresql");
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
