//! Which rows of a list, in which order, from where.

use saas_core::Timestamp;
use uuid::Uuid;

use super::{Filter, QueryError, Sort, query};
use crate::{Kind, TenantEntity, Value};

/// A question for a page of a list.
///
/// From a program it is built; from a query string it is parsed, where only the columns that the
/// entity declares with `filter` and `sort` can be named:
///
/// ```text
/// ?filter[name]=Bridge&sort=-created_at&limit=50&after=<cursor>
/// ```
///
/// The default is 20 rows by id, which is the order of creation. The cursors of a page carry their
/// direction, so `after` and `before` may be used alike.
#[derive(Debug, Clone, PartialEq)]
pub struct PageQuery<E> {
    pub(super) filters: Vec<Filter<E>>,
    pub(super) sort: Option<Sort<E>>,
    pub(super) limit: u16,
    pub(super) cursor: Option<String>,
}

impl<E: TenantEntity> Default for PageQuery<E> {
    fn default() -> Self {
        Self::new()
    }
}

impl<E: TenantEntity> PageQuery<E> {
    /// How many rows a page has when nobody says.
    pub const DEFAULT_LIMIT: u16 = 20;
    /// How many rows a page can have.
    pub const MAX_LIMIT: u16 = 100;

    /// Asks for the first rows by id.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            filters: Vec::new(),
            sort: None,
            limit: Self::DEFAULT_LIMIT,
            cursor: None,
        }
    }

    /// Reads a query string, without its `?`.
    ///
    /// # Errors
    ///
    /// [`QueryError`] names the parameter that is unknown, repeated or malformed.
    pub fn parse(query: &str) -> Result<Self, QueryError> {
        query::parse(query)
    }

    /// Adds a condition; all must hold.
    #[must_use]
    pub fn filter(mut self, filter: Filter<E>) -> Self {
        self.filters.push(filter);
        self
    }

    /// Sets the order.
    #[must_use]
    pub const fn sort(mut self, sort: Sort<E>) -> Self {
        self.sort = Some(sort);
        self
    }

    /// Sets the number of rows, at least 1 and at most [`PageQuery::MAX_LIMIT`].
    #[must_use]
    pub fn limit(mut self, rows: u16) -> Self {
        self.limit = rows.clamp(1, Self::MAX_LIMIT);
        self
    }

    /// Goes on from a cursor of an earlier page.
    #[must_use]
    pub fn after(mut self, cursor: impl Into<String>) -> Self {
        self.cursor = Some(cursor.into());
        self
    }

    /// Writes the filters and the order in a fixed form, which a cursor is bound to.
    pub(super) fn fingerprint(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if let Some(sort) = &self.sort {
            bytes.extend([b'd' + u8::from(!sort.descending)]);
            bytes.extend((sort.index as u64).to_be_bytes());
        }
        let mut filters: Vec<_> = self
            .filters
            .iter()
            .map(|filter| (filter.index, encode(&filter.value)))
            .collect();
        filters.sort_unstable();
        for (index, value) in filters {
            bytes.push(b'f');
            bytes.extend((index as u64).to_be_bytes());
            bytes.extend((value.len() as u64).to_be_bytes());
            bytes.extend(value);
        }
        bytes
    }
}

/// A position between two rows of a list: the sort key of one of them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Position {
    pub(super) backward: bool,
    pub(super) sort: Option<Value>,
    pub(super) id: Uuid,
}

impl Position {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![u8::from(self.backward)];
        bytes.extend(self.id.as_bytes());
        if let Some(sort) = &self.sort {
            bytes.extend(encode(sort));
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (backward, rest) = bytes.split_first()?;
        let (id, rest) = rest.split_first_chunk::<16>()?;
        let sort = if rest.is_empty() {
            None
        } else {
            Some(decode(rest)?)
        };
        Some(Self {
            backward: *backward == 1,
            sort,
            id: Uuid::from_bytes(*id),
        })
    }
}

/// One byte for the kind, then the value. The bytes are sealed, so this has to be exact, not robust.
fn encode(value: &Value) -> Vec<u8> {
    let (kind, bytes) = match value {
        Value::Null(_) => (b'0', Vec::new()),
        Value::Uuid(uuid) => (b'u', uuid.as_bytes().to_vec()),
        Value::Text(text) => (b't', text.as_bytes().to_vec()),
        Value::Integer(number) => (b'i', number.to_be_bytes().to_vec()),
        Value::Bool(truth) => (b'b', vec![u8::from(*truth)]),
        Value::Timestamp(time) => (b'm', time.as_micros().to_be_bytes().to_vec()),
        Value::Bytes(bytes) => (b'y', bytes.clone()),
        Value::Json(json) => (b'j', json.to_string().into_bytes()),
        Value::Float(number) => (b'f', number.to_be_bytes().to_vec()),
    };
    let mut all = vec![kind];
    all.extend(bytes);
    all
}

fn decode(bytes: &[u8]) -> Option<Value> {
    let (kind, rest) = bytes.split_first()?;
    Some(match kind {
        b'0' => Value::Null(Kind::Text),
        b'u' => Value::Uuid(Uuid::from_slice(rest).ok()?),
        b't' => Value::Text(String::from_utf8(rest.to_vec()).ok()?),
        b'i' => Value::Integer(i64::from_be_bytes(rest.try_into().ok()?)),
        b'b' => Value::Bool(rest.first()? == &1),
        b'm' => Value::Timestamp(
            Timestamp::from_micros(i64::from_be_bytes(rest.try_into().ok()?)).ok()?,
        ),
        b'y' => Value::Bytes(rest.to_vec()),
        b'j' => Value::Json(serde_json::from_slice(rest).ok()?),
        b'f' => Value::Float(f64::from_be_bytes(rest.try_into().ok()?)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<[u8; 16]>().prop_map(|bytes| Value::Uuid(Uuid::from_bytes(bytes))),
            any::<String>().prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            any::<bool>().prop_map(Value::Bool),
            (-60_000_000_000_000_000_i64..253_000_000_000_000_000)
                .prop_map(|micros| Value::Timestamp(Timestamp::from_micros(micros).unwrap())),
            any::<Vec<u8>>().prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn a_position_comes_back(backward: bool, id: [u8; 16], sort in proptest::option::of(values())) {
            let position = Position { backward, sort, id: Uuid::from_bytes(id) };
            prop_assert_eq!(Position::decode(&position.encode()), Some(position));
        }

        #[test]
        fn no_bytes_make_decoding_panic(bytes: Vec<u8>) {
            let _ = Position::decode(&bytes);
        }
    }
}
