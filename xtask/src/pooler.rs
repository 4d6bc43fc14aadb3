//! A `PgBouncer` in transaction mode for one run, in front of any PostgreSQL.

use std::{
    ffi::OsStr,
    path::{Path, PathBuf},
};

use crate::{install, keeper, keeper::Keeper};

/// What the keeper runs. It gets: the program, the folder, the host, port and user of the server, the
/// port, and the password as its secret. Whoever connects is asked for the password that the server knows.
const KEEPER: &str = r#"
program=$1 dir=$2 host=$3 to=$4 user=$5 port=$6
umask 077
mkdir -p "$dir" && cd "$dir" || exit 1
printf '"%s" "%s"\n' "$user" "$SECRET" > users
cat > conf <<END
[databases]
* = host=$host port=$to auth_user=$user
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = scram-sha-256
auth_file = $dir/users
auth_query = SELECT usename, passwd FROM pg_shadow WHERE usename = \$1
pool_mode = transaction
max_client_conn = 2000
default_pool_size = 3
server_idle_timeout = 5
ignore_startup_parameters = extra_float_digits
logfile = $dir/log
pidfile = $dir/pid
END
"$program" -q -d "$dir/conf" >"$dir/out" 2>&1 || { cat "$dir/out" "$dir/log"; rm -rf "$dir"; exit 1; }
echo ready
cat > /dev/null
kill -INT "$(cat "$dir/pid")" 2>/dev/null
rm -rf "$dir"
"#;

/// A running pooler. It stops when this is dropped.
pub(crate) struct Pooler {
    _keeper: Keeper,
    url: String,
}

impl Pooler {
    /// The superuser's URL, through the pooler.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Finds or installs the program and starts it in front of the server of that URL.
    pub(crate) fn start(server: &str) -> Result<Self, String> {
        let (user, password, host, to, rest) = parts(server)
            .ok_or("TEST_DATABASE_URL is not `postgres://user:password@host:port/…`")?;
        let program = find_or_install()?;
        let port = keeper::free_port()?;
        let folder = keeper::folder("pgbouncer", port);
        let arguments: [&OsStr; 5] = [
            program.as_os_str(),
            folder.as_os_str(),
            host.as_ref(),
            to.as_ref(),
            user.as_ref(),
        ];
        let (keeper, _) = Keeper::start(KEEPER, &arguments, password, port)
            .map_err(|error| format!("PgBouncer does not start: {error}"))?;
        Ok(Self {
            _keeper: keeper,
            url: format!("postgres://{user}:{password}@127.0.0.1:{port}{rest}"),
        })
    }
}

/// User, password, host, port and the rest of a URL.
fn parts(url: &str) -> Option<(&str, &str, &str, &str, &str)> {
    let (_, rest) = url.split_once("://")?;
    let (user, rest) = rest.rsplit_once('@')?;
    let (user, password) = user.split_once(':')?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (place, rest) = rest.split_at(end);
    let (host, port) = place.rsplit_once(':').unwrap_or((place, "5432"));
    Some((user, password, host, port, rest))
}

fn find_or_install() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install::apt("pgbouncer");
    find().ok_or_else(|| {
        let reason = installed
            .err()
            .unwrap_or_else(|| "it was installed and is still not found".to_owned());
        format!(
            "PgBouncer is needed and not found ({reason}).\n  Looked in PATH, /usr/sbin and /usr/local/sbin.\n  Install it \
             (Debian: apt-get install pgbouncer), or set TEST_POOLER_URL to the superuser's URL through one in transaction mode."
        )
    })
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path);
    let folders = folders.chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from));
    folders
        .map(|folder| folder.join("pgbouncer"))
        .find(|program| Path::is_file(program))
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_url_is_taken_apart() {
        let url = "postgres://postgres:p@ss@127.0.0.1:5433/postgres?sslmode=disable";
        let found = (
            "postgres",
            "p@ss",
            "127.0.0.1",
            "5433",
            "/postgres?sslmode=disable",
        );
        assert_eq!(parts(url), Some(found));
        assert_eq!(
            parts("postgres://u:p@h/d"),
            Some(("u", "p", "h", "5432", "/d"))
        );
        assert_eq!(parts("postgres://h/d"), None);
    }
}
