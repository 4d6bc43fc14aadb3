//! Values on their way to and from a database, the same for both dialects.

use saas_core::{Id, Timestamp};
use uuid::Uuid;

use crate::{Error, error::Decode};

/// What kind of value a column holds, with its type on SQLite and on PostgreSQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `BLOB` of 16 bytes; `UUID`.
    Uuid,
    /// `TEXT`; `TEXT`.
    Text,
    /// `INTEGER`; `BIGINT`.
    Integer,
    /// `INTEGER`, 0 or 1; `BOOLEAN`.
    Bool,
    /// `INTEGER`, microseconds since 1970; `TIMESTAMPTZ`.
    Timestamp,
    /// `BLOB`; `BYTEA`.
    Bytes,
    /// `TEXT`; `JSONB`.
    Json,
    /// `REAL`; `DOUBLE PRECISION`.
    Float,
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// No value, in a column of that kind. PostgreSQL wants to know the kind even then.
    Null(Kind),
    /// An id.
    Uuid(Uuid),
    /// Text without NUL: PostgreSQL cannot hold one.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// True or false.
    Bool(bool),
    /// An instant.
    Timestamp(Timestamp),
    /// Bytes.
    Bytes(Vec<u8>),
    /// A JSON document.
    Json(serde_json::Value),
    /// A number with a fraction.
    Float(f64),
}

/// A Rust type that is kept in a column.
///
/// Implemented for ids, times, text, numbers, bytes, JSON and `Option`s of them. Implement it for
/// your own enums and newtypes.
///
/// # Contract
///
/// `from_value(x.to_value())` gives `x` back, and `to_value` gives a value of [`Column::KIND`].
///
/// # Examples
///
/// ```
/// use saas_tenancy::{Column, Error, Kind, Value};
///
/// #[derive(Debug, Clone, Copy, PartialEq)]
/// enum Priority { Low, High }
///
/// impl Column for Priority {
///     const KIND: Kind = Kind::Text;
///
///     fn to_value(&self) -> Value {
///         Value::Text(match self { Self::Low => "low", Self::High => "high" }.to_owned())
///     }
///
///     fn from_value(value: Value) -> Result<Self, Error> {
///         match String::from_value(value)?.as_str() {
///             "low" => Ok(Self::Low),
///             "high" => Ok(Self::High),
///             _ => Err(Error::decode("a priority")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be kept in a column",
    label = "no column of this type",
    note = "there are columns of `Id`, `Timestamp`, `String`, `i64`, `i32`, `u32`, `bool`, `f64`, `Vec<u8>`, JSON and `Option`s \
            of them; implement `saas_tenancy::Column` for enums and newtypes of your own"
)]
pub trait Column: Sized + Send + 'static {
    /// The kind of the column.
    const KIND: Kind;
    /// Whether the column may be NULL.
    const NULLABLE: bool = false;

    /// Gives the value to store.
    fn to_value(&self) -> Value;

    /// Reads a stored value.
    ///
    /// # Errors
    ///
    /// [`Error::decode`] when the value is not one of this type.
    fn from_value(value: Value) -> Result<Self, Error>;

    /// Reads the text form, as it stands in a query string.
    ///
    /// # Errors
    ///
    /// [`Error::decode`] when the text is not a value of this type.
    fn parse(text: &str) -> Result<Self, Error> {
        Self::from_value(Value::parse(Self::KIND, text)?)
    }
}

impl Value {
    /// Gives the kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Null(kind) => *kind,
            Self::Uuid(_) => Kind::Uuid,
            Self::Text(_) => Kind::Text,
            Self::Integer(_) => Kind::Integer,
            Self::Bool(_) => Kind::Bool,
            Self::Timestamp(_) => Kind::Timestamp,
            Self::Bytes(_) => Kind::Bytes,
            Self::Json(_) => Kind::Json,
            Self::Float(_) => Kind::Float,
        }
    }

    fn parse(kind: Kind, text: &str) -> Result<Self, Error> {
        match kind {
            Kind::Uuid => text
                .parse::<Id<()>>()
                .map(|id| Self::Uuid(id.as_uuid()))
                .map_err(|_| Error::decode("an id")),
            // PostgreSQL refuses NUL in text, so no row can hold it.
            Kind::Text if text.contains('\0') => Err(Error::decode("text without NUL")),
            Kind::Text => Ok(Self::Text(text.to_owned())),
            Kind::Integer => text
                .parse()
                .map(Self::Integer)
                .map_err(|_| Error::decode("a whole number")),
            Kind::Bool => text
                .parse()
                .map(Self::Bool)
                .map_err(|_| Error::decode("`true` or `false`")),
            Kind::Timestamp => text
                .parse()
                .map(Self::Timestamp)
                .map_err(|_| Error::decode("a time as in RFC 3339")),
            Kind::Float => match text.parse::<f64>() {
                Ok(number) if number.is_finite() => Ok(Self::Float(number)),
                _ => Err(Error::decode("a number")),
            },
            Kind::Bytes | Kind::Json => Err(Error::decode("a value that can be written as text")),
        }
    }
}

macro_rules! column {
    ($type:ty, $kind:ident, $what:literal, |$self:ident| $to:expr) => {
        impl Column for $type {
            const KIND: Kind = Kind::$kind;

            fn to_value(&self) -> Value {
                let $self = self;
                Value::$kind($to)
            }

            fn from_value(value: Value) -> Result<Self, Error> {
                match value {
                    Value::$kind(value) => value.try_into().map_err(|_| Error::decode($what)),
                    other => Err(Error::mismatch($what, other.kind())),
                }
            }
        }
    };
}

column!(String, Text, "text", |text| text.clone());
column!(i64, Integer, "a whole number", |number| *number);
column!(i32, Integer, "a whole number of 32 bits", |number| {
    i64::from(*number)
});
column!(u32, Integer, "a natural number of 32 bits", |number| {
    i64::from(*number)
});
column!(bool, Bool, "a truth value", |truth| *truth);
column!(Timestamp, Timestamp, "a time", |time| *time);
column!(Vec<u8>, Bytes, "bytes", |bytes| bytes.clone());
column!(serde_json::Value, Json, "JSON", |json| json.clone());
column!(f64, Float, "a number", |number| *number);
column!(Uuid, Uuid, "a UUID", |uuid| *uuid);

impl<T: ?Sized + 'static> Column for Id<T> {
    const KIND: Kind = Kind::Uuid;

    fn to_value(&self) -> Value {
        Value::Uuid(self.as_uuid())
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        Uuid::from_value(value).map(Self::from_uuid)
    }
}

impl<C: Column> Column for Option<C> {
    const KIND: Kind = C::KIND;
    const NULLABLE: bool = true;

    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null(C::KIND), Column::to_value)
    }

    fn from_value(value: Value) -> Result<Self, Error> {
        match value {
            Value::Null(_) => Ok(None),
            value => C::from_value(value).map(Some),
        }
    }
}

impl Error {
    /// Says that a stored or given value is not what was expected; `expected` continues "expected …".
    #[must_use]
    pub const fn decode(expected: &'static str) -> Self {
        Self::Decode(Decode {
            expected,
            found: None,
        })
    }

    const fn mismatch(expected: &'static str, found: Kind) -> Self {
        Self::Decode(Decode {
            expected,
            found: Some(found),
        })
    }
}
