//! From the configuration to the files: where they are, whether they are encrypted, and who signs their addresses.

use std::{error::Error, sync::Arc};

use saas_storage::{
    Encrypted, Files, Grants, GrantsConfig, LocalKeys, Measured, SignConfig, Storage,
    StorageConfig, StorageMetrics, TenantKeys, Uploads, UrlSigner,
};
use saas_tenancy::Database;

use super::settings::FilesSettings;

/// An encrypted object is larger than its file by a header and a tag for every 64 KiB.
const OVERHEAD: u64 = 1024;

/// The files, and what is done with them.
pub(crate) struct Opened {
    pub(crate) files: Files,
    pub(crate) uploads: Uploads,
    pub(crate) signer: UrlSigner,
    pub(crate) grants: Grants,
    pub(crate) metrics: StorageMetrics,
}

/// Opens the files. Addresses that are signed lead to this server.
pub(crate) fn open(
    storage: &StorageConfig,
    settings: &FilesSettings,
    database: &Database,
    issuer: &str,
) -> Result<Opened, Box<dyn Error>> {
    let mut place = storage.clone();
    let largest = storage.max_file_size;
    if settings.encrypt {
        place.max_file_size = largest.saturating_add(largest / OVERHEAD + OVERHEAD);
    }
    let measured = Measured::new(saas_storage::open(&place)?);
    let metrics = measured.metrics();
    let mut store: Arc<dyn Storage> = Arc::new(measured);
    if settings.encrypt {
        let provider = Arc::new(LocalKeys::new(database.keys().clone()));
        let keys = TenantKeys::new(database.clone(), provider);
        store = Arc::new(Encrypted::new(store, keys, largest));
    }
    let files = Files::new(store, database.clone(), &settings.rules);
    let issuer = issuer.trim_end_matches('/');
    let mut sign = SignConfig::default();
    sign.base = format!("{issuer}/signed");
    sign.longest = settings.longest_signature;
    let (keys, clock) = (database.keys().clone(), database.clock().clone());
    let mut links = GrantsConfig::default();
    links.base = format!("{issuer}/shared");
    links.longest_link = settings.longest_link;
    Ok(Opened {
        uploads: Uploads::new(files.clone(), &settings.uploads),
        grants: Grants::new(files.clone(), keys.clone(), &links),
        signer: UrlSigner::new(Arc::new(files.clone()), keys, clock, &sign),
        files,
        metrics,
    })
}
