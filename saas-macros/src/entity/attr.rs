//! The attributes, as written.

use syn::{Attribute, Ident, LitStr, Path, meta::ParseNestedMeta};

use crate::{errors::Errors, options};

/// `#[entity(…)]` on the struct.
#[derive(Default)]
pub(super) struct StructAttr {
    pub(super) table: Option<LitStr>,
    pub(super) new: Option<Ident>,
    pub(super) patch: Option<Ident>,
    pub(super) krate: Option<Path>,
}

/// `#[entity(…)]` on a field. An option without a value keeps the token it was written as.
#[derive(Default)]
pub(super) struct FieldAttr {
    pub(super) id: Option<Path>,
    pub(super) tenant: Option<Path>,
    pub(super) version: Option<Path>,
    pub(super) created: Option<Path>,
    pub(super) updated: Option<Path>,
    pub(super) deleted: Option<Path>,
    pub(super) filter: Option<Path>,
    pub(super) sort: Option<Path>,
    pub(super) unique: Option<Path>,
    pub(super) fixed: Option<Path>,
    pub(super) rename: Option<LitStr>,
    pub(super) references: Option<LitStr>,
}

const ON_STRUCT: &[&str] = &["table", "new", "patch", "crate"];
const ON_FIELD: &[&str] = &[
    "id",
    "tenant",
    "version",
    "created",
    "updated",
    "deleted",
    "filter",
    "sort",
    "unique",
    "fixed",
    "rename",
    "references",
];

pub(super) fn on_struct(attributes: &[Attribute], errors: &mut Errors) -> StructAttr {
    let mut found = StructAttr::default();
    options::of_attributes(attributes, "entity", ON_STRUCT, errors, |name, meta| {
        match name {
            "table" => found.table = Some(options::value(meta, "the table, such as \"projects\"")?),
            "new" => found.new = Some(type_name(meta, "NewProject")?),
            "patch" => found.patch = Some(type_name(meta, "ProjectPatch")?),
            "crate" => found.krate = Some(options::path(meta)?),
            _ => return Ok(false),
        }
        Ok(true)
    });
    found
}

pub(super) fn on_field(attributes: &[Attribute], errors: &mut Errors) -> FieldAttr {
    let mut found = FieldAttr::default();
    options::of_attributes(attributes, "entity", ON_FIELD, errors, |name, meta| {
        let flag = match name {
            "id" => &mut found.id,
            "tenant" => &mut found.tenant,
            "version" => &mut found.version,
            "created" => &mut found.created,
            "updated" => &mut found.updated,
            "deleted" => &mut found.deleted,
            "filter" => &mut found.filter,
            "sort" => &mut found.sort,
            "unique" => &mut found.unique,
            "fixed" => &mut found.fixed,
            "rename" => {
                found.rename = Some(options::value(meta, "the column, such as \"name\"")?);
                return Ok(true);
            }
            "references" => {
                let expected = "the table whose rows it points at, such as \"projects\"";
                found.references = Some(options::value(meta, expected)?);
                return Ok(true);
            }
            _ => return Ok(false),
        };
        *flag = Some(meta.path.clone());
        Ok(true)
    });
    found
}

fn type_name(meta: &ParseNestedMeta<'_>, example: &str) -> syn::Result<Ident> {
    let expected = format!("the name of the type to make, such as \"{example}\"");
    let text: LitStr = options::value(meta, &expected)?;
    text.parse()
        .map_err(|_| syn::Error::new(text.span(), format!("expected {expected}")))
}
