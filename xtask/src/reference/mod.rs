//! The reference chapters of the book that follow from the sources and from what the starter prints.

mod attributes;
mod calls;
mod configuration;
mod events;
mod links;
mod metrics;
mod permissions;
mod sources;
mod starter;
mod walk;

use std::fmt::Write as _;

use crate::run;

use starter::Starter;

const FOLDER: &str = "docs/src/reference";

/// `cargo xtask reference [--write]`: with a starter that is built for it.
pub(crate) fn command(arguments: &[String]) -> Result<(), String> {
    let build = ["build", "--locked", "-p", "starter", "--all-features"];
    run::step("build of the starter", &mut run::cargo(&build))?;
    if !arguments.iter().any(|argument| argument == "--write") {
        return check();
    }
    for (page, text) in pages()? {
        let path = run::root().join(FOLDER).join(page);
        std::fs::write(path, text).map_err(|error| format!("{FOLDER}/{page}: {error}"))?;
    }
    Ok(())
}

/// Compares the chapters with what the sources say, and the starter that was built last.
pub(crate) fn check() -> Result<(), String> {
    println!("\n== reference");
    let mut old = Vec::new();
    for (page, text) in pages()? {
        let path = run::root().join(FOLDER).join(page);
        let found = std::fs::read_to_string(path).unwrap_or_default();
        if found != text {
            let mut lines = text.lines().zip(found.lines().chain([""]));
            let first = lines.position(|(new, old)| new != old);
            let line = first.unwrap_or_else(|| found.lines().count()) + 1;
            old.push(format!("{FOLDER}/{page}, from line {line} on"));
        }
    }
    if old.is_empty() {
        return Ok(());
    }
    Err(format!(
        "these chapters do not say what the sources do; run `cargo xtask reference --write` and look at the change:\n  {}",
        old.join("\n  ")
    ))
}

fn pages() -> Result<[(&'static str, String); 4], String> {
    let starter = Starter::find()?;
    Ok([
        ("configuration.md", configuration::page(&starter)?),
        ("permissions.md", permissions::page(&starter)?),
        ("events.md", events::page()?),
        ("metrics.md", metrics::page(&starter)?),
    ])
}

/// Writes a row of a table.
fn row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        let _ = write!(page, "| {} ", cell.replace('|', "\\|"));
    }
    page.push_str("|\n");
}
