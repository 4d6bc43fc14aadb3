//! The pages, as a browser sees them.

mod browser;
mod consent;
mod device;
mod document;
mod forgery;
mod letters;
mod login;
mod pairing;
#[cfg(feature = "passkeys")]
mod passkeys;
mod second;
mod theme;

pub(crate) use browser::Browser;
