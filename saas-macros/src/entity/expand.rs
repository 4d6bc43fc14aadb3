//! The code of an entity: constants, and short functions that the repository calls.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::{
    model::{Column, Model, Role},
    types,
};
use crate::names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = names::tenancy(model.krate.as_ref());
    let ident = &model.ident;
    let types = types::types(&private, model);
    let (new, patch) = (types::new_type(model), types::patch_type(model));
    let from_row = from_row(&private, model);
    let info = info(&private, model);
    let methods = [
        row_id(&private, model),
        row_version(model),
        column_value(&private, model),
        new_values(&private, model),
        patch_values(&private, model),
        parse_filter(&private, model),
    ];
    quote! {
        #types

        #from_row

        #[automatically_derived]
        impl #private::TenantEntity for #ident {
            type New = #new;
            type Patch = #patch;

            const INFO: &'static #private::EntityInfo = &#info;

            #(#methods)*
        }
    }
}

fn from_row(private: &TokenStream, model: &Model) -> TokenStream {
    let ident = &model.ident;
    // By name, so that `SELECT *` reads right whatever the order of the columns in the table.
    let columns = model.columns.len();
    let reads = model.columns.iter().enumerate().map(|(position, column)| {
        let (field, ty, name) = (&column.ident, &column.ty, &column.name);
        quote_spanned!(names::place(ty)=> #field: row.of::<#ty>(#columns, #position, #name)?)
    });
    quote! {
        #[automatically_derived]
        impl #private::FromRow for #ident {
            fn from_row(row: &#private::Row) -> ::core::result::Result<Self, #private::Error> {
                ::core::result::Result::Ok(Self { #(#reads),* })
            }
        }
    }
}

fn info(private: &TokenStream, model: &Model) -> TokenStream {
    let name = model.ident.to_string();
    let table = table(model);
    let columns = model
        .columns
        .iter()
        .map(|column| column_info(private, column));
    let position = |role| model.role(role).map_or(0, |(index, _)| index);
    let optional = |role| match model.role(role) {
        Some((index, _)) => quote!(::core::option::Option::Some(#index)),
        None => quote!(::core::option::Option::None),
    };
    let (id, tenant) = (position(Role::Id), position(Role::Tenant));
    let (version, created) = (optional(Role::Version), optional(Role::Created));
    let (updated, deleted) = (optional(Role::Updated), optional(Role::Deleted));
    let given = model.given().map(|(index, _)| index);
    let references = model.positions().filter_map(|(index, column)| {
        let table = column.attr.references.as_ref()?;
        Some(quote!(#private::ReferenceInfo { column: #index, table: #table }))
    });
    let sql = statements(private, model);
    quote! {
        #private::EntityInfo {
            name: #name,
            table: #table,
            columns: &[#(#columns),*],
            id: #id,
            tenant: #tenant,
            version: #version,
            created: #created,
            updated: #updated,
            deleted: #deleted,
            given: &[#(#given),*],
            references: &[#(#references),*],
            sql: #sql,
        }
    }
}

fn column_info(private: &TokenStream, column: &Column) -> TokenStream {
    let (name, ty) = (&column.name, &column.ty);
    let filter = column.attr.filter.is_some();
    let sort = column.attr.sort.is_some();
    let unique = column.attr.unique.is_some();
    let fixed = column.attr.fixed.is_some();
    let kind = quote_spanned!(names::place(ty)=> <#ty as #private::Column>::KIND);
    let nullable = quote_spanned!(names::place(ty)=> <#ty as #private::Column>::NULLABLE);
    quote! {
        #private::ColumnInfo {
            name: #name,
            kind: #kind,
            nullable: #nullable,
            filter: #filter,
            sort: #sort,
            unique: #unique,
            fixed: #fixed,
        }
    }
}

/// The fixed statements, as literals. `EntitySql` says what their parameters are.
fn statements(private: &TokenStream, model: &Model) -> TokenStream {
    let table = table(model);
    let name = |column: &Column| column.name.clone();
    let columns = model
        .columns
        .iter()
        .map(name)
        .collect::<Vec<_>>()
        .join(", ");
    let there = match model.role(Role::Deleted) {
        Some((_, deleted)) => format!(" AND {} IS NULL", deleted.name),
        None => String::new(),
    };
    let select = |tenant| {
        format!("SELECT {columns} FROM {table} WHERE tenant_id = {tenant} AND id = $2{there}")
    };
    let select_one = select("$1");
    // `saas_tenancy::sql::select` says why it has this form.
    let select_one_alone = format!(
        "SELECT saas_row.* FROM (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS \
         saas_scope CROSS JOIN LATERAL ({} OFFSET 0) AS saas_row",
        select("saas_scope.tenant")
    );
    let automatic = Role::INSERTED.into_iter();
    let automatic = automatic.filter_map(|role| model.role(role));
    let inserted: Vec<_> = automatic
        .chain(model.given())
        .map(|(_, column)| name(column))
        .collect();
    let parameters: Vec<_> = (1..=inserted.len())
        .map(|number| format!("${number}"))
        .collect();
    let insert = format!(
        "INSERT INTO {table} ({}) VALUES ({}) RETURNING {columns}",
        inserted.join(", "),
        parameters.join(", ")
    );
    quote! {
        #private::EntitySql {
            columns: #columns,
            select_one: #select_one,
            select_one_alone: #select_one_alone,
            insert: #insert,
        }
    }
}

fn table(model: &Model) -> String {
    model
        .table
        .as_ref()
        .map(syn::LitStr::value)
        .unwrap_or_default()
}

fn row_id(private: &TokenStream, model: &Model) -> TokenStream {
    let field = model.role(Role::Id).map(|(_, column)| &column.ident);
    quote! {
        fn row_id(&self) -> #private::Uuid {
            self.#field.as_uuid()
        }
    }
}

fn row_version(model: &Model) -> TokenStream {
    let version = match model.role(Role::Version).map(|(_, column)| &column.ident) {
        Some(field) => quote!(::core::option::Option::Some(self.#field)),
        None => quote!(::core::option::Option::None),
    };
    quote! {
        fn row_version(&self) -> ::core::option::Option<i64> {
            #version
        }
    }
}

fn column_value(private: &TokenStream, model: &Model) -> TokenStream {
    let values = model.positions().map(|(index, column)| {
        let value = to_value(private, column, &|field| quote!(&self.#field));
        quote!(#index => #value)
    });
    quote! {
        fn column_value(&self, index: usize) -> ::core::option::Option<#private::Value> {
            ::core::option::Option::Some(match index {
                #(#values,)*
                _ => return ::core::option::Option::None,
            })
        }
    }
}

fn new_values(private: &TokenStream, model: &Model) -> TokenStream {
    let values = model
        .given()
        .map(|(_, column)| to_value(private, column, &|field| quote!(&new.#field)));
    let body = match &model.new {
        Some(_) => quote!(::std::vec![#(#values),*]),
        None if model.given().next().is_none() => quote!({
            let () = new;
            ::std::vec::Vec::new()
        }),
        None => quote!(match new {}),
    };
    quote! {
        fn new_values(new: Self::New) -> ::std::vec::Vec<#private::Value> {
            #body
        }
    }
}

fn patch_values(private: &TokenStream, model: &Model) -> TokenStream {
    let body = if model.patch.is_some() {
        let changes = model.changeable().map(|(index, column)| {
            let field = &column.ident;
            let value = to_value(private, column, &|_| quote!(&value));
            quote!(values.extend(patch.#field.map(|value| (#index, #value))))
        });
        quote! {
            let mut values = ::std::vec::Vec::new();
            #(#changes;)*
            values
        }
    } else {
        quote! {
            let () = patch;
            ::std::vec::Vec::new()
        }
    };
    quote! {
        fn patch_values(patch: Self::Patch) -> ::std::vec::Vec<(usize, #private::Value)> {
            #body
        }
    }
}

fn parse_filter(private: &TokenStream, model: &Model) -> TokenStream {
    let filters = model
        .positions()
        .filter(|(_, column)| column.attr.filter.is_some());
    let parsed = filters.map(|(index, column)| {
        let ty = &column.ty;
        let value = to_value(private, column, &|_| quote!(&value));
        let parse = quote_spanned!(names::place(ty)=> <#ty as #private::Column>::parse(text));
        quote!((#index, text) => #parse.map(|value| #value))
    });
    quote! {
        fn parse_filter(index: usize, text: &str) -> ::core::result::Result<#private::Value, #private::Error> {
            match (index, text) {
                #(#parsed,)*
                _ => ::core::result::Result::Err(#private::Error::decode("a column to filter by")),
            }
        }
    }
}

/// `Column::to_value` of the field, with the bound on the type where the user wrote it.
fn to_value(
    private: &TokenStream,
    column: &Column,
    place: &dyn Fn(&syn::Ident) -> TokenStream,
) -> TokenStream {
    let (ty, place) = (&column.ty, place(&column.ident));
    quote_spanned!(names::place(ty)=> <#ty as #private::Column>::to_value(#place))
}
