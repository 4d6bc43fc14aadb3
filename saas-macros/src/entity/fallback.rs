//! What stands in for an entity with mistakes, so that its users do not add errors of their own.

use proc_macro2::TokenStream;
use quote::quote;

use super::{model::Model, types};
use crate::names;

pub(super) fn fallback(input: &syn::DeriveInput, model: &Model) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let private = names::tenancy(model.krate.as_ref());
    let ident = &input.ident;
    let types = types::types(&private, model);
    let (new, patch) = (types::new_type(model), types::patch_type(model));
    let none = quote!(::core::option::Option::None);
    quote! {
        #types

        impl #private::FromRow for #ident {
            fn from_row(_: &#private::Row) -> ::core::result::Result<Self, #private::Error> {
                ::core::unreachable!()
            }
        }

        impl #private::TenantEntity for #ident {
            type New = #new;
            type Patch = #patch;

            const INFO: &'static #private::EntityInfo = &#private::EntityInfo {
                name: "",
                table: "",
                columns: &[],
                id: 0,
                tenant: 0,
                version: #none,
                created: #none,
                updated: #none,
                deleted: #none,
                given: &[],
                references: &[],
                sql: #private::EntitySql { columns: "", select_one: "", select_one_alone: "", insert: "" },
            };

            fn row_id(&self) -> #private::Uuid {
                ::core::unreachable!()
            }

            fn row_version(&self) -> ::core::option::Option<i64> {
                ::core::unreachable!()
            }

            fn column_value(&self, _: usize) -> ::core::option::Option<#private::Value> {
                ::core::unreachable!()
            }

            fn new_values(_: Self::New) -> ::std::vec::Vec<#private::Value> {
                ::core::unreachable!()
            }

            fn patch_values(_: Self::Patch) -> ::std::vec::Vec<(usize, #private::Value)> {
                ::core::unreachable!()
            }

            fn parse_filter(_: usize, _: &str) -> ::core::result::Result<#private::Value, #private::Error> {
                ::core::unreachable!()
            }
        }
    }
}
