//! What has to hold of the cookies of sessions.

use http::{HeaderMap, HeaderValue, header};

use super::{SessionCookie, Text};
use crate::fuzzing::tenant;

/// A cookie is read when it is there once, whatever stands beside it; its text has one spelling; and what is set
/// comes back.
///
/// # Panics
///
/// When it does not hold.
pub fn session_cookie(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let (cookie, other) = (SessionCookie::of(tenant(1)), SessionCookie::of(tenant(2)));
    let headers = HeaderMap::from_iter([(header::COOKIE, value.clone())]);
    let text = String::from_utf8_lossy(value.as_bytes());
    let begins = format!("{}=", cookie.name());
    // What is no text is nobody's cookie.
    let pairs = value.as_bytes().split(|byte| *byte == b';');
    let pairs = pairs.filter_map(|pair| Some(str::from_utf8(pair).ok()?.trim_matches([' ', '\t'])));
    let found: Vec<_> = pairs
        .filter_map(|pair| pair.strip_prefix(&begins))
        .collect();
    match (cookie.read(&headers), &*found) {
        (Ok(None), []) | (Err(_), [_, _, ..]) => {}
        (Ok(Some(read)), [one]) => {
            assert_eq!(read.expose(), one);
            if let Some(text) = Text::parse(one) {
                assert_eq!(text.write().expose(), one);
                let back = cookie.set(&read).map(|set| set.as_bytes().to_vec());
                let back = String::from_utf8(back.unwrap_or_default()).unwrap_or_default();
                let pair = back.split(';').next().map(str::to_owned);
                assert_eq!(pair, Some(format!("{begins}{one}")));
            }
        }
        (read, _) => assert!(read.is_err() && found.len() > 1, "{read:?} of {text:?}"),
    }
    // The cookie of another tenant is none of this one.
    if !text.contains(other.name()) {
        assert!(matches!(other.read(&headers), Ok(None)));
    }
    let mut twice = headers;
    twice.append(header::COOKIE, value);
    let read = cookie.read(&twice).is_ok_and(|read| read.is_some());
    assert!(!read, "one of two headers is believed");
}
