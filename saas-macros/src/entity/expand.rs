//! The code of an entity: constants, and short functions that the repository calls.

use proc_macro2::{Literal, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::spanned::Spanned as _;

use super::model::{Column, Model};
use crate::names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = names::tenancy(model.krate.as_ref());
    let ident = &model.ident;
    let name = ident.to_string();
    let table = &model.table;

    let infos = model
        .columns
        .iter()
        .map(|column| column_info(&private, column));
    let position = |which: fn(&super::attr::FieldAttr) -> bool| model.position(which).unwrap_or(0);
    let optional = |which: fn(&super::attr::FieldAttr) -> bool| match model.position(which) {
        Some(index) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    let (id, tenant) = (position(|attr| attr.id), position(|attr| attr.tenant));
    let version = optional(|attr| attr.version);
    let created = optional(|attr| attr.created);
    let updated = optional(|attr| attr.updated);
    let given: Vec<(usize, &Column)> = model
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| !c.automatic())
        .collect();
    let given_indexes = given.iter().map(|(index, _)| index);
    let references = model
        .columns
        .iter()
        .enumerate()
        .filter_map(|(index, column)| {
            let table = column.attr.references.as_ref()?;
            Some(quote!(#private::ReferenceInfo { column: #index, table: #table }))
        });
    let sql = statements(&private, model);

    let reads = model.columns.iter().map(|column| {
        let (field, ty, name) = (&column.ident, &column.ty, &column.name);
        quote_spanned!(ty.span()=> #field: row.named::<#ty>(#name)?)
    });
    let id_field = model.columns.get(id).map(|column| &column.ident);
    let row_version = match model
        .position(|attr| attr.version)
        .and_then(|index| model.columns.get(index))
    {
        Some(column) => {
            let field = &column.ident;
            quote!(::core::option::Option::Some(self.#field))
        }
        None => quote!(::core::option::Option::None),
    };
    let values = model.columns.iter().enumerate().map(|(index, column)| {
        let field = &column.ident;
        quote!(#index => ::core::option::Option::Some(#private::Column::to_value(&self.#field)))
    });
    let filters = model.columns.iter().enumerate().filter(|(_, column)| column.attr.filter).map(|(index, column)| {
        let ty = &column.ty;
        quote!(#index => <#ty as #private::Column>::parse(text).map(|value| #private::Column::to_value(&value)))
    });
    let fields = fields(&private, model);
    let (new_type, new_values, new_struct) = new_type(&private, model, &given);
    let (patch_type, patch_values, patch_struct) = patch_type(&private, model, &given);

    quote! {
        #new_struct
        #patch_struct
        #fields

        #[automatically_derived]
        impl #private::FromRow for #ident {
            fn from_row(row: &#private::Row) -> ::core::result::Result<Self, #private::Error> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }

        #[automatically_derived]
        impl #private::TenantEntity for #ident {
            type New = #new_type;
            type Patch = #patch_type;

            const INFO: &'static #private::EntityInfo = &#private::EntityInfo {
                name: #name,
                table: #table,
                columns: &[#(#infos),*],
                id: #id,
                tenant: #tenant,
                version: #version,
                created: #created,
                updated: #updated,
                given: &[#(#given_indexes),*],
                references: &[#(#references),*],
                sql: #sql,
            };

            fn row_id(&self) -> #private::Uuid {
                self.#id_field.as_uuid()
            }

            fn row_version(&self) -> ::core::option::Option<i64> {
                #row_version
            }

            fn column_value(&self, index: usize) -> ::core::option::Option<#private::Value> {
                match index {
                    #(#values,)*
                    _ => ::core::option::Option::None,
                }
            }

            fn new_values(new: Self::New) -> ::std::vec::Vec<#private::Value> {
                #new_values
            }

            fn patch_values(patch: Self::Patch) -> ::std::vec::Vec<(usize, #private::Value)> {
                #patch_values
            }

            fn parse_filter(
                index: usize,
                text: &str,
            ) -> ::core::result::Result<#private::Value, #private::Error> {
                let _ = text;
                match index {
                    #(#filters,)*
                    _ => ::core::result::Result::Err(#private::Error::decode("a column to filter by")),
                }
            }
        }
    }
}

fn column_info(private: &TokenStream, column: &Column) -> TokenStream {
    let (name, ty) = (&column.name, &column.ty);
    let (filter, sort, unique) = (column.attr.filter, column.attr.sort, column.attr.unique);
    let kind = quote_spanned!(ty.span()=> <#ty as #private::Column>::KIND);
    let nullable = quote_spanned!(ty.span()=> <#ty as #private::Column>::NULLABLE);
    quote! {
        #private::ColumnInfo {
            name: #name,
            kind: #kind,
            nullable: #nullable,
            filter: #filter,
            sort: #sort,
            unique: #unique,
        }
    }
}

/// The fixed statements, as literals.
fn statements(private: &TokenStream, model: &Model) -> TokenStream {
    let table = &model.table;
    let columns = model
        .columns
        .iter()
        .map(|column| column.name.as_str())
        .collect::<Vec<_>>()
        .join(", ");
    let select = format!("SELECT {columns} FROM {table} WHERE tenant_id = $1");
    let select_one = format!("{select} AND id = $2");
    let delete = format!("DELETE FROM {table} WHERE tenant_id = $1 AND id = $2");
    let named = |which: fn(&super::attr::FieldAttr) -> bool| {
        model
            .columns
            .iter()
            .filter(move |column| which(&column.attr))
            .map(|column| column.name.as_str())
    };
    let inserted: Vec<&str> = named(|attr| attr.tenant)
        .chain(named(|attr| attr.id))
        .chain(named(|attr| attr.version))
        .chain(named(|attr| attr.created))
        .chain(named(|attr| attr.updated))
        .chain(
            model
                .columns
                .iter()
                .filter(|column| !column.automatic())
                .map(|column| column.name.as_str()),
        )
        .collect();
    let parameters = (1..=inserted.len())
        .map(|number| format!("${number}"))
        .collect::<Vec<_>>()
        .join(", ");
    let insert = format!(
        "INSERT INTO {table} ({}) VALUES ({parameters}) RETURNING {columns}",
        inserted.join(", ")
    );
    let [columns, select, select_one, insert, delete] =
        [columns, select, select_one, insert, delete].map(|text| Literal::string(&text));
    quote! {
        #private::EntitySql {
            columns: #columns,
            select: #select,
            select_one: #select_one,
            insert: #insert,
            delete: #delete,
        }
    }
}

/// A constant for every column that lists can be filtered or sorted by.
fn fields(private: &TokenStream, model: &Model) -> TokenStream {
    let ident = &model.ident;
    let constants = model
        .columns
        .iter()
        .enumerate()
        .filter(|(_, c)| c.attr.filter || c.attr.sort)
        .map(|(index, column)| {
            let (vis, ty) = (&model.vis, &column.ty);
            let constant =
                format_ident!("{}", column.name.to_uppercase(), span = column.ident.span());
            let docs = format!("The column `{}`.", column.name);
            quote! {
                #[doc = #docs]
                #vis const #constant: #private::Field<#ident, #ty> = #private::Field::new(#index);
            }
        });
    quote! {
        #[automatically_derived]
        #[allow(dead_code, reason = "not every program filters by every column that can be")]
        impl #ident { #(#constants)* }
    }
}

fn new_type(
    private: &TokenStream,
    model: &Model,
    given: &[(usize, &Column)],
) -> (TokenStream, TokenStream, TokenStream) {
    let Some(new) = &model.new else {
        let values = quote!(let () = new; ::std::vec::Vec::new());
        return (quote!(()), values, TokenStream::new());
    };
    let vis = &model.vis;
    let docs = format!("What a caller gives to insert a [`{}`].", model.ident);
    let members = given.iter().map(|(_, column)| {
        let (docs, ident, ty) = (&column.docs, &column.ident, &column.ty);
        let docs = or_default(docs, &column.name);
        quote!(#docs pub #ident: #ty)
    });
    let values = given.iter().map(|(_, column)| {
        let field = &column.ident;
        quote!(#private::Column::to_value(&new.#field))
    });
    let definition = quote! {
        #[doc = #docs]
        #[derive(Debug, Clone)]
        #[allow(clippy::exhaustive_structs, reason = "it is written as a literal, one field for each column")]
        #vis struct #new { #(#members),* }
    };
    (quote!(#new), quote!(::std::vec![#(#values),*]), definition)
}

fn patch_type(
    private: &TokenStream,
    model: &Model,
    given: &[(usize, &Column)],
) -> (TokenStream, TokenStream, TokenStream) {
    let Some(patch) = &model.patch else {
        let values = quote!(let () = patch; ::std::vec::Vec::new());
        return (quote!(()), values, TokenStream::new());
    };
    let vis = &model.vis;
    let docs = format!(
        "What a caller may change of a [`{}`]. Fields that are `None` stay as they are.",
        model.ident
    );
    let changeable: Vec<_> = given
        .iter()
        .filter(|(_, column)| !column.attr.fixed)
        .collect();
    let members = changeable.iter().map(|(_, column)| {
        let (docs, ident, ty) = (&column.docs, &column.ident, &column.ty);
        let docs = or_default(docs, &column.name);
        quote!(#docs pub #ident: ::core::option::Option<#ty>)
    });
    let values = changeable.iter().map(|(index, column)| {
        let field = &column.ident;
        quote!(values.extend(patch.#field.map(|value| (#index, #private::Column::to_value(&value)))))
    });
    let definition = quote! {
        #[doc = #docs]
        #[derive(Debug, Clone, Default)]
        #[allow(clippy::exhaustive_structs, reason = "it is written as a literal, one field for each column")]
        #vis struct #patch { #(#members),* }
    };
    let body = quote! {
        let mut values = ::std::vec::Vec::new();
        #(#values;)*
        values
    };
    (quote!(#patch), body, definition)
}

fn or_default(docs: &[syn::Attribute], name: &str) -> TokenStream {
    if docs.is_empty() {
        let docs = format!("The column `{name}`.");
        quote!(#[doc = #docs])
    } else {
        quote!(#(#docs)*)
    }
}
