//! A storage and two tenants, in one line.

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use saas_storage::{ByteStream, Error, FileInfo, Key, Storage, StorageConfig};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;
use tempfile::TempDir;

pub(crate) const LIMIT: u64 = 1 << 20;

pub(crate) struct World {
    pub(crate) storage: Storage,
    pub(crate) acme: Scope,
    pub(crate) beta: Scope,
    folder: TempDir,
    _db: TestDatabase,
}

/// Gives the same world on each backend.
pub(crate) async fn worlds() -> [World; 2] {
    [World::on_disk(LIMIT).await, World::in_memory().await]
}

impl World {
    pub(crate) async fn on_disk(limit: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("fs://{}/files", folder.path().display());
        Self::open(&url, folder, limit).await
    }

    pub(crate) async fn in_memory() -> Self {
        Self::open("memory://", tempfile::tempdir().unwrap(), LIMIT).await
    }

    async fn open(url: &str, folder: TempDir, limit: u64) -> Self {
        let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE]).await;
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        Self {
            storage: open(url, limit).unwrap(),
            acme: db.scope(&acme),
            beta: db.scope(&beta),
            folder,
            _db: db,
        }
    }

    /// Gives the folder that the storage was opened on, when it was.
    pub(crate) fn root(&self) -> std::path::PathBuf {
        self.folder.path().join("files")
    }

    pub(crate) fn space(&self, scope: &Scope) -> std::path::PathBuf {
        self.root().join(format!("tenants/{}", scope.tenant().id()))
    }

    pub(crate) fn staged(&self) -> usize {
        std::fs::read_dir(self.root().join("staging")).map_or(0, Iterator::count)
    }

    pub(crate) async fn put(&self, name: &str, text: &str) -> Result<FileInfo, Error> {
        self.storage
            .put(&self.acme, &key(name), body(&[text]))
            .await
    }

    pub(crate) async fn read(&self, scope: &Scope, name: &str) -> Result<String, Error> {
        let (info, contents) = self.storage.get(scope, &key(name), None).await?;
        let text = String::from_utf8(collect(contents).await).unwrap();
        assert_eq!(info.size, text.len() as u64);
        Ok(text)
    }

    pub(crate) async fn names(&self, scope: &Scope, prefix: &str) -> Vec<String> {
        let prefix = prefix.parse().unwrap();
        let page = self.storage.list(scope, &prefix, None, 1000).await.unwrap();
        assert_eq!(page.next, None);
        page.items
            .iter()
            .map(|info| info.path.to_string())
            .collect()
    }
}

pub(crate) fn open(url: &str, limit: u64) -> Result<Storage, Error> {
    let mut config = StorageConfig::default();
    config.url = url.to_owned();
    config.max_file_size = limit;
    Storage::open(&config)
}

pub(crate) fn key(text: &str) -> Key {
    text.parse().unwrap()
}

pub(crate) fn body(pieces: &[&str]) -> ByteStream {
    let pieces: Vec<_> = pieces
        .iter()
        .map(|piece| Ok(Bytes::from((*piece).to_owned())))
        .collect();
    Box::pin(stream::iter(pieces))
}

pub(crate) async fn collect(contents: ByteStream) -> Vec<u8> {
    let pieces: Vec<Bytes> = contents.try_collect().await.unwrap();
    pieces.concat()
}

/// Waits for something that happens in the background.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let patience = std::time::Duration::from_secs(20);
    let waiting = async {
        while !holds() {
            tokio::task::yield_now().await;
        }
    };
    assert!(
        tokio::time::timeout(patience, waiting).await.is_ok(),
        "{what}"
    );
}
