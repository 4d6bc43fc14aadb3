//! x
#[proc_macro_derive(TenantEntity, attributes(entity))]
pub fn a(_: proc_macro::TokenStream) -> proc_macro::TokenStream { proc_macro::TokenStream::new() }
#[proc_macro_attribute]
pub fn tenant_repository(_: proc_macro::TokenStream, b: proc_macro::TokenStream) -> proc_macro::TokenStream { b }
