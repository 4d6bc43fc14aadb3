//! What stands in for an enum of permissions with mistakes, so that its users do not add errors of
//! their own.

use proc_macro2::TokenStream;
use quote::quote;
use syn::DeriveInput;

use super::model::Model;
use crate::names;

pub(super) fn fallback(input: &DeriveInput, model: &Model) -> TokenStream {
    if !input.generics.params.is_empty() {
        return TokenStream::new();
    }
    let private = names::rbac(model.krate.as_ref());
    let ident = &model.ident;
    let types = super::expand::types(model, &private);
    quote! {
        impl #private::Permission for #ident {
            const ALL: &'static [#private::PermissionInfo] = &[];

            fn name(&self) -> &'static str {
                ""
            }

            fn index(&self) -> usize {
                0
            }
        }

        impl ::core::convert::From<#ident> for #private::Access {
            fn from(permission: #ident) -> Self {
                #private::Access::permission(&permission)
            }
        }

        #types
    }
}
