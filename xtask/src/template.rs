//! The starter, copied out as a project of its own.
//!
//! What it takes from the workspace is written into its manifest: versions, features, lints, profiles. What its tests
//! read beside it comes along, and a file that would still reach out of the copy is refused. Only what git tracks is
//! copied; the lock file is ours, so that the copy is compiled with what we have tested.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use toml_edit::{Array, DocumentMut, InlineTable, Item, Value};

use crate::run;

const STARTER: &str = "examples/starter";
/// What is copied to the same place: a folder, or a file.
const BESIDE: &[&str] = &[
    ".gitignore",
    "Cargo.lock",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "clippy.toml",
    "docs/deploy",
    "docs/ops",
];
/// What reads differently in the copy: a file of the starter, the words, and those in their place.
const EDITS: &[(&str, &str, &str)] = &[
    (
        "tests/it/contract.rs",
        "/// Reads what lies beside the starter; whoever copies it takes that along.\n",
        "/// Reads what is not compiled.\n",
    ),
    (
        "tests/it/contract.rs",
        "{}/../../docs/{file}",
        "{}/docs/{file}",
    ),
];
const SECTIONS: &[&str] = &["dependencies", "dev-dependencies", "build-dependencies"];

type Files = BTreeMap<PathBuf, Vec<u8>>;

/// Where the copy takes the crates of the framework from.
enum Framework {
    Checkout,
    Git { url: String, revision: String },
}

/// `cargo xtask template DIR [--git URL]`
pub(crate) fn template(arguments: &[String]) -> Result<(), String> {
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (folder, framework) = match words.as_slice() {
        [folder] if !folder.starts_with('-') => (folder, Framework::Checkout),
        [folder, "--git", url] | ["--git", url, folder] => (folder, Framework::at(url)?),
        _ => return Err("`template` takes a folder, and `--git URL`".to_owned()),
    };
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    if std::fs::read_dir(&folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(format!("{} is not empty", folder.display()));
    }
    let files = files(&framework)?;
    for (name, bytes) in &files {
        write(&folder.join(name), bytes)?;
    }
    // It also takes out of the lock file what the copy does not need.
    let mut metadata = run::cargo(&["metadata", "--format-version", "1"]);
    run::output(metadata.current_dir(&folder))
        .map_err(|error| format!("the copy was written, and Cargo does not take it: {error}"))?;
    let (count, folder) = (files.len(), folder.display());
    println!("{count} files in {folder}\n  cd {folder}\n  cargo run");
    Ok(())
}

impl Framework {
    fn at(url: &str) -> Result<Self, String> {
        let changed = git(&["status", "--porcelain", "--untracked-files=no"])?;
        if !changed.is_empty() {
            println!(
                "This checkout has changes that no commit has: the copy has those of the starter, and not those of the crates"
            );
        }
        let revision = git(&["rev-parse", "HEAD"])?.trim().to_owned();
        let url = url.to_owned();
        Ok(Self::Git { url, revision })
    }

    /// Says where one crate is.
    fn dependency(&self, path: &str) -> InlineTable {
        match self {
            Self::Checkout => table([("path", run::root().join(path).display().to_string())]),
            Self::Git { url, revision } => table([("git", url.clone()), ("rev", revision.clone())]),
        }
    }
}

/// Gives all files of the copy.
fn files(framework: &Framework) -> Result<Files, String> {
    let mut files = Files::new();
    for name in tracked(STARTER)? {
        let inside = name.strip_prefix(STARTER).unwrap_or(&name).to_owned();
        files.insert(inside, read(&name)?);
    }
    for name in BESIDE {
        for name in tracked(name)? {
            files.insert(name.clone(), read(&name)?);
        }
    }
    for (name, from, to) in EDITS {
        let text = files.get_mut(Path::new(name)).ok_or("no such file");
        let text = text.and_then(|bytes| edit(bytes, from, to));
        text.map_err(|error| format!("{STARTER}/{name}: {error}: {from:?}"))?;
    }
    let outside = outside(&files);
    if !outside.is_empty() {
        let outside = outside.join("\n  ");
        return Err(format!(
            "these reach out of the copy; see `BESIDE` and `EDITS`:\n  {outside}"
        ));
    }
    let left = git(&["ls-files", "--others", "--exclude-standard", STARTER])?;
    for name in left.lines() {
        println!("{name} is not tracked by git, and left out");
    }
    let root = text("Cargo.toml")?;
    let manifest = manifest(&text(&format!("{STARTER}/Cargo.toml"))?, &root, framework)
        .map_err(|error| format!("the manifest: {error}"))?;
    files.insert("Cargo.toml".into(), manifest.into_bytes());
    // Without what it says of the tests of the framework.
    let compiler = parsed(&text("rust-toolchain.toml")?)?;
    let compiler = format!("[toolchain]\n{}", part(compiler.as_item(), "toolchain")?);
    files.insert("rust-toolchain.toml".into(), compiler.into_bytes());
    files.insert("README.md".into(), readme(framework).into_bytes());
    Ok(files)
}

/// Names what git tracks at a path.
fn tracked(path: &str) -> Result<Vec<PathBuf>, String> {
    let listed = git(&["ls-files", "-z", path])?;
    let names = listed.split('\0').filter(|name| !name.is_empty());
    let names: Vec<_> = names.map(PathBuf::from).collect();
    if names.is_empty() {
        return Err(format!("git tracks nothing at {path}"));
    }
    Ok(names)
}

fn edit(bytes: &mut Vec<u8>, from: &str, to: &str) -> Result<(), &'static str> {
    let text = str::from_utf8(bytes).map_err(|_| "not UTF-8")?;
    if text.matches(from).count() != 1 {
        return Err("does not have this once");
    }
    *bytes = text.replace(from, to).into_bytes();
    Ok(())
}

/// Names the places that read a file which is not copied: includes, and paths from the folder of the manifest.
fn outside(files: &Files) -> Vec<String> {
    let mut found = Vec::new();
    for (name, bytes) in files {
        let rust = name.extension().is_some_and(|extension| extension == "rs");
        let Ok(text) = str::from_utf8(bytes) else {
            continue;
        };
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate().filter(|_| rust) {
            let at = format!("{}:{}", name.display(), number + 1);
            // The path stands in the same statement, before or after.
            let around = lines.iter().skip(number.saturating_sub(2)).take(5);
            if line.contains("CARGO_MANIFEST_DIR") && around.clone().any(|line| climbs(line)) {
                found.push(format!("{at}: {}", line.trim()));
            }
            for path in included(line) {
                let from = name.parent().unwrap_or(Path::new(""));
                if !plain(&from.join(path)).is_some_and(|path| files.contains_key(&path)) {
                    found.push(format!("{at}: {path}"));
                }
            }
        }
    }
    found
}

fn climbs(line: &str) -> bool {
    ["\"../", "/../", "\"..\""]
        .iter()
        .any(|part| line.contains(part))
}

/// Gives what a line includes; `#[path]` too.
fn included(line: &str) -> impl Iterator<Item = &str> {
    let starts = ["include_str!(\"", "include_bytes!(\"", "include!(\""];
    starts
        .into_iter()
        .chain(["#[path = \""])
        .filter_map(|start| line.split_once(start)?.1.split('"').next())
}

/// Takes `..` out of a path, unless it leads out.
fn plain(path: &Path) -> Option<PathBuf> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !plain.pop() => return None,
            Component::ParentDir | Component::CurDir => {}
            part => plain.push(part),
        }
    }
    Some(plain)
}

/// Writes what a manifest takes from its workspace into it.
fn manifest(member: &str, root: &str, framework: &Framework) -> Result<String, String> {
    let (mut member, root) = (parsed(member)?, parsed(root)?);
    let workspace = part(root.as_item(), "workspace")?;
    let shared = part(workspace, "package")?;
    let package = member.get_mut("package").and_then(Item::as_table_mut);
    for (key, item) in package.ok_or("no `package`")?.iter_mut() {
        if inherits(item) {
            *item = part(shared, key.get())?.clone();
        }
    }
    let shared = part(workspace, "dependencies")?;
    for section in SECTIONS {
        let Some(table) = member.get_mut(section).and_then(Item::as_table_mut) else {
            continue;
        };
        for (key, item) in table.iter_mut().filter(|(_, item)| inherits(item)) {
            *item = Item::Value(dependency(item, part(shared, key.get())?, framework));
        }
    }
    member.remove("lints");
    let mut more = DocumentMut::new();
    more.insert("lints", part(workspace, "lints")?.clone());
    more.insert("profile", part(root.as_item(), "profile")?.clone());
    // So that a workspace around the copy does not take it in.
    Ok(format!(
        "{member}\n[workspace]\n\n{}",
        more.to_string().trim_start()
    ))
}

fn part<'a>(item: &'a Item, key: &str) -> Result<&'a Item, String> {
    item.get(key).ok_or_else(|| format!("no `{key}`"))
}

fn inherits(item: &Item) -> bool {
    item.get("workspace").and_then(Item::as_bool) == Some(true)
}

/// Joins what a crate says about a dependency and what the workspace does.
fn dependency(local: &Item, shared: &Item, framework: &Framework) -> Value {
    let mut joined = match shared.as_inline_table() {
        Some(shared) => shared.clone(),
        None => table([("version", shared.as_str().unwrap_or_default().to_owned())]),
    };
    let path = joined.get("path").and_then(Value::as_str);
    if let Some(path) = path {
        joined = framework.dependency(path);
    }
    let features: Array = [shared, local]
        .into_iter()
        .filter_map(|item| item.get("features")?.as_array())
        .flat_map(Array::iter)
        .filter_map(Value::as_str)
        .collect();
    if !features.is_empty() {
        joined.insert("features", features.into());
    }
    if let Some(optional) = local.get("optional").and_then(Item::as_value) {
        joined.insert("optional", optional.clone());
    }
    match joined.get("version") {
        Some(version) if joined.len() == 1 => version.clone().decorated(" ", ""),
        _ => joined.into(),
    }
}

fn table<const N: usize>(pairs: [(&str, String); N]) -> InlineTable {
    pairs.into_iter().collect()
}

fn parsed(text: &str) -> Result<DocumentMut, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn text(name: &str) -> Result<String, String> {
    String::from_utf8(read(Path::new(name))?).map_err(|_| format!("{name}: not UTF-8"))
}

fn read(name: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(run::root().join(name)).map_err(|error| format!("{}: {error}", name.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), String> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder)
        .and_then(|()| std::fs::write(path, bytes))
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn git(arguments: &[&str]) -> Result<String, String> {
    let mut git = std::process::Command::new("git");
    run::output(git.args(arguments).current_dir(run::root()))
}

fn readme(framework: &Framework) -> String {
    let place = match framework {
        Framework::Checkout => {
            "a checkout on this machine, by its path: whoever builds this elsewhere needs it there, or changes `Cargo.toml`"
        }
        Framework::Git { .. } => {
            "git, at the commit that `Cargo.toml` names; a newer one is a change of all these lines"
        }
    };
    README.replace("{place}", place)
}

const README: &str = "# Starter

A multi-tenant SaaS backend, to be made your own. It began as a copy of the starter of the framework.

```sh
cargo run                # on http://127.0.0.1:8080, with SQLite: it prints the sign-in
cargo run -- help        # its other commands
```

The crates `saas-…` come from {place}.

## Yours from here

- The name: `name` in `Cargo.toml`, and with it `CARGO_BIN_EXE_starter` in `tests/it`; `STARTER` in `src/boot.rs`; the audience
  of tokens (`SAAS__AUTH__TOKEN__AUDIENCE`); the title in `src/openapi.rs`.
- `src/projects` and `src/tasks` are examples of entities. `cargo run -- ddl --dialect postgres` prints the tables of what you declare; keep the
  text as a new file under `migrations`.
- `src/app.rs` has the routes with their permissions, `tests/routes.txt` shows each change of them.
- `docs/ops` has a dashboard and alerts; a test holds them against what is measured.
- The tests of clients and of load are the framework's own proof. Keep those whose promise you keep, and delete the others.

## Tests

They need a PostgreSQL with a pooler, a Redis, and clients of others. From a checkout of the framework, which brings them all:

```sh
cargo xtask test --manifest-path /path/to/this/Cargo.toml
```

Without it set `TEST_DATABASE_URL` (a superuser's URL), `TEST_POOLER_URL` (the same through PgBouncer), `TEST_REDIS_URL`, `TEST_REDIS_SERVER` (the program),
`TEST_POSTGRES_PROGRAMS` (the folder of `pg_dump`), `TEST_NGINX`, `TEST_HAPROXY`, `TEST_FAKETIME` (its library), `TEST_PYTHON`, `TEST_NODE` and `TEST_CHROMIUM`. A test fails, and says what it lacks, where one is not set.
Most need none of them, or only `TEST_DATABASE_URL`: `cargo test --test it projects::` to begin with.

## Licence

What was copied is under MIT or Apache-2.0, at your choice, and the two files have to stay with it. What you write is yours: say so in
`Cargo.toml`.
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_what_the_workspace_says_into_the_manifest() {
        let member = "[package]\nname = \"a\"\nedition.workspace = true\n\n[lints]\nworkspace = true\n\n[dependencies]\nb.workspace = true\n\
                      # why\nc = { workspace = true, features = [\"y\"] }\nsaas-core.workspace = true\nd = \"4\"\n";
        let root = "[workspace.package]\nedition = \"2024\"\n[workspace.dependencies]\nb = \"1\"\n\
                    c = { version = \"2\", default-features = false, features = [\"x\"] }\nsaas-core = { path = \"saas-core\", version = \"3\" }\n\
                    [workspace.lints.rust]\nunsafe_code = \"forbid\"\n[profile.dev]\ndebug = 0\n";
        let framework = Framework::Git {
            url: "u".to_owned(),
            revision: "r".to_owned(),
        };
        assert_eq!(
            manifest(member, root, &framework).unwrap(),
            "[package]\nname = \"a\"\nedition = \"2024\"\n\n[dependencies]\nb = \"1\"\n\
             # why\nc = { version = \"2\", default-features = false, features = [\"x\", \"y\"] }\nsaas-core = { git = \"u\", rev = \"r\" }\nd = \"4\"\n\
             \n[workspace]\n\n[lints.rust]\nunsafe_code = \"forbid\"\n[profile.dev]\ndebug = 0\n"
        );
    }

    #[test]
    fn finds_what_reaches_out_of_the_copy() {
        let found = |text: &str| {
            let files = [
                ("src/a.rs".into(), text.as_bytes().to_vec()),
                ("b.sql".into(), Vec::new()),
            ];
            outside(&files.into()).len()
        };
        assert_eq!(found("include_str!(\"../b.sql\")"), 0);
        assert_eq!(found("include_str!(\"../../b.sql\")"), 1);
        assert_eq!(found("include_str!(\"c.sql\")"), 1);
        assert_eq!(
            found("concat!(\n env!(\"CARGO_MANIFEST_DIR\"),\n \"/../x\"\n)"),
            1
        );
        assert_eq!(
            found("concat!(\n env!(\"CARGO_MANIFEST_DIR\"),\n \"/x\"\n)"),
            0
        );
        assert_eq!(found("get(\"../../etc/passwd\")"), 0);
    }
}
