//! `#[derive(Permission)]`.

mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: syn::DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let permissions = model::read(&input, &mut errors);
    match errors.finish() {
        Ok(()) => expand::expand(&input.ident, &permissions),
        Err(errors) => {
            let fallback = expand::expand(&input.ident, &[]);
            quote::quote!(#errors #fallback)
        }
    }
}
