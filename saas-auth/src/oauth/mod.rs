//! The token endpoint and the key set.

mod error;
mod form;
mod grant;
mod routes;

pub use grant::TokenEndpoint;
pub use routes::{jwks, token};
