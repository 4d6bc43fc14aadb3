//! A tenant, as the registry knows it.

use std::{fmt, str::FromStr, sync::Arc};

use saas_core::{TenantId, Timestamp};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::Error;

/// A tenant that exists.
///
/// Only the registry makes one, from a row of the database; so whoever holds a `Tenant` need not
/// ask whether there is such a tenant. It is cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Tenant(Arc<Record>);

#[derive(PartialEq, Eq)]
struct Record {
    id: TenantId,
    slug: Slug,
    name: String,
    status: Status,
    created_at: Timestamp,
}

/// Whether a tenant may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Status {
    /// It may.
    Active,
    /// Its data is kept, and every request is refused.
    Suspended,
}

impl Tenant {
    pub(crate) fn new(
        id: TenantId,
        slug: Slug,
        name: String,
        status: Status,
        created_at: Timestamp,
    ) -> Self {
        Self(Arc::new(Record {
            id,
            slug,
            name,
            status,
            created_at,
        }))
    }

    /// Gives the id, which never changes.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.0.id
    }

    /// Gives the name used in addresses.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.0.slug
    }

    /// Gives the name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Tells whether it may be used.
    #[must_use]
    pub fn status(&self) -> Status {
        self.0.status
    }

    /// Tells when it was created.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tenant({} {})", self.0.slug, self.0.id)
    }
}

/// The name of a tenant in addresses: one DNS label (RFC 1035, section 2.3.1) in lower case.
///
/// Two to 63 letters, digits and inner hyphens, none of the [reserved](Slug::RESERVED) words, and
/// nothing that DNS, PostgreSQL or a person could take for something else (`xn--…`, `pg-…`).
///
/// # Examples
///
/// ```
/// use saas_tenancy::Slug;
///
/// assert!("acme-2".parse::<Slug>().is_ok());
/// for wrong in ["ACME", "a", "-acme", "acme-", "аcme", "www", "xn--acme", "a.b"] {
///     assert!(wrong.parse::<Slug>().is_err(), "{wrong}");
/// }
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slug(Arc<str>);

/// Says that a text is not a slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a slug has 2 to 63 characters a-z, 0-9 and inner hyphens, and is not a reserved word")]
#[non_exhaustive]
pub struct InvalidSlug;

impl Slug {
    /// Names that would read as a part of the service and not as a customer.
    pub const RESERVED: &'static [&'static str] = &[
        "account",
        "accounts",
        "admin",
        "administrator",
        "api",
        "app",
        "assets",
        "auth",
        "autoconfig",
        "autodiscover",
        "billing",
        "blog",
        "cdn",
        "console",
        "dashboard",
        "docs",
        "files",
        "ftp",
        "health",
        "help",
        "host",
        "imap",
        "information-schema",
        "internal",
        "localhost",
        "login",
        "mail",
        "metrics",
        "mx",
        "ns",
        "ns1",
        "ns2",
        "oauth",
        "pop",
        "postgres",
        "postmaster",
        "public",
        "root",
        "security",
        "signup",
        "smtp",
        "sso",
        "static",
        "status",
        "support",
        "system",
        "webmail",
        "well-known",
        "wpad",
        "www",
    ];

    /// The longest text that can be a slug, in bytes.
    pub const MAX_LENGTH: usize = 63;

    /// Takes a slug out of the registry. The rules for new ones may have become stricter since, which must
    /// not take a tenant down.
    pub(crate) fn stored(text: &str) -> Result<Self, Error> {
        let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if text.is_empty() || text.len() > Self::MAX_LENGTH || !text.bytes().all(plain) {
            return Err(Error::decode("a slug"));
        }
        Ok(Self(text.into()))
    }

    /// Gives the text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        let bytes = text.as_bytes();
        let ok = (2..=Self::MAX_LENGTH).contains(&bytes.len())
            && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !text.starts_with('-')
            && !text.ends_with('-')
            // Every label with hyphens in third and fourth place is reserved (RFC 5891, section 4.2.3.1).
            && bytes.get(2..4) != Some(b"--")
            && !text.starts_with("pg-")
            && !Self::RESERVED.contains(&text)
            // A header may name a tenant by its id, which must not be the slug of another.
            && uuid::Uuid::try_parse(text).is_err();
        if ok {
            Ok(Self(text.into()))
        } else {
            Err(InvalidSlug)
        }
    }
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Slug {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}
