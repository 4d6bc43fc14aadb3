//! What stands in for a repository with mistakes, so that its users do not add errors of their own.

use proc_macro2::TokenStream;
use quote::quote;

use super::{expand, model::Model};

pub(super) fn fallback(model: &Model) -> TokenStream {
    let private = &model.private;
    let ident = &model.item.ident;
    let definition = expand::definition(model);
    let methods = model.methods.iter().map(|method| {
        let arguments = method.arguments.iter().map(|argument| &argument.ident);
        let body = quote! {
            #(let _ = #arguments;)*
            ::core::unreachable!()
        };
        expand::implementation(method, &body)
    });
    quote! {
        #definition

        #[automatically_derived]
        impl #ident for #private::TenantTx {
            #(#methods)*
        }
    }
}
