//! A storage and two tenants, in one line.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use futures_util::{TryStreamExt as _, stream};
use saas_storage::{
    ByteStream, Error, FileInfo, Files, FilesConfig, Key, MODULE, Storage, StorageConfig,
};
#[cfg(feature = "encrypt")]
use saas_storage::{Encrypted, KEYS_MODULE, LocalKeys, TenantKeys};
use saas_tenancy::Scope;
use saas_testkit::TestDatabase;
use tempfile::TempDir;

#[cfg(feature = "azblob")]
use crate::azurite::Container;
#[cfg(feature = "s3")]
use crate::server::ObjectStore;

pub(crate) const LIMIT: u64 = 1 << 20;

pub(crate) struct World {
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) acme: Scope,
    pub(crate) beta: Scope,
    place: Place,
    pub(crate) db: TestDatabase,
}

/// Where the files of a world are.
enum Place {
    Folder(TempDir),
    Memory,
    #[cfg(feature = "s3")]
    S3(ObjectStore),
    #[cfg(feature = "azblob")]
    Azure(Container),
}

/// Gives the same world on each backend.
pub(crate) async fn worlds() -> Vec<World> {
    let mut worlds = local_worlds().await;
    worlds.push(World::with_rows().await);
    #[cfg(feature = "encrypt")]
    worlds.push(World::encrypted(LIMIT).await);
    #[cfg(feature = "s3")]
    worlds.push(World::on_s3(LIMIT).await);
    #[cfg(feature = "azblob")]
    if let Some(world) = World::on_azure(LIMIT).await {
        worlds.push(world);
    }
    worlds
}

/// Gives the same world on each backend, without rows, for whoever keeps those himself.
pub(crate) async fn bare_worlds() -> Vec<World> {
    let mut worlds = local_worlds().await;
    #[cfg(feature = "s3")]
    worlds.push(World::on_s3(LIMIT).await);
    #[cfg(feature = "azblob")]
    if let Some(world) = World::on_azure(LIMIT).await {
        worlds.push(world);
    }
    #[cfg(feature = "encrypt")]
    {
        let mut world = World::on_disk(2 * LIMIT).await;
        world.storage = Arc::new(world.sealed(LIMIT));
        worlds.push(world);
    }
    worlds
}

/// Gives the same world on each backend that asks nobody over a network.
pub(crate) async fn local_worlds() -> Vec<World> {
    vec![World::on_disk(LIMIT).await, World::in_memory().await]
}

impl World {
    pub(crate) async fn on_disk(limit: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config(&format!("fs://{}/files", folder.path().display()), limit);
        Self::open(&config, Place::Folder(folder)).await
    }

    pub(crate) async fn in_memory() -> Self {
        Self::open(&config("memory://", LIMIT), Place::Memory).await
    }

    #[cfg(feature = "s3")]
    pub(crate) async fn on_s3(limit: u64) -> Self {
        let server = ObjectStore::start().await;
        Self::open(&server.config(limit), Place::S3(server)).await
    }

    /// Gives a world on a server, with settings of its own.
    #[cfg(feature = "s3")]
    pub(crate) async fn over(config: &StorageConfig, server: ObjectStore) -> Self {
        Self::open(config, Place::S3(server)).await
    }

    /// Gives a world in Azurite, where that is running; `azure_is_among_the_backends` says when not.
    #[cfg(feature = "azblob")]
    pub(crate) async fn on_azure(limit: u64) -> Option<Self> {
        let container = Container::make().await?;
        Some(Self::open(&container.config(limit), Place::Azure(container)).await)
    }

    /// Gives a world in memory on each database, with the tables of files.
    pub(crate) async fn with_databases() -> Vec<Self> {
        let mut worlds = Vec::new();
        for db in TestDatabase::all(&[&saas_tenancy::MODULE, &MODULE]).await {
            worlds.push(Self::on(db, &config("memory://", LIMIT), Place::Memory).await);
        }
        worlds
    }

    /// The same with the table of keys.
    #[cfg(feature = "encrypt")]
    pub(crate) async fn with_keys() -> Vec<Self> {
        let mut worlds = Vec::new();
        for db in TestDatabase::all(&[&saas_tenancy::MODULE, &KEYS_MODULE]).await {
            worlds.push(Self::on(db, &config("memory://", LIMIT), Place::Memory).await);
        }
        worlds
    }

    /// Gives a world whose files have rows, and encrypted objects on disk.
    #[cfg(feature = "encrypt")]
    pub(crate) async fn encrypted(limit: u64) -> Self {
        let mut world = Self::on_disk(2 * limit).await;
        let (database, sealed) = (world.db.database().clone(), world.sealed(limit));
        world.storage = Arc::new(Files::new(
            Arc::new(sealed),
            database,
            &FilesConfig::default(),
        ));
        world
    }

    #[cfg(feature = "encrypt")]
    fn sealed(&self, limit: u64) -> Encrypted {
        let provider = Arc::new(LocalKeys::new(self.db.keys().clone()));
        let keys = TenantKeys::new(self.db.database().clone(), provider);
        Encrypted::new(Arc::clone(&self.storage), keys, limit)
    }

    /// Gives a world whose files have rows, and objects on disk.
    pub(crate) async fn with_rows() -> Self {
        let mut world = Self::on_disk(LIMIT).await;
        let (storage, database) = (Arc::clone(&world.storage), world.db.database().clone());
        world.storage = Arc::new(Files::new(storage, database, &FilesConfig::default()));
        world
    }

    async fn open(config: &StorageConfig, place: Place) -> Self {
        let modules = [
            &saas_tenancy::MODULE,
            &MODULE,
            #[cfg(feature = "encrypt")]
            &KEYS_MODULE,
        ];
        let db = TestDatabase::sqlite(&modules).await;
        Self::on(db, config, place).await
    }

    async fn on(db: TestDatabase, config: &StorageConfig, place: Place) -> Self {
        let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
        Self {
            storage: saas_storage::open(config).unwrap(),
            acme: db.scope(&acme),
            beta: db.scope(&beta),
            place,
            db,
        }
    }

    /// Gives the server of the world.
    #[cfg(feature = "s3")]
    pub(crate) fn server(&self) -> &ObjectStore {
        match &self.place {
            Place::S3(server) => server,
            _ => panic!("only a world on S3 has a server"),
        }
    }

    /// Gives how the object store of the world is reached.
    #[cfg(any(feature = "s3", feature = "azblob"))]
    pub(crate) fn service(&self) -> StorageConfig {
        match &self.place {
            #[cfg(feature = "s3")]
            Place::S3(server) => server.config(LIMIT),
            #[cfg(feature = "azblob")]
            Place::Azure(container) => container.config(LIMIT),
            _ => panic!("a folder is no object store"),
        }
    }

    /// Gives the folder that the storage was opened on.
    pub(crate) fn root(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.path().join("files"),
            _ => PathBuf::from("/nowhere"),
        }
    }

    pub(crate) fn space(&self, scope: &Scope) -> PathBuf {
        self.root().join(format!("tenants/{}", scope.tenant().id()))
    }

    /// Tells how much was begun and neither finished nor removed, as far as the place shows it.
    pub(crate) fn staged(&self) -> usize {
        match &self.place {
            Place::Folder(_) => {
                std::fs::read_dir(self.root().join("staging")).map_or(0, Iterator::count)
            }
            #[cfg(feature = "s3")]
            Place::S3(server) => server.shelf.unfinished(),
            _ => 0,
        }
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

pub(crate) fn open(url: &str, limit: u64) -> Result<Arc<dyn Storage>, Error> {
    saas_storage::open(&config(url, limit))
}

fn config(url: &str, limit: u64) -> StorageConfig {
    let mut config = StorageConfig::default();
    config.url = url.to_owned();
    config.max_file_size = limit;
    config
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
