//! The permissions, as written and checked.

use std::collections::HashSet;

use syn::{Data, DeriveInput, Expr, Fields, Ident, Lit, LitStr, Meta};

use crate::errors::Errors;

pub(super) struct Permission {
    pub(super) ident: Ident,
    pub(super) name: String,
    pub(super) description: String,
}

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Vec<Permission> {
    let Data::Enum(data) = &input.data else {
        errors.at(&input.ident, "permissions are the variants of an enum");
        return Vec::new();
    };
    if data.variants.is_empty() {
        errors.at(
            &input.ident,
            "an enum of permissions has at least one variant",
        );
    }
    let mut names = HashSet::new();
    let mut permissions = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            errors.at(
                &variant.fields,
                "a permission is a plain name, so its variant holds no data",
            );
        }
        let attribute = variant
            .attrs
            .iter()
            .find(|attribute| attribute.path().is_ident("permission"));
        let Some(attribute) = attribute else {
            errors.at(
                &variant.ident,
                "a permission has a name: `#[permission(\"things:read\")]`",
            );
            continue;
        };
        let literal: LitStr = match attribute.parse_args() {
            Ok(literal) => literal,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let name = literal.value();
        if !well_formed(&name) {
            errors.at(&literal, "a permission is named `things:action`: two or more words of a-z, 0-9 and `-`, joined by `:`");
        } else if !names.insert(name.clone()) {
            errors.at(&literal, format!("two variants are named `{name}`"));
        }
        permissions.push(Permission {
            ident: variant.ident.clone(),
            name,
            description: description(&variant.attrs),
        });
    }
    permissions
}

fn well_formed(name: &str) -> bool {
    let word = |word: &str| {
        word.starts_with(|c: char| c.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    name.len() <= 128 && name.contains(':') && name.split(':').all(word)
}

/// The doc comment, in one line.
fn description(attributes: &[syn::Attribute]) -> String {
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
