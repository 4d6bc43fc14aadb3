//! Authorization codes (RFC 6749, section 4.1.2).
//!
//! A code carries what it is good for, sealed; see [`envelope`](super::envelope). So giving one writes nothing, as
//! befits the answer to a `GET`, and a copy of the database holds none. Only when a code is presented is there a
//! row, which says that it was used: whatever becomes of it, it is good for nothing any more.

#[cfg(feature = "axum")]
mod redeem;
mod row;
#[cfg(feature = "axum")]
mod sealed;

#[cfg(feature = "axum")]
pub(super) use redeem::redeem;
pub(crate) use row::UsedCodeRow;
#[cfg(feature = "axum")]
pub(super) use sealed::{AuthorizationCode, LIFETIME};
