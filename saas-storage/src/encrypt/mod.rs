//! Files that are encrypted before they reach their store.
//!
//! ```text
//! provider (key ring, KMS)  wraps  the key of a tenant, a row
//! key of the tenant         wraps  the key of a file, which is new for each, at the start of the object
//! key of the file           seals  the bytes, in chunks
//! ```
//!
//! So the provider's key is changed by wrapping the tenants' keys again, and no object is touched; and
//! a tenant's files end with its keys, wherever copies of the objects are.

mod chunk;
mod header;
mod keys;
mod provider;
mod store;

pub use self::{
    keys::TenantKeys,
    provider::{KeyProvider, LocalKeys},
    store::Encrypted,
};
pub(crate) use keys::KeyRow;
