//! Files in the order of their names, a page at a time.
//!
//! A folder is not in order, and neither is the walk through it. So the walk keeps a frontier of
//! files and unopened folders, takes the first of it, and puts in its place what is inside. Folders
//! that lie before the page are never opened, and the frontier is bounded: what does not fit is
//! dropped from its far end and found again by another pass.

use std::{collections::BTreeSet, fs, io};

use super::place::{Found, Place};
use crate::{Error, FilePage, Key, MAX_PAGE};

/// More than a page, so that one pass is enough wherever names are those of files.
const FRONTIER: usize = MAX_PAGE + 24;

/// Where a pass begins.
enum From {
    Start,
    After(String),
    At(String),
}

impl From {
    /// Tells whether a file belongs to the pass, or a folder (its name ends with a slash) may hold
    /// one that does.
    fn admits(&self, name: &str) -> bool {
        let reaches = |from: &str| name.ends_with('/') && from.starts_with(name);
        match self {
            Self::Start => true,
            Self::After(from) => name > from.as_str() || reaches(from),
            Self::At(from) => name >= from.as_str() || reaches(from),
        }
    }
}

/// Lists files below a folder of a tenant's space.
pub(super) fn page(
    place: &Place,
    space: &str,
    folder: &str,
    after: Option<String>,
    limit: usize,
) -> Result<FilePage, Error> {
    let mut items = Vec::new();
    if place.look(&format!("{space}{folder}"))? != Found::Folder {
        return Ok(FilePage::new(items, None));
    }
    let mut from = after.map_or(From::Start, From::After);
    loop {
        let mut frontier = BTreeSet::from([folder.to_owned()]);
        let mut dropped: Option<String> = None;
        while let Some(first) = frontier.pop_first() {
            if first.is_empty() || first.ends_with('/') {
                children(place, space, &first, |name| {
                    let near = dropped.as_ref().is_none_or(|dropped| name < *dropped);
                    if near && from.admits(&name) {
                        frontier.insert(name);
                    }
                    if frontier.len() > FRONTIER {
                        dropped = frontier.pop_last();
                    }
                })
                .map_err(Error::backend)?;
                continue;
            }
            // Something else may have put files there; they have no name that a caller could use.
            let Ok(key) = first.parse::<Key>() else {
                continue;
            };
            if items.len() == limit {
                let next = items.last().map(|info: &crate::FileInfo| info.path.clone());
                return Ok(FilePage::new(items, next));
            }
            // Deleted meanwhile, if it is no file.
            if let Found::File(file) = place.look(&format!("{space}{key}"))? {
                items.push(file.describe(key));
            }
        }
        match dropped {
            Some(name) => from = From::At(name),
            None => return Ok(FilePage::new(items, None)),
        }
    }
}

/// Gives the names in a folder, those of folders with a slash at their end. Links are left out.
fn children(
    place: &Place,
    space: &str,
    folder: &str,
    mut give: impl FnMut(String),
) -> io::Result<()> {
    let entries = match fs::read_dir(place.path(&format!("{space}{folder}"))) {
        Ok(entries) => entries,
        // Removed or replaced meanwhile.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let (Ok(name), kind) = (entry.file_name().into_string(), entry.file_type()) else {
            continue;
        };
        match kind {
            Ok(kind) if kind.is_file() => give(format!("{folder}{name}")),
            Ok(kind) if kind.is_dir() => give(format!("{folder}{name}/")),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
