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

/// What is not in the book is in the repository, where pages end in `.md`.
fn is_beside(page: &Path, link: &str) -> bool {
    let source = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = source.join(page.parent().unwrap()).join(link);
    file.exists() || file.with_extension("md").exists()
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
                None => folder.path().join(&made).exists() || is_beside(page, path),
            };
            if !there {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "{broken:#?}");
}
