//! Where a page begins, as it stands in a cursor.

use saas_core::Timestamp;
use uuid::Uuid;

use crate::{Kind, Value, sql::Condition};

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

/// Writes a condition so that two that differ are written differently.
pub(super) fn fingerprint(condition: &Condition) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut part = |piece: &[u8]| {
        bytes.extend((piece.len() as u64).to_be_bytes());
        bytes.extend(piece);
    };
    let place = |index: &usize| (*index as u64).to_be_bytes();
    match condition {
        Condition::Compare(index, compare, value) => {
            part(&[b'=', *compare as u8]);
            part(&place(index));
            part(&encode(value));
        }
        Condition::Null(index) => {
            part(b"0");
            part(&place(index));
        }
        Condition::In(index, values) => {
            part(b"i");
            part(&place(index));
            for value in values {
                part(&encode(value));
            }
        }
        Condition::Prefix(index, prefix) => {
            part(b"p");
            part(&place(index));
            part(prefix.as_bytes());
        }
        Condition::All(parts) | Condition::Any(parts) => {
            part(match condition {
                Condition::All(_) => b"&",
                _ => b"|",
            });
            for piece in parts {
                part(&fingerprint(piece));
            }
        }
        Condition::Related(related) => {
            part(b"r");
            part(related.entity.table.as_bytes());
            part(&place(&related.reference));
            part(&fingerprint(&related.condition));
        }
        Condition::Not(inner) => {
            part(b"!");
            part(&fingerprint(inner));
        }
    }
    bytes
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
            super::super::fuzzing::position(&bytes);
        }
    }
}
