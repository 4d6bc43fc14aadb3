//! The pages, as a browser sees them.

mod browser;
mod device;
mod document;
mod forgery;
mod login;
mod theme;

pub(crate) use browser::Browser;
