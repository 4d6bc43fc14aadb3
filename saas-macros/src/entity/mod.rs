//! `#[derive(TenantEntity)]`.

mod attr;
mod check;
mod expand;
mod fallback;
mod model;
mod types;

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
    if let Some(model) = &model {
        check::check(&input, model, &mut errors);
    }
    let mistakes = errors.finish().err();
    let code = match (&model, &mistakes) {
        (Some(model), None) => expand::expand(model),
        (Some(model), Some(_)) => fallback::fallback(&input, model),
        // What is no struct with named fields can stand in for no row.
        (None, _) => TokenStream::new(),
    };
    quote!(#mistakes #code)
}
