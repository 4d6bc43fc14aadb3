//! The keys of tenants, as rows.

use std::sync::Arc;

use saas_core::{Id, Secret, TenantId, Timestamp};
use saas_tenancy::{Database, Filter, Scope, TenantEntity, TenantTx, tenant_repository};

use super::{header, provider::KeyProvider};
use crate::Error;

const LOCK: &str = "saas-file-keys";

/// A key of a tenant, sealed by the provider.
#[derive(Debug, Clone, PartialEq, TenantEntity)]
#[entity(table = "saas_file_keys", new = "NewKeyRow", patch = "KeyRowPatch")]
pub(crate) struct KeyRow {
    #[entity(id)]
    pub(crate) id: Id<KeyRow>,
    #[entity(tenant)]
    pub(crate) tenant_id: TenantId,
    pub(crate) wrapped: Vec<u8>,
    #[entity(created)]
    pub(crate) created_at: Timestamp,
}

#[tenant_repository(entity = KeyRow)]
trait KeyRows {
    /// Ids rise with time, so the last is the one that seals.
    #[sql("SELECT * FROM saas_file_keys WHERE {tenant} ORDER BY id DESC LIMIT 1")]
    async fn last_key(&mut self) -> Result<Option<KeyRow>>;

    #[sql("SELECT * FROM saas_file_keys WHERE {tenant} ORDER BY id LIMIT 10000")]
    async fn all_keys(&mut self) -> Result<Vec<KeyRow>>;
}

/// The keys of tenants; cheap to clone.
///
/// A tenant gets its first key with its first file. Nothing is remembered in the process, so that a key
/// that was destroyed opens nothing any more from that moment on.
#[derive(Debug, Clone)]
pub struct TenantKeys {
    database: Database,
    provider: Arc<dyn KeyProvider>,
}

impl TenantKeys {
    /// Keeps keys in a database, which has the table of [`KEYS_MODULE`](crate::KEYS_MODULE), sealed
    /// by a provider.
    #[must_use]
    pub fn new(database: Database, provider: Arc<dyn KeyProvider>) -> Self {
        Self { database, provider }
    }

    /// Makes a new key, with which files are sealed from now on. The older ones open what they sealed.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], and those of the provider.
    pub async fn rotate(&self, scope: &Scope) -> Result<(), Error> {
        let (key, wrapped) = self.draw(scope).await?;
        drop(key);
        let mut tx = self.database.write(scope);
        tx.lock(LOCK).await?;
        insert(&mut tx, wrapped).await?;
        Ok(tx.commit().await?)
    }

    /// Seals all keys of a tenant again, after the provider's own key was renewed. Gives their number.
    /// No file is touched.
    ///
    /// # Errors
    ///
    /// [`Error::Database`], and those of the provider.
    pub async fn rewrap(&self, scope: &Scope) -> Result<usize, Error> {
        let tenant = scope.tenant().id();
        let rows = self.database.read(scope).all_keys().await?;
        for row in &rows {
            let key = self.provider.unwrap(tenant, &row.wrapped).await?;
            let patch = KeyRowPatch {
                wrapped: Some(self.provider.wrap(tenant, &key).await?),
            };
            let mut tx = self.database.write(scope);
            match tx.repo::<KeyRow>().update(row.id, None, patch).await {
                // Destroyed meanwhile: it stays so.
                Ok(_) | Err(saas_tenancy::Error::NotFound) => {}
                Err(error) => return Err(error.into()),
            }
            tx.commit().await?;
        }
        Ok(rows.len())
    }

    /// Destroys all keys of a tenant. Nobody can read its files any more, wherever copies of the objects
    /// are, once backups of the database are gone as well. Gives how many keys there were.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn destroy(&self, scope: &Scope) -> Result<u64, Error> {
        let mut tx = self.database.write(scope);
        tx.lock(LOCK).await?;
        let count = tx.repo::<KeyRow>().delete_where(Filter::all([])).await?;
        tx.commit().await?;
        Ok(count)
    }

    /// Gives the key that seals, and makes the first where there is none.
    pub(super) async fn sealing(
        &self,
        scope: &Scope,
    ) -> Result<(Id<KeyRow>, Secret<[u8; 32]>), Error> {
        let row = self.database.read(scope).last_key().await?;
        if let Some(row) = row {
            return Ok((row.id, self.open(scope, &row).await?));
        }
        let (key, wrapped) = self.draw(scope).await?;
        let mut tx = self.database.write(scope);
        tx.lock(LOCK).await?;
        // Somebody else may have made it meanwhile.
        if let Some(row) = tx.last_key().await? {
            drop(tx);
            return Ok((row.id, self.open(scope, &row).await?));
        }
        let row = insert(&mut tx, wrapped).await?;
        tx.commit().await?;
        Ok((row.id, key))
    }

    /// Gives the key that opens what it sealed.
    pub(super) async fn opening(
        &self,
        scope: &Scope,
        id: Id<KeyRow>,
    ) -> Result<Secret<[u8; 32]>, Error> {
        let row = self.database.read(scope).repo::<KeyRow>().find(id).await?;
        self.open(scope, &row.ok_or(Error::Sealed)?).await
    }

    async fn open(&self, scope: &Scope, row: &KeyRow) -> Result<Secret<[u8; 32]>, Error> {
        self.provider
            .unwrap(scope.tenant().id(), &row.wrapped)
            .await
    }

    async fn draw(&self, scope: &Scope) -> Result<(Secret<[u8; 32]>, Vec<u8>), Error> {
        let key = header::draw()?;
        let wrapped = self.provider.wrap(scope.tenant().id(), &key).await?;
        Ok((key, wrapped))
    }
}

async fn insert(tx: &mut TenantTx, wrapped: Vec<u8>) -> Result<KeyRow, Error> {
    Ok(tx.repo::<KeyRow>().insert(NewKeyRow { wrapped }).await?)
}
