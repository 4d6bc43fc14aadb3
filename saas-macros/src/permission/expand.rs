//! The code of an enum of permissions.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Visibility;

use super::model::Model;
use crate::names;

pub(super) fn expand(model: &Model) -> TokenStream {
    let private = names::rbac(model.krate.as_ref());
    let ident = &model.ident;
    let infos = model.permissions.iter().map(|permission| {
        let (name, description) = (&permission.name, &permission.description);
        let group = &permission.group;
        quote!(#private::PermissionInfo { name: #name, description: #description, group: #group })
    });
    let names = model.permissions.iter().map(|permission| {
        let (variant, name) = (&permission.ident, &permission.name);
        quote!(Self::#variant => #name)
    });
    let places = model
        .permissions
        .iter()
        .enumerate()
        .map(|(at, permission)| {
            let variant = &permission.ident;
            quote!(Self::#variant => #at)
        });
    let types = types(model, &private);
    quote! {
        #[automatically_derived]
        impl #private::Permission for #ident {
            const ALL: &'static [#private::PermissionInfo] = &[#(#infos),*];

            fn name(&self) -> &'static str {
                match self {
                    #(#names,)*
                }
            }

            fn index(&self) -> usize {
                match self {
                    #(#places,)*
                }
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#ident> for #private::Access {
            fn from(permission: #ident) -> Self {
                #private::Access::permission(&permission)
            }
        }

        #types
    }
}

/// The module of types, one for each variant.
pub(super) fn types(model: &Model, private: &TokenStream) -> Option<TokenStream> {
    let module = model.types.as_ref()?;
    let (ident, vis) = (&model.ident, &model.vis);
    // As visible as the enum, seen from inside the module.
    let inner = match vis {
        Visibility::Inherited => quote!(pub(super)),
        Visibility::Restricted(restricted) if restricted.path.is_ident("super") => {
            quote!(pub(in super::super))
        }
        Visibility::Restricted(restricted) if restricted.path.is_ident("self") => {
            quote!(pub(super))
        }
        _ => quote!(#vis),
    };
    let types = model.permissions.iter().map(|permission| {
        let (variant, doc) = (&permission.ident, format!("`{}`", permission.name.value()));
        quote! {
            #[doc = #doc]
            #[derive(Debug, Clone, Copy)]
            #inner enum #variant {}
        }
    });
    // Outside of the module, from where an enum inside of a function could not be named.
    let impls = model.permissions.iter().map(|permission| {
        let variant = &permission.ident;
        quote! {
            #[automatically_derived]
            impl #private::PermissionType for #module::#variant {
                type Of = #ident;

                fn permission() -> #ident {
                    #ident::#variant
                }
            }
        }
    });
    Some(quote! {
        /// The permissions as types.
        #[allow(dead_code, reason = "not every permission is asked for by type")]
        #vis mod #module {
            #(#types)*
        }

        #(#impls)*
    })
}
