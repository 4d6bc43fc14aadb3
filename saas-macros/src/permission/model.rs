//! The permissions, as understood.

use syn::{Data, DeriveInput, Fields, Ident, LitStr, Path, Visibility};

use super::attr;
use crate::errors::Errors;

pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) krate: Option<Path>,
    pub(super) types: Option<Ident>,
    pub(super) permissions: Vec<Permission>,
}

pub(super) struct Permission {
    pub(super) ident: Ident,
    pub(super) fields: Fields,
    pub(super) name: LitStr,
    pub(super) description: String,
    pub(super) group: String,
}

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Model {
    let attr::OnEnum {
        krate,
        types,
        group: heading,
    } = attr::on_enum(&input.attrs, errors);
    let variants = match &input.data {
        Data::Enum(data) => data.variants.iter().collect(),
        _ => Vec::new(),
    };
    let permissions = variants.into_iter().filter_map(|variant| {
        let attr::OnVariant { name, group } = attr::on_variant(variant, errors)?;
        let group = group.or_else(|| heading.clone()).map(|text| text.value());
        let first = name.value();
        let first = first.split(':').next().unwrap_or_default();
        Some(Permission {
            ident: variant.ident.clone(),
            fields: variant.fields.clone(),
            description: attr::description(&variant.attrs),
            group: group.unwrap_or_else(|| first.to_owned()),
            name,
        })
    });
    Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        krate,
        types,
        permissions: permissions.collect(),
    }
}
