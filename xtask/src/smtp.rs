//! Mail servers for one run, which keep what they are given.

use std::path::{Path, PathBuf};

use crate::{keeper, keeper::Keeper, python};

const SERVER: &str = include_str!("smtp.py");

/// What the keeper runs. It gets: the interpreter, the folder, the port, and the program as its secret.
const KEEPER: &str = r#"
python=$1 dir=$2 port=$3
umask 077
mkdir -p "$dir" && cd "$dir" || exit 1
mkfifo "$dir/started" || exit 1
printf '%s' "$SECRET" > "$dir/program"
"$python" "$dir/program" "$dir" "$port" >"$dir/started" 2>"$dir/log" &
server=$!
read -r line < "$dir/started"
[ "$line" = ready ] || { cat "$dir/log"; rm -rf "$dir"; exit 1; }
echo ready
cat > /dev/null
# It has inherited that it ignores the others.
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$dir"
"#;

/// Running mail servers. They stop when this is dropped.
pub(crate) struct MailServer {
    _keeper: Keeper,
    url: String,
    folder: PathBuf,
}

impl MailServer {
    /// The URL of the server without TLS.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// The folder with the mails, the certificate and the addresses of the servers with TLS.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes the environment for the servers and starts them.
    pub(crate) fn start() -> Result<Self, String> {
        let interpreter = python::interpreter()?;
        let port = keeper::free_port()?;
        let folder = keeper::folder("smtp", port);
        let arguments = [interpreter.as_os_str(), folder.as_os_str()];
        // As ourselves: the tests read the folder, and the environment may lie where nobody else may look.
        let (keeper, _) = Keeper::start_as_us(KEEPER, &arguments, SERVER, port)
            .map_err(|error| format!("the mail server does not start: {error}"))?;
        Ok(Self {
            _keeper: keeper,
            url: format!("smtp://127.0.0.1:{port}"),
            folder,
        })
    }
}
