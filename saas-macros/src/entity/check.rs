//! Everything that can be wrong with an entity.

use std::collections::HashSet;

use super::{
    attr::FieldAttr,
    model::{Column, Model, last_segment},
};
use crate::{errors::Errors, names::sql_name_problem};

pub(super) fn check(model: &Model, errors: &mut Errors) {
    if !model.table.is_empty()
        && let Some(problem) = sql_name_problem(&model.table)
    {
        errors.span(model.table_span, problem);
    }
    let mut names = HashSet::new();
    for column in &model.columns {
        let span = column
            .attr
            .rename
            .as_ref()
            .map_or(column.ident.span(), syn::LitStr::span);
        if let Some(problem) = sql_name_problem(&column.name) {
            errors.span(span, problem);
        }
        if !names.insert(column.name.as_str()) {
            errors.span(span, format!("there are two columns `{}`", column.name));
        }
        if let Some(table) = &column.attr.references
            && let Some(problem) = sql_name_problem(&table.value())
        {
            errors.at(table, problem);
        }
        if column.attr.sort && column.optional() {
            errors.at(
                &column.ty,
                "a list cannot be sorted by a column that may be missing: its pages could not tell the missing ones apart",
            );
        }
        let roles = [
            column.attr.id,
            column.attr.tenant,
            column.attr.version,
            column.attr.created,
            column.attr.updated,
        ];
        if roles.into_iter().filter(|role| *role).count() > 1 {
            errors.at(
                &column.ident,
                "a column is one of `id`, `tenant`, `version`, `created` and `updated`",
            );
        }
    }
    exactly_one(model, errors, "id", "its id, an `Id<…>`", |attr| attr.id);
    exactly_one(
        model,
        errors,
        "tenant",
        "the column that says whose row it is, a `TenantId`",
        |attr| attr.tenant,
    );
    for (which, role) in [
        ((|attr| attr.version) as fn(&FieldAttr) -> bool, "version"),
        (|attr| attr.created, "created"),
        (|attr| attr.updated, "updated"),
    ] {
        for column in model
            .columns
            .iter()
            .filter(|column| which(&column.attr))
            .skip(1)
        {
            errors.at(
                &column.ident,
                format!("a tenant entity has at most one field marked `#[entity({role})]`"),
            );
        }
    }
    for column in &model.columns {
        expect_type(column, errors);
    }
}

fn exactly_one(
    model: &Model,
    errors: &mut Errors,
    role: &str,
    what: &str,
    which: impl Fn(&FieldAttr) -> bool,
) {
    let mut marked = model.columns.iter().filter(|column| which(&column.attr));
    match marked.next() {
        None => errors.at(
            &model.ident,
            format!("a tenant entity needs a field marked `#[entity({role})]`: {what}"),
        ),
        Some(first) => {
            let expected = if role == "id" { "id" } else { "tenant_id" };
            if first.name != expected {
                errors.at(
                    &first.ident,
                    format!("this column has to be called `{expected}`: keys, policies and hand-written SQL rely on it"),
                );
            }
        }
    }
    for column in marked {
        errors.at(
            &column.ident,
            format!("a tenant entity has only one field marked `#[entity({role})]`"),
        );
    }
}

fn expect_type(column: &Column, errors: &mut Errors) {
    let expected = match &column.attr {
        FieldAttr { id: true, .. } => "Id",
        FieldAttr { tenant: true, .. } => "TenantId",
        FieldAttr { version: true, .. } => "i64",
        FieldAttr { created: true, .. } | FieldAttr { updated: true, .. } => "Timestamp",
        _ => return,
    };
    if last_segment(&column.ty).is_none_or(|segment| segment.ident != expected) {
        let shown = if expected == "Id" {
            "Id<…>"
        } else {
            expected
        };
        errors.at(&column.ty, format!("this column is a `{shown}`"));
    }
}
