//! Who is it: accounts, passwords, tokens.
//!
//! One person has one account and one login, and is a member of any number of tenants. A token is
//! good for exactly one of them.
//!
//! - [`Accounts`] and [`Membership`] keep people and where they belong;
//! - [`Passwords`] hashes with argon2id in a bounded pool, so that a flood of sign-ins slows nobody
//!   else;
//! - [`Keys`], [`Issuer`] and [`Verifier`] sign and check access tokens (RFC 9068) and id tokens;
//! - [`AuthLayer`] turns the credential of a request into a verified
//!   [`Principal`](saas_core::Principal);
//! - `pages` are what people see of it: sign-in, and what is theirs to look after;
//! - [`oauth`] has the token endpoint (RFC 6749) and the key set (RFC 7517).
//!
//! ```
//! use saas_auth::{AuthConfig, ClientConfig, Error, Identity};
//! use saas_tenancy::{Database, Registry};
//!
//! /// All of it, over one database. `Identity::layer` finds out who is calling.
//! async fn identity(database: &Database, registry: &Registry) -> Result<Identity, Error> {
//!     let mut config = AuthConfig::default();
//!     config.token.issuer = "https://app.example".to_owned();
//!     config.token.audience = "app".to_owned();
//!     let web = ClientConfig::first_party("web");
//!     config.clients.push(web);
//!     Identity::load(database, registry, &config).await
//! }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
mod api_key;
mod config;
mod error;
#[cfg(feature = "axum")]
mod extract;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod identity;
mod invitation;
#[cfg(feature = "axum")]
mod layer;
mod message;
pub mod mfa;
mod module;
pub mod oauth;
mod opaque;
#[cfg(feature = "pages")]
pub mod pages;
mod password;
mod problem;
mod proof;
mod refresh;
mod revocation;
#[cfg(feature = "axum")]
mod scheme;
mod sealed;
#[cfg(feature = "axum")]
mod service;
mod session;
mod sign_in;
mod theme;
mod token;

pub use account::{
    Account, Accounts, Addresses, Closures, Confirmed, Email, InvalidEmail, Leave, Members,
    Membership, MembershipPatch, NewMembership, PasswordChanges,
};
pub use api_key::{ApiKey, ApiKeys, MadeApiKey, NewApiKey};
#[cfg(feature = "passkeys")]
pub use config::PasskeyConfig;
pub use config::{
    AuthConfig, ClientConfig, LimitConfig, LinkConfig, MfaConfig, PagesConfig, PasswordConfig,
    SessionConfig, TokenConfig, Unchecked,
};
pub use error::Error;
#[cfg(feature = "axum")]
pub use extract::{BrowserSession, SignedIn};
pub use identity::{Identity, IdentityBuilder};
pub use invitation::{Accepted, Invitation, Invitations, Joining};
#[cfg(feature = "axum")]
pub use layer::AuthLayer;
pub use message::Messages;
pub use module::{AccountLife, EndTokens, MODULE, SignIn, SigningKeys};
pub use password::{
    BreachedError, BreachedFile, BreachedPasswords, InvalidPassword, NewPassword, PasswordHash,
    Passwords, Sha1Digest,
};
pub use refresh::{Issued, RefreshTokens};
pub use revocation::Revocations;
#[cfg(feature = "axum")]
pub use scheme::FormToken;
#[cfg(feature = "axum")]
pub use service::AuthService;
pub use session::{Device, Session, SessionCookie, SessionInfo, Sessions, Started, TwoCookies};
pub use sign_in::{Authenticated, Entry, SignIns};
pub use theme::{Accent, InvalidTheme, Theme, Themes};
pub use token::{AccessToken, Algorithm, Issuer, Jwk, JwkSet, Keys, TokenError, Verifier};
