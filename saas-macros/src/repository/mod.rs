//! `#[tenant_repository]`.

mod attr;
mod check;
mod clause;
mod excerpt;
mod expand;
mod fallback;
mod model;
mod scope;
mod sql;
mod words;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let item = match syn::parse2(item) {
        Ok(syn::Item::Trait(item)) => item,
        Ok(other) => {
            let message = "`#[tenant_repository]` stands before a trait";
            let mistake = syn::Error::new_spanned(&other, message).to_compile_error();
            return quote!(#mistake #other);
        }
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model::read(arguments, item, &mut errors);
    let statements = check::check(&model, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&model, &statements),
        Err(mistakes) => {
            let fallback = fallback::fallback(&model);
            quote!(#mistakes #fallback)
        }
    }
}
