//! What has to hold whatever somebody sends. Property tests ask it of texts that look like something, and the
//! targets under `fuzz/` of any others; it panics when it does not hold.

use std::sync::OnceLock;

use crate::{Id, KeyRing, TenantId, page::Cursor};

/// Gives keys that are the same in every run, so that what was sealed once is a seed.
///
/// # Panics
///
/// Never: they are not weak.
#[must_use]
pub fn keys() -> &'static KeyRing {
    static KEYS: OnceLock<KeyRing> = OnceLock::new();
    KEYS.get_or_init(|| {
        let bytes = std::array::from_fn(|at| u8::try_from(at * 37 % 251).unwrap_or_default());
        #[expect(clippy::expect_used, reason = "the bytes stand in the line above")]
        KeyRing::from_bytes(bytes).expect("keys that look random")
    })
}

/// Gives a tenant that is the same in every run.
#[must_use]
pub fn tenant(number: u8) -> TenantId {
    Id::from_uuid(uuid::Uuid::from_bytes([number; 16]))
}

/// A cursor opens in the list for which it was sealed and in no other; no other text opens at all.
///
/// # Panics
///
/// When it does not hold.
pub fn cursor(text: &str, position: &[u8]) {
    let (ours, query) = (tenant(1), [1, 2, 3]);
    let list = Cursor::of(keys(), ours, "projects", &query);
    if let Ok(opened) = list.open(text) {
        assert_eq!(list.seal(&opened), text, "a cursor has two spellings");
    }
    let sealed = list.seal(position);
    let others = [
        Cursor::of(keys(), tenant(2), "projects", &query),
        Cursor::of(keys(), ours, "tasks", &query),
        Cursor::of(keys(), ours, "projects", &[1, 2]),
    ];
    for other in others {
        assert!(other.open(&sealed).is_err(), "opens in another list");
    }
    if sealed.len() <= 2048 {
        assert_eq!(list.open(&sealed).as_deref(), Ok(position));
    }
    // The text of somebody in front, behind and in place of a part of a good one.
    let half = sealed.get(sealed.len() / 2..).unwrap_or_default();
    for changed in [
        format!("{text}{sealed}"),
        format!("{sealed}{text}"),
        format!("{text}{half}"),
    ] {
        if let Ok(opened) = list.open(&changed) {
            assert_eq!(list.seal(&opened), changed, "opens what was changed");
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn iso_42_a_cursor_opens_in_its_list_alone(text in "\\PC{0,40}|[A-Za-z0-9_-]{0,80}", position: Vec<u8>) {
            cursor(&text, &position);
        }
    }
}
