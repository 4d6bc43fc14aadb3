//! What stands in for an entity with mistakes, so that its users do not add errors of their own.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Model;
use crate::names;

pub(super) fn fallback(input: &syn::DeriveInput, model: Option<&Model>) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let private = names::tenancy(model.and_then(|model| model.krate.as_ref()));
    let ident = &input.ident;
    let (new, patch) = (
        model.and_then(|model| model.new.as_ref()),
        model.and_then(|model| model.patch.as_ref()),
    );
    let vis = &input.vis;
    let new_struct =
        new.map(|new| quote!(#[doc(hidden)] #[derive(Debug, Clone)] #vis struct #new;));
    let patch_struct = patch
        .map(|patch| quote!(#[doc(hidden)] #[derive(Debug, Clone, Default)] #vis struct #patch;));
    let (new, patch) = (
        new.map_or(quote!(()), |new| quote!(#new)),
        patch.map_or(quote!(()), |patch| quote!(#patch)),
    );
    quote! {
        #new_struct
        #patch_struct

        impl #private::FromRow for #ident {
            fn from_row(_: &#private::Row) -> ::core::result::Result<Self, #private::Error> {
                ::core::unreachable!()
            }
        }

        impl #private::TenantEntity for #ident {
            type New = #new;
            type Patch = #patch;

            const INFO: &'static #private::EntityInfo = ::core::unreachable!();

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
