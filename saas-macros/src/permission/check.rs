//! Everything that can be wrong with an enum of permissions.

use std::collections::HashSet;

use syn::{Data, DeriveInput, Fields};

use super::model::Model;
use crate::errors::Errors;

pub(super) fn check(input: &DeriveInput, model: &Model, errors: &mut Errors) {
    match &input.data {
        Data::Enum(data) if data.variants.is_empty() => errors.at(
            &input.ident,
            "an enum of permissions has a variant for each permission",
        ),
        Data::Enum(_) => {}
        _ => errors.at(&input.ident, "permissions are the variants of an enum"),
    }
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "an enum of permissions has no generic parameters",
        );
    }
    let mut names = HashSet::new();
    for permission in &model.permissions {
        let name = permission.name.value();
        if !matches!(permission.fields, Fields::Unit) {
            errors.at(
                &permission.fields,
                "a permission is only a name, so its variant holds no data; whose thing it is about is the tenant's and \
                 the handler's business",
            );
        }
        if let Some(problem) = problem(&name) {
            errors.at(&permission.name, problem);
        }
        if !names.insert(name.clone()) {
            errors.at(
                &permission.name,
                format!("another variant is named `{name}` already"),
            );
        }
    }
}

fn problem(name: &str) -> Option<String> {
    if name.contains('*') {
        return Some(format!(
            "`{name}`: a permission is one thing that can be allowed, without `*`; what allows several is a role"
        ));
    }
    let word = |word: &str| {
        word.starts_with(|first: char| first.is_ascii_lowercase())
            && word
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    let well_formed = name.len() <= 128 && name.contains(':') && name.split(':').all(word);
    (!well_formed).then(|| {
        format!(
            "`{name}` does not name a permission: write `things:action`, two or more words of a-z, 0-9 and `-`, joined by `:`"
        )
    })
}
