//! What a tenant sets for itself, each setting with its type and its default.
//!
//! A setting is a type. What a tenant has not set is the default of the type, and what is stored was checked by it:
//!
//! ```
//! use saas_core::{FieldError, Problem};
//! use saas_edge::settings::{Settings, TenantSetting};
//! use saas_tenancy::{Error, Scope, TenantTx};
//! use serde::{Deserialize, Serialize};
//!
//! /// How long reports are kept.
//! #[derive(Debug, Clone, Serialize, Deserialize)]
//! #[serde(default, deny_unknown_fields)]
//! struct Retention {
//!     days: u32,
//! }
//!
//! impl Default for Retention {
//!     fn default() -> Self {
//!         Self { days: 90 }
//!     }
//! }
//!
//! impl TenantSetting for Retention {
//!     const NAME: &'static str = "retention";
//!
//!     fn check(&self) -> Result<(), FieldError> {
//!         match self.days {
//!             1..=3650 => Ok(()),
//!             _ => Err(FieldError::new("days", "has to be 1 to 3650")),
//!         }
//!     }
//! }
//!
//! async fn days(settings: &Settings, scope: &Scope) -> Result<u32, Problem> {
//!     Ok(settings.get::<Retention>(scope).await?.days)
//! }
//!
//! async fn keep_longer(settings: &Settings, tx: &mut TenantTx) -> Result<(), Problem> {
//!     settings.set(tx, &Retention { days: 365 }).await
//! }
//! ```
//!
//! They are read from a [`TenantCache`], and every instance forgets them with the commit of a change.

mod row;

use std::{collections::BTreeMap, sync::Arc};

use saas_core::{Code, FieldError, Id, Problem};
use saas_tenancy::{AuditEvent, Database, EntityTable, Error, Migration, Module, Scope, TenantTx};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::DeserializeOwned};

use self::row::{SettingRow, SettingRows as _};
#[cfg(feature = "redis")]
use crate::RedisConnection;
use crate::{CacheConfig, CacheCounts, TenantCache};

/// The table of settings.
pub const MODULE: Module = Module::new("saas_settings")
    .migrations(&[
        Migration::new(
            1,
            "settings",
            include_str!("../../migrations/settings/sqlite/0001_settings.sql"),
            include_str!("../../migrations/settings/postgres/0001_settings.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../../migrations/settings/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[EntityTable::new::<SettingRow>()]);

/// How many bytes of JSON a setting may have.
const MAX_VALUE: usize = 64 << 10;

/// Something that tenants set for themselves.
pub trait TenantSetting: Serialize + DeserializeOwned + Default + Send + Sync + 'static {
    /// Its name, which stays when the type is renamed.
    const NAME: &'static str;

    /// Tells what is wrong with a value before it is stored.
    ///
    /// # Errors
    ///
    /// The field that is wrong, and what it has to be.
    fn check(&self) -> Result<(), FieldError> {
        Ok(())
    }
}

/// Reads and writes what tenants set for themselves; cheap to clone.
#[derive(Debug, Clone)]
pub struct Settings {
    database: Database,
    cache: TenantCache<(), All>,
}

/// All that a tenant has set, by name, as JSON.
#[derive(Debug, Clone, Default)]
struct All(Arc<BTreeMap<String, String>>);

impl All {
    fn read<S: TenantSetting>(&self) -> Result<S, Problem> {
        match self.0.get(S::NAME) {
            None => Ok(S::default()),
            Some(text) => serde_json::from_str(text).map_err(|error| {
                tracing::error!(setting = S::NAME, %error, "a setting cannot be read");
                Problem::new(Code::INTERNAL)
            }),
        }
    }
}

impl Settings {
    /// Reads them from a database that has [`MODULE`].
    #[must_use]
    pub fn new(database: &Database, config: &CacheConfig) -> Self {
        Self {
            database: database.clone(),
            cache: TenantCache::new("saas_settings", config, database),
        }
    }

    /// Shares what was read with the other instances.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn with_redis(mut self, connection: RedisConnection) -> Self {
        self.cache = self.cache.with_redis(connection);
        self
    }

    /// Gives what the scope's tenant has set, or the default.
    ///
    /// # Errors
    ///
    /// `unavailable` when the database does not answer; `internal` when what is stored is none of the type any more.
    pub async fn get<S: TenantSetting>(&self, scope: &Scope) -> Result<S, Problem> {
        if let Some(known) = self.known(scope) {
            return known;
        }
        let (database, owned) = (self.database.clone(), scope.clone());
        let load = async move {
            let mut tx = database.read_primary(&owned);
            let rows = tx.setting_rows().await?;
            let all = rows.into_iter().map(|row| (row.name, row.value));
            Ok(Some(All(Arc::new(all.collect()))))
        };
        let all = self.cache.get_or_load(scope, &(), load).await?;
        all.unwrap_or_default().read()
    }

    /// Gives what the scope's tenant has set, if that is in memory, without waiting.
    pub(crate) fn known<S: TenantSetting>(&self, scope: &Scope) -> Option<Result<S, Problem>> {
        let all = self.cache.known(scope, &())?;
        Some(all.unwrap_or_default().read())
    }

    /// Sets something for the transaction's tenant, with its commit, and records who did.
    ///
    /// # Errors
    ///
    /// `validation`, with the field, when the value does not [pass](TenantSetting::check) or is longer than 64 KiB;
    /// otherwise as the database answers.
    pub async fn set<S: TenantSetting>(&self, tx: &mut TenantTx, value: &S) -> Result<(), Problem> {
        value
            .check()
            .map_err(|wrong| Problem::new(Code::VALIDATION).field(wrong.field, wrong.message))?;
        let text = serde_json::to_string(value).map_err(|error| {
            tracing::error!(setting = S::NAME, %error, "a setting cannot be written");
            Problem::new(Code::INTERNAL)
        })?;
        if text.len() > MAX_VALUE {
            return Err(Problem::new(Code::VALIDATION).field("", "is longer than 64 KiB"));
        }
        let before = tx.setting_row(S::NAME).await?.map(|row| row.value);
        let now = self.database.clock().now();
        tx.set_setting(Id::generate(), S::NAME, &text, now).await?;
        Ok(self.changed::<S>(tx, before, Some(text)).await?)
    }

    /// Lets the default hold again for the transaction's tenant, with its commit, and records who did.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn reset<S: TenantSetting>(&self, tx: &mut TenantTx) -> Result<(), Error> {
        let Some(before) = tx.setting_row(S::NAME).await? else {
            return Ok(());
        };
        tx.unset_setting(S::NAME).await?;
        self.changed::<S>(tx, Some(before.value), None).await
    }

    /// Follows the changes of other instances; see [`TenantCache::watch`].
    ///
    /// # Cancel safety
    ///
    /// It may be dropped at any time.
    pub async fn watch(&self) {
        self.cache.watch().await;
    }

    /// Tells how its cache does.
    #[must_use]
    pub fn counts(&self) -> CacheCounts {
        self.cache.counts()
    }

    async fn changed<S: TenantSetting>(
        &self,
        tx: &mut TenantTx,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(), Error> {
        let read = |text: Option<String>| -> serde_json::Value {
            let read = text.and_then(|text| serde_json::from_str(&text).ok());
            read.unwrap_or_default()
        };
        let event = AuditEvent::new("setting.changed", format!("setting:{}", S::NAME))
            .before(&read(before))?
            .after(&read(after))?;
        tx.record(event).await?;
        self.cache.invalidate(tx, &()).await
    }
}

impl Serialize for All {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for All {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(Arc::new(BTreeMap::deserialize(deserializer)?)))
    }
}
