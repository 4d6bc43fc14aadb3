//! The code of an enum of permissions.

use proc_macro2::TokenStream;
use quote::quote;

use super::model::Model;
use crate::names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = names::rbac(model.krate.as_ref());
    let ident = &model.ident;
    let infos = model.permissions.iter().map(|permission| {
        let (name, description) = (&permission.name, &permission.description);
        quote!(#private::PermissionInfo { name: #name, description: #description })
    });
    let names = model.permissions.iter().map(|permission| {
        let (variant, name) = (&permission.ident, &permission.name);
        quote!(Self::#variant => #name)
    });
    quote! {
        #[automatically_derived]
        impl #private::Permission for #ident {
            const ALL: &'static [#private::PermissionInfo] = &[#(#infos),*];

            fn name(&self) -> &'static str {
                match self {
                    #(#names,)*
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
