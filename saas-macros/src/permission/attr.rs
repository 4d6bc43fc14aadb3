//! The attributes, as written.

use syn::{Attribute, Expr, Lit, LitStr, Meta, Path};

use crate::{errors::Errors, options};

/// `#[permission(crate = "path")]` on the enum.
pub(super) fn on_enum(attributes: &[Attribute], errors: &mut Errors) -> Option<Path> {
    let mut krate = None;
    options::of_attributes(attributes, "permission", &["crate"], errors, |_, meta| {
        krate = Some(options::path(meta)?);
        Ok(true)
    });
    krate
}

/// `#[permission("projects:read")]` on a variant.
pub(super) fn on_variant(variant: &syn::Variant, errors: &mut Errors) -> Option<LitStr> {
    let mut attributes = variant
        .attrs
        .iter()
        .filter(|attribute| attribute.path().is_ident("permission"));
    let Some(attribute) = attributes.next() else {
        errors.at(
            &variant.ident,
            "a permission has a name: put `#[permission(\"things:read\")]` before the variant",
        );
        return None;
    };
    for another in attributes {
        errors.at(another, "a permission has one name");
    }
    let name = match &attribute.meta {
        Meta::List(list) => list.parse_args::<LitStr>().ok(),
        _ => None,
    };
    if name.is_none() {
        errors.at(
            attribute,
            "expected the name of the permission, such as `#[permission(\"things:read\")]`",
        );
    }
    name
}

/// The doc comment, in one line.
pub(super) fn description(attributes: &[Attribute]) -> String {
    let lines = attributes
        .iter()
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
                Expr::Lit(literal) => match &literal.lit {
                    Lit::Str(text) => Some(text.value().trim().to_owned()),
                    _ => None,
                },
                _ => None,
            },
            _ => None,
        });
    lines.collect::<Vec<_>>().join(" ").trim().to_owned()
}
