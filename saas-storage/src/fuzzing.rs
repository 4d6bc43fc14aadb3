//! What has to hold whatever somebody sends. Property tests ask it of texts that look like something, and the
//! targets under `fuzz/` of any others; it panics when it does not hold.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use unicode_normalization::UnicodeNormalization as _;

use crate::{Key, Prefix, key::space_of};
#[cfg(feature = "axum")]
pub use crate::{download::fuzzing::*, resume::tus::fuzzing::*};

const TENANTS: [&str; 2] = [
    "01890a5d-ac96-774b-bcce-b302099a8057",
    "01890a5d-ac96-774b-bcce-b302099a8058",
];

/// What is a key names a file in the space of its tenant, however somebody reads it; and it has one spelling.
///
/// # Panics
///
/// When it does not hold.
pub fn key(text: &str) {
    if let Ok(prefix) = text.parse::<Prefix>() {
        assert_eq!(prefix.to_string().parse::<Prefix>(), Ok(prefix));
    }
    let Ok(key) = text.parse::<Key>() else {
        return;
    };
    assert_eq!(key.as_str(), text);
    let [Ok(ours), Ok(theirs)] = TENANTS.map(|id| id.parse().map(space_of)) else {
        return assert_eq!(TENANTS, [""; 2], "no ids of tenants");
    };
    let object = format!("{ours}{key}");
    let decoded = percent_decode_str(&object).decode_utf8_lossy();
    let plain: String = object.nfkc().collect();
    // As it is, and as a URL parser, a second decoder, OpenDAL and a compatibility mapping read it.
    assert_eq!(collapsed(&object), object);
    assert_eq!(decoded, object);
    assert_eq!(object.trim(), object);
    for reading in [
        collapsed(&object),
        collapsed(&decoded),
        collapsed(&plain),
        plain.replace('\\', "/"),
    ] {
        assert!(reading.starts_with(&ours), "{reading:?}");
        assert!(!reading.starts_with(&theirs), "{reading:?}");
    }
    // A proxy that cuts path parameters off (RFC 3986, section 3.3) finds no dots either.
    for segment in key.segments() {
        let name = segment.split(';').next().unwrap_or_default();
        assert!(
            !["", ".", ".."].contains(&name) || segment.starts_with(';'),
            "{segment:?}"
        );
    }
}

/// What an address names is the key that it spells, which is read the same way when it is decoded once more.
///
/// # Panics
///
/// When it does not hold.
pub fn encoded_key(path: &str) {
    if let Ok(key) = Key::from_encoded(path) {
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
        assert_eq!(
            percent_decode_str(key.as_str()).decode_utf8_lossy(),
            key.as_str()
        );
        let separators = |text: &str| text.matches('/').count();
        assert_eq!(separators(path), separators(key.as_str()), "{path:?}");
    }
    if let Ok(key) = path.parse::<Key>()
        && !path.contains('.')
    {
        let segments: Vec<_> = key
            .segments()
            .map(|segment| utf8_percent_encode(segment, NON_ALPHANUMERIC).to_string())
            .collect();
        assert_eq!(Key::from_encoded(&segments.join("/")), Ok(key));
    }
}

/// A path as a URL parser reads it: with dot segments removed (RFC 3986, section 5.2.4).
fn collapsed(path: &str) -> String {
    let mut kept = Vec::new();
    for part in path.split('/') {
        match part {
            ".." => drop(kept.pop()),
            "." => {}
            part => kept.push(part),
        }
    }
    kept.join("/")
}
