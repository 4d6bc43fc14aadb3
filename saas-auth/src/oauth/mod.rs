//! The token endpoint and the key set.
//!
//! An authorization server in the small (RFC 6749): the grants `password`, for clients of our own,
//! and `refresh_token`. Errors have the form of section 5.2 and are problems (RFC 9457) as well.
//!
//! The endpoint reads the tenant that the address names from the request's extensions, so it is
//! mounted inside the [`TenantLayer`](saas_tenancy::TenantLayer).
//!
//! ```
//! use axum::{Extension, Router, routing::{get, post}};
//! use saas_auth::{AuthConfig, AuthLayer, Error, Keys, Passwords, Verifier, oauth, oauth::TokenEndpoint};
//! use saas_tenancy::{Database, Registry, TenantLayer, resolve::ResolveConfig};
//! use tower::{Layer as _, Service};
//!
//! async fn identity(
//!     database: &Database,
//!     registry: &Registry,
//!     config: &AuthConfig,
//! ) -> Result<impl Service<http::Request<axum::body::Body>>, Error> {
//!     let keys = Keys::load_or_create(database, config.token.key_overlap()).await?;
//!     let verifier = Verifier::new(keys.clone(), config.token.clone(), database.clock().clone())?;
//!     let passwords = Passwords::new(&config.password)?;
//!     let (db, reg) = (database.clone(), registry.clone());
//!     let endpoint = TokenEndpoint::new(db, reg, passwords, keys, config);
//!     let routes: Router = Router::new()
//!         .route("/oauth/token", post(oauth::token))
//!         .route("/.well-known/jwks.json", get(oauth::jwks))
//!         .layer(Extension(endpoint));
//!     // From the inside out: who is calling, and before that, which tenant the address names.
//!     let service = AuthLayer::new(verifier).layer(routes);
//!     Ok(TenantLayer::new(registry.clone(), ResolveConfig::default()).layer(service))
//! }
//! # let _ = identity;
//! ```

mod error;
mod form;
mod grant;
mod routes;

pub use grant::TokenEndpoint;
pub use routes::{jwks, token};
