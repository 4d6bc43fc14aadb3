//! Names on disk: looked at without following links, given and taken in one step.
//!
//! Between a look and the use of a path somebody could put a link in its way. Whoever can do that
//! has the rights of the service in its own folder and needs no such way; requests cannot make links.
//!
//! Whoever gives or takes a name holds a lock of the operating system, shared with others who do. A
//! condition on the version holds it alone, so that nothing comes between the look and the change,
//! whichever process it is from.

use std::{
    fs::{self, DirBuilder, File as Handle, FileTimes, Metadata, OpenOptions},
    io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _},
    ops::Range,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, UNIX_EPOCH},
};

use saas_core::{Clock as _, Id, SystemClock, Timestamp};

use crate::{Error, Existing, FileInfo, Key, PutOptions};

const FILES: &str = "tenants";
const STAGING: &str = "staging";
const LOCK: &str = "lock";

/// What is being received and has not grown for so long belongs to a process that is gone.
const REMAINDER: Duration = Duration::from_secs(3600);

/// A folder that goes away between making it and moving a file into it is made again this often.
const ATTEMPTS: usize = 16;

/// The root folder.
#[derive(Debug, Clone)]
pub(super) struct Place {
    root: Arc<Path>,
    /// The time of the last file, in microseconds.
    last: Arc<AtomicI64>,
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
        let place = Self {
            root: root.into(),
            last: Arc::default(),
        };
        place.lock_file()?;
        place.clear_staging()?;
        Ok(place)
    }

    /// Removes what a process that is gone was receiving. Another one may use the folder too, and what
    /// arrives there is younger.
    fn clear_staging(&self) -> io::Result<()> {
        let late = UNIX_EPOCH + self.stamp().saturating_sub(REMAINDER);
        for entry in fs::read_dir(self.root.join(STAGING))? {
            let entry = entry?;
            // Gone meanwhile, if another process clears too.
            let Ok(about) = entry.metadata() else {
                continue;
            };
            if about.is_file() && about.modified()? < late {
                match fs::remove_file(entry.path()) {
                    Err(error) if !is_gone(&error) => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
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

    /// Reads up to so many bytes of a file that was found. Gives nothing where more are asked for, or where the file was
    /// written over meanwhile.
    pub(super) fn read(
        &self,
        object: &str,
        found: &File,
        range: &Range<u64>,
        most: u64,
    ) -> Result<Option<Vec<u8>>, Error> {
        let size = range.end.saturating_sub(range.start);
        if size == 0 || size > most {
            return Ok(None);
        }
        let mut contents = vec![0; usize::try_from(size).map_err(Error::backend)?];
        let mut read = || {
            let mut file = Handle::open(self.path(object))?;
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut contents)
        };
        match read() {
            Ok(()) => {}
            Err(error) if is_gone(&error) || error.kind() == ErrorKind::UnexpectedEof => {
                return Ok(None);
            }
            Err(error) => return Err(Error::backend(error)),
        }
        // If the name still means the file that was found, it is this one.
        match self.look(object)? {
            Found::File(after) if after == *found => Ok(Some(contents)),
            _ => Ok(None),
        }
    }

    /// Refuses a path at which no file can be put, and what the options refuse.
    pub(super) fn check_free(
        &self,
        object: &str,
        key: &Key,
        options: &PutOptions,
    ) -> Result<(), Error> {
        match self.look(object)? {
            Found::Nothing => options.check(None),
            Found::File(file) => options.check(Some(&file.describe(key.clone()))),
            // Left by a crash, or about to be removed by someone else.
            Found::Folder if remove_empty(&self.path(object)).map_err(Error::backend)? => {
                options.check(None)
            }
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
        let _lock = self.share()?;
        let Found::File(_) = self.look(object)? else {
            return Ok(false);
        };
        let path = self.path(object);
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if is_gone(&error) => return Ok(false),
            Err(error) => return Err(Error::backend(error)),
        }
        self.prune(&path, depth);
        Ok(true)
    }

    /// Gives a file another name, in one step.
    pub(super) fn rename(
        &self,
        from: &str,
        depth: usize,
        to: &str,
        key: &Key,
        options: &PutOptions,
    ) -> Result<File, Error> {
        let _lock = self.lock()?;
        let file = self.look(from)?.file()?;
        if from == to {
            options.check(Some(&file.describe(key.clone())))?;
            return Ok(file);
        }
        let limit = options.limit();
        if file.size > limit {
            return Err(Error::TooLarge { limit });
        }
        let source = self.path(from);
        self.give_name(&source, to, key, options)?;
        // A name that was given by a link leaves the other one.
        match fs::remove_file(&source) {
            Err(error) if !is_gone(&error) => return Err(Error::backend(error)),
            _ => {}
        }
        self.prune(&source, depth);
        Ok(file)
    }

    /// Gives what is at a path the name of an object. The caller holds the lock.
    fn give_name(
        &self,
        from: &Path,
        target: &str,
        key: &Key,
        options: &PutOptions,
    ) -> Result<(), Error> {
        let to = self.path(target);
        for _ in 0..ATTEMPTS {
            self.check_free(target, key, options)?;
            // To link fails where there is a file, and to rename takes its place.
            let moved = match options.on_existing() {
                Existing::Keep => fs::hard_link(from, &to),
                Existing::Replace | Existing::Match(_) => fs::rename(from, &to),
            };
            match moved {
                Ok(()) => return Ok(()),
                Err(error) => match error.kind() {
                    // There is no folder yet, or it was removed meanwhile because its last file was.
                    ErrorKind::NotFound => match self.make_folders(target) {
                        Err(error) if !is_gone(&error) => return Err(Error::backend(error)),
                        _ => {}
                    },
                    // A folder was added meanwhile.
                    ErrorKind::IsADirectory | ErrorKind::NotADirectory => {}
                    ErrorKind::AlreadyExists => return Err(Error::Exists),
                    _ => return Err(Error::backend(error)),
                },
            }
        }
        Err(Error::Conflict)
    }

    /// Removes, of the folders that a key of so many segments names, those that are empty.
    fn prune(&self, path: &Path, depth: usize) {
        for folder in path.ancestors().skip(1).take(depth.saturating_sub(1)) {
            // It fails at the first that is not empty, which is the end of it.
            if fs::remove_dir(folder).is_err() {
                break;
            }
        }
    }

    /// Waits for the lock, which is held for a few calls of the system at a time.
    fn share(&self) -> Result<Handle, Error> {
        let file = self.lock_file().map_err(Error::backend)?;
        file.lock_shared().map_err(Error::backend)?;
        Ok(file)
    }

    /// Waits for the lock that giving a name takes: alone where a version is compared.
    fn lock_for(&self, options: &PutOptions) -> Result<Handle, Error> {
        match options.on_existing() {
            Existing::Match(_) => self.lock(),
            Existing::Replace | Existing::Keep => self.share(),
        }
    }

    /// Waits until nobody else holds the lock.
    fn lock(&self) -> Result<Handle, Error> {
        let file = self.lock_file().map_err(Error::backend)?;
        file.lock().map_err(Error::backend)?;
        Ok(file)
    }

    /// Opens the lock. Each holder needs a handle of its own, and a link is not followed.
    fn lock_file(&self) -> io::Result<Handle> {
        let path = self.root.join(LOCK);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        match fs::symlink_metadata(&path) {
            Ok(found) if !found.is_file() => {
                Err(io::Error::other(format!("`{LOCK}` in it is not a file")))
            }
            _ => options.open(&path),
        }
    }

    /// Gives a time that no other file of this process has.
    fn stamp(&self) -> Duration {
        let now = SystemClock::default().now().as_micros();
        let next = |last: i64| Some(now.max(last.saturating_add(1)));
        let before = self
            .last
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
        let stamp = before.ok().and_then(next).unwrap_or(now);
        Duration::from_micros(u64::try_from(stamp).unwrap_or(0))
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

    /// Writes all of it, and gives the file its name.
    pub(super) fn keep(
        self,
        contents: &[u8],
        target: &str,
        key: &Key,
        options: &PutOptions,
    ) -> Result<File, Error> {
        let from = self.place.path(&self.object);
        let file = self.write(&from, contents).map_err(Error::backend)?;
        let _lock = self.place.lock_for(options)?;
        self.place.give_name(&from, target, key, options)?;
        Ok(file)
    }

    fn write(&self, path: &Path, contents: &[u8]) -> io::Result<File> {
        let mut handle = new_file().open(path)?;
        handle.write_all(contents)?;
        let file = self.stamp(&handle)?;
        handle.sync_all()?;
        Ok(file)
    }

    /// Gives the file its name.
    pub(super) fn commit(
        self,
        target: &str,
        key: &Key,
        options: &PutOptions,
    ) -> Result<File, Error> {
        let from = self.place.path(&self.object);
        let file = self.seal(&from).map_err(Error::backend)?;
        let _lock = self.place.lock_for(options)?;
        self.place.give_name(&from, target, key, options)?;
        Ok(file)
    }

    /// Makes it ours alone, and gives it a time that tells its version.
    fn seal(&self, path: &Path) -> io::Result<File> {
        restrict(path)?;
        self.stamp(&OpenOptions::new().write(true).open(path)?)
    }

    /// Gives it a time that tells its version: the clock of a file system ticks too slowly for that.
    fn stamp(&self, handle: &Handle) -> io::Result<File> {
        let time = UNIX_EPOCH + self.place.stamp();
        handle.set_times(FileTimes::new().set_modified(time))?;
        Ok(File::of(&handle.metadata()?))
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

/// Opens files that are not there yet, for the user of the service alone.
fn new_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn restrict(file: &Path) -> io::Result<()> {
    fs::set_permissions(file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
}

#[cfg(not(unix))]
fn restrict(_: &Path) -> io::Result<()> {
    Ok(())
}
