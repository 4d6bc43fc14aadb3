//! `#[derive(TenantEntity)]`.

mod attr;
mod check;
mod expand;
mod fallback;
mod model;

use proc_macro2::TokenStream;

use crate::errors::Errors;

pub(crate) fn derive(input: TokenStream) -> TokenStream {
    let input: syn::DeriveInput = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model::read(&input, &mut errors);
    if let Some(model) = &model {
        check::check(model, &mut errors);
    }
    match (errors.finish(), model) {
        (Ok(()), Some(model)) => expand::expand(&model),
        (Ok(()), None) => TokenStream::new(),
        (Err(errors), model) => {
            let fallback = fallback::fallback(&input, model.as_ref());
            quote::quote!(#errors #fallback)
        }
    }
}
