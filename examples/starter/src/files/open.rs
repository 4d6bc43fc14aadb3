//! From the configuration to the files: where they are, whether they are encrypted, and who signs their addresses.

use std::{error::Error, sync::Arc};

use saas_storage::{
    Encrypted, Files, LocalKeys, SignConfig, Storage, StorageConfig, TenantKeys, UrlSigner,
};
use saas_tenancy::Database;

use super::settings::FilesSettings;

/// An encrypted object is larger than its file by a header and a tag for every 64 KiB.
const OVERHEAD: u64 = 1024;

/// Opens the files, and the signer of their addresses, which lead to this server.
pub(crate) fn open(
    storage: &StorageConfig,
    settings: &FilesSettings,
    database: &Database,
    issuer: &str,
) -> Result<(Files, UrlSigner), Box<dyn Error>> {
    let mut place = storage.clone();
    let largest = storage.max_file_size;
    if settings.encrypt {
        place.max_file_size = largest.saturating_add(largest / OVERHEAD + OVERHEAD);
    }
    let mut store = saas_storage::open(&place)?;
    if settings.encrypt {
        let provider = Arc::new(LocalKeys::new(database.keys().clone()));
        let keys = TenantKeys::new(database.clone(), provider);
        store = Arc::new(Encrypted::new(store, keys, largest)) as Arc<dyn Storage>;
    }
    let files = Files::new(store, database.clone(), &settings.rules);
    let mut sign = SignConfig::default();
    sign.base = format!("{}/signed", issuer.trim_end_matches('/'));
    sign.longest = settings.longest_signature;
    let (keys, clock) = (database.keys().clone(), database.clock().clone());
    let signer = UrlSigner::new(Arc::new(files.clone()), keys, clock, &sign);
    Ok((files, signer))
}
