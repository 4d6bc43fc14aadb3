//! Programs that tests run themselves, from packages of the system.

use std::path::{Path, PathBuf};

use crate::install;

pub(crate) fn nginx() -> Result<PathBuf, String> {
    find_or_install("nginx-light", || in_path("nginx"))
}

pub(crate) fn haproxy() -> Result<PathBuf, String> {
    find_or_install("haproxy", || in_path("haproxy"))
}

/// The library that shows a process another time.
pub(crate) fn faketime() -> Result<PathBuf, String> {
    find_or_install("libfaketime", || {
        let folders = std::fs::read_dir("/usr/lib").ok()?;
        folders
            .filter_map(|folder| Some(folder.ok()?.path().join("faketime/libfaketime.so.1")))
            .chain([PathBuf::from("/usr/lib/faketime/libfaketime.so.1")])
            .find(|library| library.is_file())
    })
}

fn find_or_install(package: &str, find: impl Fn() -> Option<PathBuf>) -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install::apt(package);
    find().ok_or_else(|| {
        let reason = installed
            .err()
            .unwrap_or_else(|| "it was installed and is still not found".to_owned());
        format!("{package} is needed and not found ({reason}).\n  Install it (Debian: apt-get install {package}).")
    })
}

/// Servers stand beside the programs of people, in a folder that is not in everybody's path.
fn in_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain([Path::new("/usr/sbin").to_owned()])
        .map(|folder| folder.join(name))
        .find(|program| program.is_file())
}
