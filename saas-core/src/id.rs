//! Typed identifiers.
//!
//! Every id is a UUIDv7 (RFC 9562, section 5.7): it sorts by creation time, so it is a good
//! primary key and a good tie-breaker for keyset pages, and it says nothing about how many rows
//! exist. The type parameter names the thing that is identified, so that the id of a project
//! cannot be passed where the id of a task is expected.

use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    str::FromStr,
};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use uuid::Uuid;

/// Identifies one `T`.
///
/// # Examples
///
/// ```
/// use saas_core::Id;
///
/// struct Invoice;
///
/// let id: Id<Invoice> = Id::generate();
/// assert_eq!(id.to_string().parse::<Id<Invoice>>(), Ok(id));
/// assert!("42".parse::<Id<Invoice>>().is_err());
/// ```
pub struct Id<T: ?Sized> {
    uuid: Uuid,
    // `fn() -> T` keeps the id `Send`, `Sync` and covariant whatever `T` is.
    thing: PhantomData<fn() -> T>,
}

/// Names tenants in [`TenantId`].
#[derive(Debug)]
#[non_exhaustive]
pub enum TenantTag {}

/// Names sign-ins in [`SessionId`].
#[derive(Debug)]
#[non_exhaustive]
pub enum SessionTag {}

/// Names the holders of an account in [`UserId`].
#[derive(Debug)]
#[non_exhaustive]
pub enum UserTag {}

/// Identifies a tenant.
///
/// It is only a name. What gives access to a tenant's data is the scope of `saas-tenancy`, which
/// cannot be made from an id.
pub type TenantId = Id<TenantTag>;

/// Identifies a person who can sign in, over all tenants.
pub type UserId = Id<UserTag>;

/// The id of a sign-in: a browser's, or what a person has given to a program.
pub type SessionId = Id<SessionTag>;

impl<T: ?Sized> Id<T> {
    /// Makes a new id from the time and the random source of the operating system.
    ///
    /// Ids made by one process increase strictly.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that makes ids; the time in them is never read back"
    )]
    pub fn generate() -> Self {
        Self::from_uuid(Uuid::now_v7())
    }

    /// Takes a UUID that is already known to identify a `T`, such as one read from a database.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            thing: PhantomData,
        }
    }

    /// Gives the plain UUID.
    #[must_use]
    pub const fn as_uuid(&self) -> Uuid {
        self.uuid
    }
}

/// Says that a text is not an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an id is a UUID in its hyphenated form, such as 01890a5d-ac96-774b-bcce-b302099a8057")]
#[non_exhaustive]
pub struct InvalidId;

impl<T: ?Sized> FromStr for Id<T> {
    type Err = InvalidId;

    /// Reads the hyphenated form of RFC 9562, section 4, in either case. The braced, URN and
    /// simple forms that some parsers accept are refused, so that an id has one spelling only.
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != uuid::fmt::Hyphenated::LENGTH {
            return Err(InvalidId);
        }
        Uuid::try_parse(text)
            .map(Self::from_uuid)
            .map_err(|_| InvalidId)
    }
}

impl<T: ?Sized> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}

impl<T: ?Sized> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.uuid, f)
    }
}

impl<T: ?Sized> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for Id<T> {}

impl<T: ?Sized> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T: ?Sized> Eq for Id<T> {}

impl<T: ?Sized> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: ?Sized> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T: ?Sized> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

impl<T: ?Sized> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.uuid.hyphenated().encode_lower(&mut buffer))
    }
}

impl<'de, T: ?Sized> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor<T: ?Sized>(PhantomData<fn() -> T>);

        impl<T: ?Sized> de::Visitor<'_> for Visitor<T> {
            type Value = Id<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a UUID in its hyphenated form")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Id<T>, E> {
                text.parse()
                    .map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_str(Visitor(PhantomData))
    }
}

#[cfg(feature = "openapi")]
impl<T: ?Sized> utoipa::PartialSchema for Id<T> {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::String)
            .format(Some(utoipa::openapi::SchemaFormat::Custom("uuid".into())))
            .into()
    }
}

#[cfg(feature = "openapi")]
impl<T: ?Sized> utoipa::ToSchema for Id<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        "Id".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_the_hyphenated_form() {
        let id = TenantId::generate();
        let text = id.to_string();
        assert_eq!(text.parse(), Ok(id));
        assert_eq!(text.to_uppercase().parse(), Ok(id));
        for wrong in [
            id.as_uuid().simple().to_string(),
            id.as_uuid().urn().to_string(),
            id.as_uuid().braced().to_string(),
            format!(" {text}"),
            text.replace('-', "_"),
            String::new(),
        ] {
            assert_eq!(wrong.parse::<TenantId>(), Err(InvalidId), "{wrong:?}");
        }
    }

    #[test]
    fn later_ids_are_greater() {
        let ids: Vec<TenantId> = (0..1000).map(|_| Id::generate()).collect();
        assert!(ids.is_sorted());
    }
}
