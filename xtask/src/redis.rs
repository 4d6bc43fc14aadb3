//! A Redis for one run, which keeps nothing on the disk.

use std::path::PathBuf;

use crate::{install, keeper, keeper::Keeper};

/// What the keeper runs. It gets: the program, the folder of the server, the port.
const KEEPER: &str = r#"
program=$1 dir=$2 port=$3
umask 077
mkdir -p "$dir" && cd "$dir" || exit 1
password=$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')
cat > conf <<END
bind 127.0.0.1
port $port
requirepass $password
save ""
appendonly no
dir $dir
maxclients 4000
END
"$program" "$dir/conf" >"$dir/log" 2>&1 &
server=$!
until grep -q "Ready to accept connections" "$dir/log"; do
  kill -0 "$server" 2>/dev/null || { cat "$dir/log"; rm -rf "$dir"; exit 1; }
  sleep 0.05
done
echo "ready $password"
cat > /dev/null
# It has inherited that it ignores the others.
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$dir"
"#;

/// A running server. It stops when this is dropped.
pub(crate) struct Redis {
    _keeper: Keeper,
    url: String,
}

impl Redis {
    /// The URL, with the password.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Finds or installs the program and starts it.
    pub(crate) fn start() -> Result<Self, String> {
        let program = program()?;
        let port = keeper::free_port()?;
        let folder = keeper::folder("redis", port);
        let arguments = [program.as_os_str(), folder.as_os_str()];
        let (keeper, password) = Keeper::start(KEEPER, &arguments, "", port)
            .map_err(|error| format!("Redis does not start: {error}"))?;
        Ok(Self {
            _keeper: keeper,
            url: format!("redis://default:{password}@127.0.0.1:{port}/"),
        })
    }
}

/// Gives the program, which some tests run themselves, and installs it where it is not there.
pub(crate) fn program() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install::apt("redis-server");
    find().ok_or_else(|| {
        let reason = installed
            .err()
            .unwrap_or_else(|| "it was installed and is still not found".to_owned());
        format!(
            "Redis is needed and not found ({reason}).\n  Looked for redis-server and valkey-server in PATH.\n  Install it (Debian: \
             apt-get install redis-server). Tests that end one and start it again need the program, even where \
             TEST_REDIS_URL names a server."
        )
    })
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| ["redis-server", "valkey-server"].map(|name| folder.join(name)))
        .find(|program| program.is_file())
}
