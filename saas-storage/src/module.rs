//! What this crate brings to the database.

use saas_tenancy::{EntityTable, Migration, Module};

use crate::object::FileRow;

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
    .entities(&[EntityTable::new::<FileRow>()]);
