//! Collects mistakes, so that a user sees all of them at once.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// The mistakes found so far. It has to be read: dropping it unread is a bug in the macro.
#[derive(Debug, Default)]
pub(crate) struct Errors {
    found: Option<syn::Error>,
    read: bool,
}

impl Errors {
    /// Notes a mistake on these tokens.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Notes a mistake at this place.
    pub(crate) fn span(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.found {
            Some(found) => found.combine(error),
            None => self.found = Some(error),
        }
    }

    /// Gives the compile errors, if there are any.
    pub(crate) fn finish(mut self) -> Result<(), TokenStream> {
        self.read = true;
        self.found
            .take()
            .map_or(Ok(()), |error| Err(error.to_compile_error()))
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        assert!(
            self.read || std::thread::panicking(),
            "the mistakes of a macro were collected and not reported"
        );
    }
}
