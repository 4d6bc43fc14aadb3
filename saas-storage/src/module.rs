//! What this crate brings to the database.

use saas_tenancy::{EntityTable, Migration, Module};

#[cfg(feature = "encrypt")]
use crate::encrypt::KeyRow;
use crate::{
    grant::GrantRow,
    object::FileRow,
    resume::{PartRow, UploadRow},
};

/// The tables of this crate, for whoever keeps [`Files`](crate::Files).
pub const MODULE: Module = Module::new("saas_storage")
    .migrations(&[
        Migration::new(
            1,
            "files",
            include_str!("../migrations/sqlite/0001_files.sql"),
            include_str!("../migrations/postgres/0001_files.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[
        EntityTable::new::<FileRow>(),
        EntityTable::new::<UploadRow>(),
        EntityTable::new::<PartRow>(),
        EntityTable::new::<GrantRow>(),
    ]);

/// The table of tenants' keys, for whoever encrypts. It stands alone, so that a feature of the crate
/// changes no table of the others.
#[cfg(feature = "encrypt")]
pub const KEYS_MODULE: Module = Module::new("saas_storage_keys")
    .migrations(&[
        Migration::new(
            1,
            "file_keys",
            include_str!("../migrations/keys/sqlite/0001_file_keys.sql"),
            include_str!("../migrations/keys/postgres/0001_file_keys.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../migrations/keys/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[EntityTable::new::<KeyRow>()]);
