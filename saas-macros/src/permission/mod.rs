//! `#[derive(Permission)]`.

mod attr;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: syn::DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model::read(&input, &mut errors);
    check::check(&input, &model, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&model),
        Err(mistakes) => {
            let fallback = fallback::fallback(&input, &model);
            quote!(#mistakes #fallback)
        }
    }
}
