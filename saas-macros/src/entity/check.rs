//! Everything that can be wrong with an entity.

use std::collections::HashSet;

use syn::{DeriveInput, LitStr, PathArguments, PathSegment, Type};

use super::model::{Column, Model, Role};
use crate::{errors::Errors, names::sql_name_problem};

pub(super) fn check(input: &DeriveInput, model: &Model, errors: &mut Errors) {
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "a tenant entity is the row of one table, so it has no generic parameters",
        );
    }
    match &model.table {
        None => errors.at(
            &model.ident,
            "a tenant entity names its table: `#[entity(table = \"projects\")]`",
        ),
        Some(table) => sql_name(table, errors),
    }
    if let (Some(new), Some(patch)) = (&model.new, &model.patch)
        && new == patch
    {
        errors.at(patch, format!("`new` and `patch` cannot both be `{new}`"));
    }
    names(model, errors);
    for role in [Role::Id, Role::Tenant] {
        needed(model, role, errors);
    }
    for role in Role::ALL {
        at_most_one(model, role, errors);
    }
    for column in &model.columns {
        roles(column, errors);
        order(column, errors);
    }
}

fn sql_name(text: &LitStr, errors: &mut Errors) {
    if let Some(problem) = sql_name_problem(&text.value()) {
        errors.at(text, problem);
    }
}

fn names(model: &Model, errors: &mut Errors) {
    let mut seen = HashSet::new();
    for column in &model.columns {
        let span = match &column.attr.rename {
            Some(renamed) => renamed.span(),
            None => column.ident.span(),
        };
        if let Some(problem) = sql_name_problem(&column.name) {
            let cure = match column.attr.rename {
                Some(_) => "",
                None => ", or keep the field and say `#[entity(rename = \"…\")]`",
            };
            errors.span(span, format!("{problem}{cure}"));
        }
        if !seen.insert(column.name.as_str()) {
            errors.span(span, format!("there are two columns `{}`", column.name));
        }
        if let Some(table) = &column.attr.references {
            sql_name(table, errors);
        }
    }
}

fn needed(model: &Model, role: Role, errors: &mut Errors) {
    let (name, what) = match role {
        Role::Tenant => (
            "tenant_id",
            "the column that says whose row it is, `tenant_id: TenantId`",
        ),
        _ => (
            "id",
            "the column that names the row within its tenant, `id: Id<…>`",
        ),
    };
    match model.role(role) {
        None => errors.at(
            &model.ident,
            format!("a tenant entity needs a field marked `#[entity({})]`: {what}", role.option()),
        ),
        Some((_, column)) if column.name != name => errors.at(
            &column.ident,
            format!("this column has to be called `{name}`: keys, policies and hand-written SQL rely on it"),
        ),
        Some(_) => {}
    }
}

fn at_most_one(model: &Model, role: Role, errors: &mut Errors) {
    let marked = model
        .columns
        .iter()
        .flat_map(Column::roles)
        .filter(|(found, _)| *found == role);
    for (_, token) in marked.skip(1) {
        let option = role.option();
        errors.at(
            token,
            format!("another field is marked `#[entity({option})]` already; there is only one"),
        );
    }
}

fn roles(column: &Column, errors: &mut Errors) {
    let mut roles = column.roles();
    let Some((role, _)) = roles.next() else {
        return;
    };
    for (other, token) in roles {
        errors.at(
            token,
            format!(
                "this column is the `{}` already and cannot be the `{}` too",
                role.option(),
                other.option()
            ),
        );
    }
    expect_type(column, role, errors);
    let attr = &column.attr;
    let listed = [("filter", &attr.filter), ("sort", &attr.sort)];
    let given = [("unique", &attr.unique), ("fixed", &attr.fixed)];
    let key = matches!(role, Role::Id | Role::Tenant);
    for (option, token) in listed.into_iter().filter(|_| key).chain(given) {
        if let Some(token) = token {
            errors.at(
                token,
                format!("`{option}` has no meaning here: {}", reason(role)),
            );
        }
    }
    if let Some(table) = &attr.references {
        errors.at(
            table,
            format!("`references` has no meaning here: {}", reason(role)),
        );
    }
}

const fn reason(role: Role) -> &'static str {
    match role {
        Role::Id => "rows are always found by their id, and lists end their order with it",
        Role::Tenant => "every statement is bound to the tenant anyway",
        Role::Version | Role::Created | Role::Updated | Role::Deleted => {
            "the database layer sets this column"
        }
    }
}

fn expect_type(column: &Column, role: Role, errors: &mut Errors) {
    let (expected, shown) = match role {
        Role::Id => ("Id", "an `Id<…>`"),
        Role::Tenant => ("TenantId", "a `TenantId`"),
        Role::Version => ("i64", "an `i64`"),
        Role::Created | Role::Updated => ("Timestamp", "a `Timestamp`"),
        Role::Deleted => ("Option", "an `Option<Timestamp>`"),
    };
    if last_segment(&column.ty).is_none_or(|segment| segment.ident != expected) {
        errors.at(
            &column.ty,
            format!("the `{}` column is {shown}", role.option()),
        );
    }
}

fn order(column: &Column, errors: &mut Errors) {
    if column.attr.sort.is_some() && is_option(&column.ty) {
        errors.at(
            &column.ty,
            "a list cannot be sorted by a column that may be missing, because its pages could not tell the missing ones \
             apart: make the column required, or leave `sort` out",
        );
    }
}

/// Whether the type is written as `Option<…>`.
fn is_option(ty: &Type) -> bool {
    last_segment(ty).is_some_and(|segment| {
        segment.ident == "Option" && matches!(segment.arguments, PathArguments::AngleBracketed(_))
    })
}

fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        Type::Group(group) => last_segment(&group.elem),
        Type::Paren(paren) => last_segment(&paren.elem),
        _ => None,
    }
}
