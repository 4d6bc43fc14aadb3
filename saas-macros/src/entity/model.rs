//! The entity, as understood.

use syn::{
    Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, Type, Visibility, ext::IdentExt as _,
};

use super::attr::{self, FieldAttr};
use crate::errors::Errors;

pub(super) struct Model {
    pub(super) ident: Ident,
    pub(super) vis: Visibility,
    pub(super) table: Option<LitStr>,
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

/// What a column is to the database layer.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Tenant,
    Id,
    Version,
    Created,
    Updated,
    Deleted,
}

impl Role {
    /// All roles.
    pub(super) const ALL: [Self; 6] = [
        Self::Tenant,
        Self::Id,
        Self::Version,
        Self::Created,
        Self::Updated,
        Self::Deleted,
    ];

    /// The roles of the columns that every INSERT sets, in the order in which it binds them.
    pub(super) const INSERTED: [Self; 5] = [
        Self::Tenant,
        Self::Id,
        Self::Version,
        Self::Created,
        Self::Updated,
    ];

    /// The option that gives a field the role.
    pub(super) const fn option(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Id => "id",
            Self::Version => "version",
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }
}

impl Column {
    /// The roles that the field is marked with, each with the token that does so. A correct field
    /// has at most one.
    pub(super) fn roles(&self) -> impl Iterator<Item = (Role, &Path)> {
        Role::ALL.into_iter().filter_map(|role| {
            let marked = match role {
                Role::Tenant => &self.attr.tenant,
                Role::Id => &self.attr.id,
                Role::Version => &self.attr.version,
                Role::Created => &self.attr.created,
                Role::Updated => &self.attr.updated,
                Role::Deleted => &self.attr.deleted,
            };
            Some((role, marked.as_ref()?))
        })
    }

    pub(super) fn is(&self, role: Role) -> bool {
        self.roles().any(|(found, _)| found == role)
    }

    /// Whether a caller gives the value on insert, and not the database layer.
    pub(super) fn given(&self) -> bool {
        self.roles().next().is_none()
    }
}

impl Model {
    /// The column with that role and its position.
    pub(super) fn role(&self, role: Role) -> Option<(usize, &Column)> {
        self.positions().find(|(_, column)| column.is(role))
    }

    /// The columns that a caller gives on insert.
    pub(super) fn given(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.positions().filter(|(_, column)| column.given())
    }

    /// The columns that a caller may change.
    pub(super) fn changeable(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.given()
            .filter(|(_, column)| column.attr.fixed.is_none())
    }

    pub(super) fn positions(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate()
    }
}

/// Reads the struct, if it is one with named fields.
pub(super) fn read(input: &DeriveInput, errors: &mut Errors) -> Option<Model> {
    let attr = attr::on_struct(&input.attrs, errors);
    let Data::Struct(data) = &input.data else {
        errors.at(
            &input.ident,
            "a tenant entity is a struct with a named field for each column",
        );
        return None;
    };
    let Fields::Named(fields) = &data.fields else {
        errors.at(
            &input.ident,
            "a tenant entity is a struct with a named field for each column",
        );
        return None;
    };
    let columns = fields
        .named
        .iter()
        .filter_map(|field| column(field, errors))
        .collect();
    Some(Model {
        ident: input.ident.clone(),
        vis: input.vis.clone(),
        table: attr.table,
        new: attr.new,
        patch: attr.patch,
        krate: attr.krate,
        columns,
    })
}

fn column(field: &syn::Field, errors: &mut Errors) -> Option<Column> {
    let ident = field.ident.clone()?;
    let attr = attr::on_field(&field.attrs, errors);
    let name = match &attr.rename {
        Some(renamed) => renamed.value(),
        None => ident.unraw().to_string(),
    };
    let is_doc = |attribute: &&Attribute| attribute.path().is_ident("doc");
    Some(Column {
        ty: field.ty.clone(),
        docs: field.attrs.iter().filter(is_doc).cloned().collect(),
        ident,
        name,
        attr,
    })
}
