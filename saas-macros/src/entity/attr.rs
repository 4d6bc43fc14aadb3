//! The attributes, as written.

use syn::{Attribute, Ident, LitStr, Path};

use crate::errors::Errors;

/// `#[entity(…)]` on the struct.
#[derive(Default)]
pub(super) struct StructAttr {
    pub(super) table: Option<LitStr>,
    pub(super) new: Option<Ident>,
    pub(super) patch: Option<Ident>,
    pub(super) krate: Option<Path>,
}

/// `#[entity(…)]` on a field.
#[derive(Default)]
pub(super) struct FieldAttr {
    pub(super) id: bool,
    pub(super) tenant: bool,
    pub(super) version: bool,
    pub(super) created: bool,
    pub(super) updated: bool,
    pub(super) filter: bool,
    pub(super) sort: bool,
    pub(super) unique: bool,
    pub(super) fixed: bool,
    pub(super) rename: Option<LitStr>,
    pub(super) references: Option<LitStr>,
}

pub(super) fn on_struct(attributes: &[Attribute], errors: &mut Errors) -> StructAttr {
    let mut found = StructAttr::default();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("entity"))
    {
        let result = attribute.parse_nested_meta(|meta| {
            let name = meta
                .path
                .get_ident()
                .map(ToString::to_string)
                .unwrap_or_default();
            match name.as_str() {
                "table" => found.table = Some(meta.value()?.parse()?),
                "new" => found.new = Some(type_name(&meta.value()?.parse()?)?),
                "patch" => found.patch = Some(type_name(&meta.value()?.parse()?)?),
                "crate" => found.krate = Some(meta.value()?.parse::<LitStr>()?.parse()?),
                _ => {
                    return Err(meta.error(
                        "unknown; a tenant entity has `table`, `new`, `patch` and `crate`",
                    ));
                }
            }
            Ok(())
        });
        if let Err(error) = result {
            errors.push(error);
        }
    }
    found
}

pub(super) fn on_field(attributes: &[Attribute], errors: &mut Errors) -> FieldAttr {
    let mut found = FieldAttr::default();
    for attribute in attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("entity"))
    {
        let result = attribute.parse_nested_meta(|meta| {
            let name = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
            match name.as_str() {
                "id" => found.id = true,
                "tenant" => found.tenant = true,
                "version" => found.version = true,
                "created" => found.created = true,
                "updated" => found.updated = true,
                "filter" => found.filter = true,
                "sort" => found.sort = true,
                "unique" => found.unique = true,
                "fixed" => found.fixed = true,
                "rename" => found.rename = Some(meta.value()?.parse()?),
                "references" => found.references = Some(meta.value()?.parse()?),
                _ => {
                    return Err(meta.error(
                        "unknown; a field has `id`, `tenant`, `version`, `created`, `updated`, `filter`, `sort`, `unique`, \
                         `fixed`, `rename` and `references`",
                    ));
                }
            }
            Ok(())
        });
        if let Err(error) = result {
            errors.push(error);
        }
    }
    found
}

fn type_name(text: &LitStr) -> syn::Result<Ident> {
    text.parse().map_err(|_| {
        syn::Error::new(
            text.span(),
            "the name of a type to make, such as \"NewProject\"",
        )
    })
}
