//! What this crate brings to the database.

use saas_tenancy::{EntityTable, Migration, Module, Reason};

use crate::template::TemplateRow;

/// The tables of this crate.
pub const MODULE: Module = Module::new("saas_mail")
    .migrations(&[
        Migration::new(
            1,
            "templates",
            include_str!("../migrations/sqlite/0001_templates.sql"),
            include_str!("../migrations/postgres/0001_templates.sql"),
        ),
        Migration::postgres(
            2,
            "guards",
            include_str!("../migrations/postgres/0002_guards.sql"),
        ),
    ])
    .entities(&[EntityTable::new::<TemplateRow>()]);

/// Reads the words of a tenant to write a letter in its name.
#[derive(Debug)]
#[non_exhaustive]
pub struct WriteMail;

impl Reason for WriteMail {
    const NAME: &'static str = "write-mail";
    const WHY: &'static str =
        "a letter is in the words of its tenant, also to somebody who is not signed in";
    const ROUTINE: bool = true;
}
