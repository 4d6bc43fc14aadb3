//! The permissions, as understood.

use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path};

use super::attr;
use crate::errors::Errors;

pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) krate: Option<Path>,
    pub(super) permissions: Vec<Permission>,
}

pub(super) struct Permission {
    pub(super) ident: Ident,
    pub(super) fields: Fields,
    pub(super) name: LitStr,
    pub(super) description: String,
}

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Model {
    let krate = attr::on_enum(&input.attrs, errors);
    let variants = match &input.data {
        Data::Enum(data) => data.variants.iter().collect(),
        _ => Vec::new(),
    };
    let permissions = variants.into_iter().filter_map(|variant| {
        Some(Permission {
            ident: variant.ident.clone(),
            fields: variant.fields.clone(),
            name: attr::on_variant(variant, errors)?,
            description: attr::description(&variant.attrs),
        })
    });
    Model {
        ident: input.ident.clone(),
        krate,
        permissions: permissions.collect(),
    }
}
