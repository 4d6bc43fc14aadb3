//! `#[tenant_repository]`.

mod check;
mod expand;
mod model;
mod scope;
mod sql;

use proc_macro2::TokenStream;
use quote::quote;

use crate::errors::Errors;

pub(crate) fn expand(attributes: TokenStream, item: TokenStream) -> TokenStream {
    let item: syn::ItemTrait = match syn::parse2(item) {
        Ok(item) => item,
        Err(error) => return error.to_compile_error(),
    };
    let mut errors = Errors::default();
    let model = model::read(attributes, &item, &mut errors);
    let statements: Vec<_> = model
        .methods
        .iter()
        .map(|method| check::check(method, &mut errors))
        .collect();
    match errors.finish() {
        Ok(()) => expand::expand(&item, &model, &statements),
        Err(errors) => {
            let fallback = expand::fallback(&item, &model);
            quote!(#errors #fallback)
        }
    }
}
