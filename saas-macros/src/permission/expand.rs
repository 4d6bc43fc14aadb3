//! The code of an enum of permissions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;

use super::model::Permission;
use crate::names;

pub(super) fn expand(ident: &Ident, permissions: &[Permission]) -> TokenStream {
    let private = names::rbac();
    let infos = permissions.iter().map(
        |Permission {
             name, description, ..
         }| { quote!(#private::PermissionInfo { name: #name, description: #description }) },
    );
    let names = permissions.iter().map(
        |Permission {
             ident: variant,
             name,
             ..
         }| quote!(#ident::#variant => #name),
    );
    let unreachable = permissions
        .is_empty()
        .then(|| quote!(_ => ::core::unreachable!()));
    quote! {
        #[automatically_derived]
        impl #private::Permission for #ident {
            const ALL: &'static [#private::PermissionInfo] = &[#(#infos),*];

            fn name(&self) -> &'static str {
                match self {
                    #(#names,)*
                    #unreachable
                }
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for #private::Access {
            fn from(permission: #ident) -> Self {
                #private::Access::permission(&permission)
            }
        }
    }
}
