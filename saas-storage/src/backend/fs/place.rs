//! Names on disk: looked at without following links, given and taken in one step.
//!
//! Between a look and the use of a path somebody could put a link in its way. Whoever can do that
//! has the rights of the service in its own folder and needs no such way; requests cannot make links.

use std::{
    fs::{self, DirBuilder, Metadata},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};

use saas_core::{Id, Timestamp};

use crate::{Error, FileInfo, Key, PutOptions};

const FILES: &str = "tenants";
const STAGING: &str = "staging";

/// A folder that goes away between making it and moving a file into it is made again this often.
const ATTEMPTS: usize = 16;

/// The root folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    root: Arc<Path>,
}

/// What a path leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Found {
    File(File),
    Folder,
    Nothing,
    /// It leads through a file, through or to a symbolic link, or to a device.
    Blocked,
}

/// One version of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct File {
    size: u64,
    modified: Option<i64>,
    inode: Option<u64>,
}

/// A file that is being received. Unless it is committed it is removed when it is dropped.
#[derive(Debug)]
pub(super) struct Staged {
    place: Place,
    object: String,
}

/// Names what is being received.
enum StagedTag {}

impl Place {
    /// Makes the folders, for the user of the service alone. Folders that are there keep their rights.
    pub(super) fn open(root: &Path) -> io::Result<Self> {
        let mut folders = folders();
        folders.recursive(true).create(root)?;
        let root = root.canonicalize()?;
        for name in [FILES, STAGING] {
            let path = root.join(name);
            folders.create(&path)?;
            if !fs::symlink_metadata(&path)?.is_dir() {
                return Err(io::Error::other(format!("`{name}` in it is not a folder")));
            }
        }
        Ok(Self { root: root.into() })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn path(&self, object: &str) -> PathBuf {
        self.root.join(object)
    }

    /// Looks at each step of a path, and follows no link.
    pub(super) fn look(&self, object: &str) -> Result<Found, Error> {
        let mut path = self.root.to_path_buf();
        let mut steps = object.split('/').filter(|step| !step.is_empty()).peekable();
        while let Some(step) = steps.next() {
            path.push(step);
            let found = match fs::symlink_metadata(&path) {
                Ok(found) => found,
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Found::Nothing),
                Err(error) if error.kind() == ErrorKind::NotADirectory => {
                    return Ok(Found::Blocked);
                }
                Err(error) => return Err(Error::backend(error)),
            };
            let last = steps.peek().is_none();
            if found.is_file() && last {
                return Ok(Found::File(File::of(&found)));
            }
            if !found.is_dir() {
                return Ok(Found::Blocked);
            }
        }
        Ok(Found::Folder)
    }

    /// Refuses a path at which no file can be put.
    pub(super) fn check_free(&self, object: &str, options: PutOptions) -> Result<(), Error> {
        match self.look(object)? {
            Found::Nothing => Ok(()),
            Found::File(_) if options.keeps_existing() => Err(Error::Exists),
            Found::File(_) => Ok(()),
            // Left by a crash, or about to be removed by someone else.
            Found::Folder if remove_empty(&self.path(object)).map_err(Error::backend)? => Ok(()),
            Found::Folder | Found::Blocked => Err(Error::Conflict),
        }
    }

    pub(super) fn stage(&self) -> Staged {
        Staged {
            place: self.clone(),
            object: format!("{STAGING}/{}", Id::<StagedTag>::generate()),
        }
    }

    /// Removes a file and, of the folders that its key names, those that are empty then.
    pub(super) fn remove(&self, object: &str, depth: usize) -> Result<bool, Error> {
        let Found::File(_) = self.look(object)? else {
            return Ok(false);
        };
        let path = self.path(object);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if is_gone(&error) => return Ok(false),
            Err(error) => return Err(Error::backend(error)),
        }
        for folder in path.ancestors().skip(1).take(depth.saturating_sub(1)) {
            // It fails at the first that is not empty, which is the end of it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(true)
    }

    /// Makes the folders of an object.
    fn make_folders(&self, object: &str) -> io::Result<()> {
        let mut path = self.root.to_path_buf();
        let Some((steps, _)) = object.rsplit_once('/') else {
            return Ok(());
        };
        for step in steps.split('/') {
            path.push(step);
            match folders().create(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Staged {
    pub(super) fn object(&self) -> &str {
        &self.object
    }

    /// Gives the file its name.
    pub(super) fn commit(self, target: &str, options: PutOptions) -> Result<File, Error> {
        let (from, to) = (self.place.path(&self.object), self.place.path(target));
        restrict(&from).map_err(Error::backend)?;
        let file = File::of(&fs::symlink_metadata(&from).map_err(Error::backend)?);
        for _ in 0..ATTEMPTS {
            self.place.check_free(target, options)?;
            let folders = self.place.make_folders(target);
            let moved = folders.and_then(|()| {
                // To link fails where there is a file, and to rename takes its place.
                if options.keeps_existing() {
                    fs::hard_link(&from, &to)
                } else {
                    fs::rename(&from, &to)
                }
            });
            match moved {
                Ok(()) => return Ok(file),
                Err(error) => match error.kind() {
                    // A folder was removed meanwhile, because its last file was, or it was added.
                    ErrorKind::NotFound | ErrorKind::IsADirectory | ErrorKind::NotADirectory => {}
                    ErrorKind::AlreadyExists => return Err(Error::Exists),
                    _ => return Err(Error::backend(error)),
                },
            }
        }
        Err(Error::Conflict)
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Gone already where it was renamed; a second name where it was linked.
        match fs::remove_file(self.place.path(&self.object)) {
            Err(error) if !is_gone(&error) => {
                tracing::warn!(%error, "a remainder stays in the staging folder");
            }
            _ => {}
        }
    }
}

impl Found {
    pub(super) fn file(self) -> Result<File, Error> {
        match self {
            Self::File(file) => Ok(file),
            Self::Folder | Self::Nothing | Self::Blocked => Err(Error::NotFound),
        }
    }
}

impl File {
    fn of(found: &Metadata) -> Self {
        let modified = found.modified().ok().and_then(|time| {
            let since = time.duration_since(UNIX_EPOCH).ok()?;
            i64::try_from(since.as_micros()).ok()
        });
        #[cfg(unix)]
        let inode = Some(std::os::unix::fs::MetadataExt::ino(found));
        #[cfg(not(unix))]
        let inode = None;
        Self {
            size: found.len(),
            modified,
            inode,
        }
    }

    pub(super) fn describe(&self, key: Key) -> FileInfo {
        let modified = self.modified.and_then(|at| Timestamp::from_micros(at).ok());
        let info = FileInfo::new(key, self.size, modified);
        match self.inode {
            Some(inode) => info.with_version(inode),
            None => info,
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

/// Removes a folder that holds nothing but folders. Gives false when there is anything else in it.
fn remove_empty(folder: &Path) -> io::Result<bool> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        Err(error) if error.kind() == ErrorKind::NotADirectory => return Ok(false),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if !entry.file_type()?.is_dir() || !remove_empty(&entry.path())? {
            return Ok(false);
        }
    }
    match fs::remove_dir(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(true),
        Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn folders() -> DirBuilder {
    let mut folders = DirBuilder::new();
    std::os::unix::fs::DirBuilderExt::mode(&mut folders, 0o700);
    folders
}

#[cfg(not(unix))]
fn folders() -> DirBuilder {
    DirBuilder::new()
}

#[cfg(unix)]
fn restrict(file: &Path) -> io::Result<()> {
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}
