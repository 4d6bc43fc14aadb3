//! What stands beside the entity: the types of `new` and `patch`, and a constant for each column of
//! lists. An entity with mistakes has them too, so that their users see no mistakes of their own.

use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt as _;

use super::model::{Column, Model};
use crate::names;

pub(super) fn types(private: &TokenStream, model: &Model) -> TokenStream {
    let (new, patch, fields) = (new(model), patch(model), fields(private, model));
    quote!(#new #patch #fields)
}

/// The type of `TenantEntity::New`.
pub(super) fn new_type(model: &Model) -> TokenStream {
    match &model.new {
        Some(new) => quote!(#new),
        None if model.given().next().is_none() => quote!(()),
        // There is a column to give and no type to give it in, so there can be no value to insert.
        None => quote!(::core::convert::Infallible),
    }
}

/// The type of `TenantEntity::Patch`.
pub(super) fn patch_type(model: &Model) -> TokenStream {
    model
        .patch
        .as_ref()
        .map_or_else(|| quote!(()), |patch| quote!(#patch))
}

fn new(model: &Model) -> Option<TokenStream> {
    let (new, vis) = (model.new.as_ref()?, &model.vis);
    let docs = format!(" What a caller gives to insert a [`{}`].", model.ident);
    let members = model.given().map(|(_, column)| {
        let (docs, ident, ty) = (docs_of(column), &column.ident, &column.ty);
        quote!(#docs pub #ident: #ty)
    });
    Some(quote! {
        #[doc = #docs]
        #[derive(Debug, Clone)]
        #[allow(clippy::exhaustive_structs, reason = "it is written as a literal, one field for each column")]
        #vis struct #new { #(#members),* }
    })
}

fn patch(model: &Model) -> Option<TokenStream> {
    let (patch, vis) = (model.patch.as_ref()?, &model.vis);
    let docs = format!(
        " What a caller may change of a [`{}`]. Fields that are `None` stay as they are.",
        model.ident
    );
    let members = model.changeable().map(|(_, column)| {
        let (docs, ident, ty) = (docs_of(column), &column.ident, &column.ty);
        quote!(#docs pub #ident: ::core::option::Option<#ty>)
    });
    Some(quote! {
        #[doc = #docs]
        #[derive(Debug, Clone, Default)]
        #[allow(clippy::exhaustive_structs, reason = "it is written as a literal, one field for each column")]
        #vis struct #patch { #(#members),* }
    })
}

/// A constant for every column that lists can be filtered or sorted by.
fn fields(private: &TokenStream, model: &Model) -> Option<TokenStream> {
    let (entity, vis) = (&model.ident, &model.vis);
    let listed = |column: &Column| column.attr.filter.is_some() || column.attr.sort.is_some();
    let constants: Vec<_> = model
        .positions()
        .filter(|(_, column)| listed(column))
        .map(|(index, column)| {
            let (ty, span) = (&column.ty, column.ident.span());
            let constant = column.ident.unraw().to_string().to_uppercase();
            let constant = format_ident!("{constant}", span = span);
            let docs = format!(" The column `{}`.", column.name);
            let unique = column.attr.unique.is_some();
            quote_spanned! {names::place(ty)=>
                #[doc = #docs]
                #vis const #constant: #private::Field<#entity, #ty, #unique> = #private::Field::new(#index);
            }
        })
        .collect();
    (!constants.is_empty()).then(|| {
        quote! {
            #[automatically_derived]
            #[allow(dead_code, reason = "not every program filters by every column that can be")]
            impl #entity { #(#constants)* }
        }
    })
}

fn docs_of(column: &Column) -> TokenStream {
    if column.docs.is_empty() {
        let docs = format!(" The column `{}`.", column.name);
        quote!(#[doc = #docs])
    } else {
        let docs = &column.docs;
        quote!(#(#docs)*)
    }
}
