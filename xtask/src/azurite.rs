//! An emulator of Azure Blob Storage for one run, which keeps everything in memory.

use crate::{keeper, keeper::Keeper, node};

/// What the keeper runs. It gets: the folder with the packages, the folder of the server, the port.
const KEEPER: &str = r#"
packages=$1 dir=$2 port=$3
umask 077
mkdir -p "$dir" && cd "$dir" || exit 1
mkfifo "$dir/started" || exit 1
node "$packages/node_modules/azurite/dist/src/blob/main.js" --inMemoryPersistence --silent --disableTelemetry \
  --skipApiVersionCheck --blobHost 127.0.0.1 --blobPort "$port" >"$dir/started" 2>"$dir/log" &
server=$!
while read -r line; do
  case $line in *"successfully listens"*) ready=1; break;; esac
done < "$dir/started"
[ "$ready" ] || { cat "$dir/log"; rm -rf "$dir"; exit 1; }
echo ready
cat > /dev/null
# It has inherited that it ignores the others.
kill -KILL "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$dir"
"#;

/// A running emulator. It stops when this is dropped.
pub(crate) struct Azurite {
    _keeper: Keeper,
    url: String,
}

impl Azurite {
    /// The address of the account that every emulator has.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Makes the folder with the packages and starts the emulator.
    pub(crate) fn start() -> Result<Self, String> {
        let packages = node::folder()?;
        let port = keeper::free_port()?;
        let folder = keeper::folder("azurite", port);
        let arguments = [packages.as_os_str(), folder.as_os_str()];
        // As ourselves: the packages may lie where nobody else may look.
        let (keeper, _) = Keeper::start_as_us(KEEPER, &arguments, "", port)
            .map_err(|error| format!("Azurite does not start: {error}"))?;
        Ok(Self {
            _keeper: keeper,
            url: format!("http://127.0.0.1:{port}/devstoreaccount1"),
        })
    }
}
