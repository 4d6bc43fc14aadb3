//! The attributes, as written.

use proc_macro2::TokenStream;
use syn::{Attribute, LitStr, Meta, Path, TraitItemFn};

use crate::{errors::Errors, options};

/// `#[tenant_repository(…)]`.
#[derive(Default)]
pub(super) struct RepositoryAttr {
    pub(super) entity: Option<Path>,
    pub(super) krate: Option<Path>,
}

pub(super) fn on_trait(arguments: TokenStream, errors: &mut Errors) -> RepositoryAttr {
    let mut found = RepositoryAttr::default();
    options::of_arguments(arguments, &["entity", "crate"], errors, |name, meta| {
        match name {
            "entity" => {
                let expected = "the type of the rows, such as Project";
                found.entity = Some(options::value(meta, expected)?);
            }
            "crate" => found.krate = Some(options::path(meta)?),
            _ => return Ok(false),
        }
        Ok(true)
    });
    found
}

/// Takes `#[sql("…")]` out of the attributes of a method, and gives the others.
pub(super) fn on_method(
    function: &TraitItemFn,
    errors: &mut Errors,
) -> (Option<LitStr>, Vec<Attribute>) {
    let (sql, others): (Vec<_>, Vec<_>) = function
        .attrs
        .iter()
        .cloned()
        .partition(|attribute| attribute.path().is_ident("sql"));
    let mut sql = sql.into_iter();
    let Some(attribute) = sql.next() else {
        errors.at(
            &function.sig.ident,
            "a method of a tenant repository has a statement: put `#[sql(\"SELECT … WHERE {tenant}\")]` before it",
        );
        return (None, others);
    };
    for another in sql {
        errors.at(another, "a method runs one statement");
    }
    let literal = match &attribute.meta {
        Meta::List(list) => list.parse_args().ok(),
        _ => None,
    };
    if literal.is_none() {
        errors.at(
            &attribute,
            "expected the statement as a literal, such as `#[sql(\"SELECT … WHERE {tenant}\")]`",
        );
    }
    (literal, others)
}
