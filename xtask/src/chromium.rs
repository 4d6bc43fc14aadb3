//! The browser that tests drive.

use std::path::PathBuf;

use crate::install;

/// Gives the program, and installs it where it is not there.
pub(crate) fn program() -> Result<PathBuf, String> {
    if let Some(found) = find() {
        return Ok(found);
    }
    let installed = install::apt("chromium");
    find().ok_or_else(|| {
        let reason = installed
            .err()
            .unwrap_or_else(|| "it was installed and is still not found".to_owned());
        format!(
            "Chromium is needed and not found ({reason}).\n  Looked in PATH.\n  Install it (Debian: apt-get install chromium), or set \
             TEST_CHROMIUM to the program."
        )
    })
}

fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .flat_map(|folder| ["chromium", "google-chrome"].map(|name| folder.join(name)))
        .find(|program| program.is_file())
}
