//! Pages of a list, by key.
//!
//! A list goes on *after* the last row that the client has seen, not at the n-th row: rows that are
//! added or removed meanwhile neither repeat nor vanish, and the thousandth page costs as much as
//! the first. Where to go on is a [`Cursor`]: the sort key of a row, sealed so that a client can
//! neither read meaning into it nor make one, and bound to the list, the tenant, the filter and the
//! order for which it was issued.

use serde::Serialize;

use crate::{KeyRing, TenantId, keys::Purpose};

const CURSOR: Purpose = Purpose::new("saas-core/cursor/1");

/// The largest text that is looked at as a cursor, in bytes.
const MAX_CURSOR: usize = 2048;

/// Rows of a list, with the cursors of the pages beside it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Page<T> {
    /// The rows, at most as many as were asked for.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last.
    pub next: Option<String>,
    /// Where the previous page starts; absent on the first.
    pub prev: Option<String>,
}

impl<T> Page<T> {
    /// Puts a page together.
    #[must_use]
    pub const fn new(items: Vec<T>, next: Option<String>, prev: Option<String>) -> Self {
        Self { items, next, prev }
    }

    /// Turns the rows into something else, such as the form that a client sees.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            next: self.next,
            prev: self.prev,
        }
    }
}

/// Seals and opens the cursors of one list of one tenant.
#[derive(Debug, Clone, Copy)]
pub struct Cursor<'a> {
    keys: &'a KeyRing,
    tenant: TenantId,
    list: &'a str,
    query: &'a [u8],
}

/// Says that a text is not a cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor was not issued for this list, or has been changed")]
#[non_exhaustive]
pub struct InvalidCursor;

impl<'a> Cursor<'a> {
    /// Names the list: whose it is, what it is called, and the filter and order in any fixed
    /// encoding.
    #[must_use]
    pub const fn of(keys: &'a KeyRing, tenant: TenantId, list: &'a str, query: &'a [u8]) -> Self {
        Self {
            keys,
            tenant,
            list,
            query,
        }
    }

    /// Seals a position.
    #[must_use]
    pub fn seal(&self, position: &[u8]) -> String {
        let tenant = self.tenant.as_uuid();
        self.keys.seal(
            CURSOR,
            &[tenant.as_bytes(), self.list.as_bytes(), self.query],
            position,
        )
    }

    /// Opens a position sealed for the same list.
    ///
    /// # Errors
    ///
    /// [`InvalidCursor`] for everything else.
    pub fn open(&self, text: &str) -> Result<Vec<u8>, InvalidCursor> {
        if text.len() > MAX_CURSOR {
            return Err(InvalidCursor);
        }
        let tenant = self.tenant.as_uuid();
        self.keys
            .open(
                CURSOR,
                &[tenant.as_bytes(), self.list.as_bytes(), self.query],
                text,
            )
            .map_err(|_| InvalidCursor)
    }
}
