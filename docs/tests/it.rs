//! The book as mdBook makes it.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use mdbook_driver::MDBook;

/// The pages below a folder, by their path in it.
fn pages(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in std::fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            pages(folder, &path, found);
        } else if path.extension().is_some_and(|kind| kind == "html") {
            let text = std::fs::read_to_string(entry.path()).unwrap();
            found.insert(path, text);
        }
    }
}

/// Where a link of a page leads within the book.
fn target(page: &Path, link: &str) -> PathBuf {
    let mut path = PathBuf::new();
    for part in page.parent().unwrap().join(link).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            part => path.push(part),
        }
    }
    path
}

#[test]
fn the_book_is_made_and_every_link_in_it_leads_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let mut book = MDBook::load(env!("CARGO_MANIFEST_DIR")).unwrap();
    folder.path().clone_into(&mut book.config.build.build_dir);
    book.build().unwrap();
    let mut found = BTreeMap::new();
    pages(folder.path(), Path::new(""), &mut found);
    assert!(found.len() > 30, "{:?}", found.keys());
    let mut broken = Vec::new();
    // The page for printers repeats the others.
    for (page, text) in found
        .iter()
        .filter(|(page, _)| **page != Path::new("print.html"))
    {
        for link in text.split("href=\"").skip(1) {
            let link = link.split('"').next().unwrap();
            // Not ours, or a listing.
            if link.contains([':', '{']) {
                continue;
            }
            let (path, place) = link.split_once('#').unwrap_or((link, ""));
            let made = match path {
                "" => page.clone(),
                path => target(page, path),
            };
            let there = match found.get(&made) {
                Some(text) => place.is_empty() || text.contains(&format!("id=\"{place}\"")),
                None => folder.path().join(&made).exists(),
            };
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}

/// What Rust there is between a page's fences of this kind.
fn listings<'a>(page: &'a str, fence: &str) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut rest = page;
    let begin = format!("```{fence}\n");
    while let Some((_, after)) = rest.split_once(&begin) {
        let (listing, after) = after.split_once("```\n").unwrap();
        found.push(listing);
        rest = after;
    }
    found
}

/// The program that the tutorial writes is compiled and tested as `examples/workshop`.
#[test]
fn the_tutorial_shows_the_program_and_all_of_it() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |folder: PathBuf| -> Vec<(PathBuf, String)> {
        let entries = std::fs::read_dir(&folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .map(|path| (path.clone(), std::fs::read_to_string(path).unwrap()))
            .collect()
    };
    let program = read(book.join("../examples/workshop/src"));
    let pages = read(book.join("src/tutorial"));
    let mut shown = String::new();
    for (page, text) in &pages {
        for listing in listings(text, "rust,ignore") {
            // A line that changes something is no listing of a file.
            if listing.lines().count() == 1 {
                continue;
            }
            let of_program = program.iter().any(|(_, file)| file.contains(listing));
            assert!(
                of_program,
                "{} is not of the program:\n{listing}",
                page.display()
            );
            shown.push_str(listing);
        }
    }
    for (path, file) in &program {
        for line in file.lines() {
            assert!(
                shown.contains(line),
                "{}: nobody is shown {line}",
                path.display()
            );
        }
    }
}

/// A page with listings that `docs/lib.rs` does not name is compiled by nobody.
#[test]
fn every_page_with_rust_in_it_is_compiled() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiled = std::fs::read_to_string(book.join("lib.rs")).unwrap();
    let mut folders = vec![book.join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let name = path.strip_prefix(book).unwrap().display().to_string();
            if text.contains("\n```rust") {
                assert!(compiled.contains(&format!("\"{name}\"")), "{name}");
            }
        }
    }
}
