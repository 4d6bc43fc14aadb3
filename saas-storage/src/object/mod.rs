//! Files with a row each: what they are, whose, and whether there is room for them.
//!
//! The bytes of a version are an object that never changes, named after the id of its row, so that
//! there is no moment at which name, description and bytes do not belong together. A version goes
//! through these steps, and after a crash at any of them a [sweep](Files::sweep) ends what was begun:
//!
//! ```text
//! staged   the row is there, and the object may be: nothing is in the store that no row knows
//! kept     the row has the name; in the same transaction the version before it is
//! dropped  its row has no name any more; then the object goes, and last the row
//! ```

mod erase;
mod file;
mod listing;
mod room;
mod row;
mod steps;
mod store;

use std::{fmt, sync::Arc, time::Duration};

use saas_core::config::Period;
use saas_tenancy::{Database, Scope};
use serde::{Deserialize, Serialize};

pub use self::{
    file::{File, FileFacts, Usage},
    listing::FolderPage,
};
pub(crate) use self::{
    room::{LOCK, Room},
    row::{DROPPED, FileRow, FileRowPatch, FileRows, KEPT, LOST, STAGED, UPLOADING},
    steps::{is_free, object_key, unname},
};
use crate::{
    Storage,
    scan::{Scan, Scanner},
};

/// Configures files with rows.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct FilesConfig {
    /// How many bytes a tenant may have, where nobody says it by tenant; as many as it likes when left
    /// out.
    pub quota: Option<u64>,
    /// The media types that are accepted, such as `application/pdf` and `image/*`; all when empty. What
    /// counts is what the bytes look like.
    pub media_types: Vec<String>,
    /// An upload that takes longer than this counts as given up.
    pub unfinished_after: Period,
}

impl Default for FilesConfig {
    fn default() -> Self {
        Self {
            quota: None,
            media_types: Vec::new(),
            unfinished_after: Duration::from_secs(24 * 3600).into(),
        }
    }
}

type QuotaOf = dyn Fn(&Scope) -> Option<u64> + Send + Sync;

/// Keeps files with a row each; cheap to clone.
///
/// It is a [`Storage`] itself, so downloads and signed addresses work on it as on any other. The storage
/// below belongs to it alone.
#[derive(Clone)]
pub struct Files {
    storage: Arc<dyn Storage>,
    database: Database,
    quota_of: Arc<QuotaOf>,
    allowed: Arc<[String]>,
    unfinished_after: Duration,
    scanner: Option<Scanner>,
}

impl Files {
    /// Keeps bytes in a storage and rows in a database, which has the tables of
    /// [`MODULE`](crate::MODULE).
    #[must_use]
    pub fn new(storage: Arc<dyn Storage>, database: Database, config: &FilesConfig) -> Self {
        let quota = config.quota;
        Self {
            storage,
            database,
            quota_of: Arc::new(move |_| quota),
            allowed: config.media_types.clone().into(),
            unfinished_after: config.unfinished_after.into(),
            scanner: None,
        }
    }

    /// Lets somebody look at each file before it can be seen, for so long at most.
    #[must_use]
    pub fn scan_with(mut self, scan: Arc<dyn Scan>, within: Duration) -> Self {
        self.scanner = Some(Scanner::new(scan, within));
        self
    }

    /// Says how many bytes each tenant may have, such as by its plan. It is asked at each upload, so it
    /// answers from memory.
    #[must_use]
    pub fn quota_of(
        mut self,
        quota: impl Fn(&Scope) -> Option<u64> + Send + Sync + 'static,
    ) -> Self {
        self.quota_of = Arc::new(quota);
        self
    }

    pub(crate) const fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.storage
    }

    pub(crate) fn quota(&self, scope: &Scope) -> Option<u64> {
        (self.quota_of)(scope)
    }

    pub(crate) const fn unfinished_after(&self) -> Duration {
        self.unfinished_after
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Files")
            .field("storage", &self.storage)
            .field("allowed", &self.allowed)
            .finish_non_exhaustive()
    }
}
