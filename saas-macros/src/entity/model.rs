//! The entity, as understood.

use proc_macro2::Span;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, Path, PathArguments, Type, Visibility};

use super::attr::{self, FieldAttr};
use crate::errors::Errors;

pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) table: String,
    pub(super) table_span: Span,
    pub(super) new: Option<Ident>,
    pub(super) patch: Option<Ident>,
    pub(super) krate: Option<Path>,
    pub(super) columns: Vec<Column>,
}

pub(super) struct Column {
    pub(super) ident: Ident,
    pub(super) ty: Type,
    pub(super) docs: Vec<Attribute>,
    pub(super) name: String,
    pub(super) attr: FieldAttr,
}

impl Column {
    /// Whether the database layer fills the column in.
    pub(super) fn automatic(&self) -> bool {
        let FieldAttr {
            id,
            tenant,
            version,
            created,
            updated,
            ..
        } = self.attr;
        id || tenant || version || created || updated
    }

    /// Whether the type is written as `Option<…>`.
    pub(super) fn optional(&self) -> bool {
        last_segment(&self.ty).is_some_and(|segment| {
            segment.ident == "Option"
                && matches!(segment.arguments, PathArguments::AngleBracketed(_))
        })
    }
}

impl Model {
    pub(super) fn position(&self, which: impl Fn(&FieldAttr) -> bool) -> Option<usize> {
        self.columns.iter().position(|column| which(&column.attr))
    }
}

pub(super) fn last_segment(ty: &Type) -> Option<&syn::PathSegment> {
    match ty {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Model> {
    let attr = attr::on_struct(&input.attrs, errors);
    if !input.generics.params.is_empty() {
        errors.at(
            &input.generics,
            "a tenant entity is a row of one table, so it has no generic parameters",
        );
    }
    let fields = match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) => Some(fields),
            _ => None,
        },
        _ => None,
    };
    let Some(fields) = fields else {
        errors.at(
            &input.ident,
            "a tenant entity is a struct with a named field for each column",
        );
        return None;
    };
    let (table, table_span) = match &attr.table {
        Some(table) => (table.value(), table.span()),
        None => {
            errors.at(
                &input.ident,
                "a tenant entity names its table: `#[entity(table = \"…\")]`",
            );
            (String::new(), input.ident.span())
        }
    };
    let columns = fields
        .named
        .iter()
        .filter_map(|field| {
            let ident = field.ident.clone()?;
            let attr = attr::on_field(&field.attrs, errors);
            let plain = ident.to_string();
            let plain = plain.strip_prefix("r#").unwrap_or(&plain).to_owned();
            let name = attr.rename.as_ref().map_or(plain, syn::LitStr::value);
            let docs = field
                .attrs
                .iter()
                .filter(|attribute| attribute.path().is_ident("doc"))
                .cloned()
                .collect();
            Some(Column {
                ident,
                ty: field.ty.clone(),
                docs,
                name,
                attr,
            })
        })
        .collect();
    Some(Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        table,
        table_span,
        new: attr.new,
        patch: attr.patch,
        krate: attr.krate,
        columns,
    })
}
