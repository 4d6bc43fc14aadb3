//! What has to hold of the headers of uploads, whatever somebody sends.

use http::{HeaderMap, HeaderValue};

use super::{checksum::Announced, headers};
use crate::{Existing, put_options};

/// What is read from the headers of an upload is a key, numbers that a database can hold, and digests of their
/// length; everything else is refused.
///
/// # Panics
///
/// When it does not hold.
pub fn upload_headers(value: &[u8]) {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let with = |name: &'static str| {
        HeaderMap::from_iter([(http::HeaderName::from_static(name), value.clone())])
    };
    if let Ok(text) = value.to_str()
        && let Ok(key) = headers::path_of(text)
    {
        assert_eq!(key.as_str().parse(), Ok(key.clone()));
    }
    if let Ok(Some(number)) = headers::number(&with("upload-length"), headers::Name::Length) {
        assert!(i64::try_from(number).is_ok());
        assert!(value.as_bytes().iter().all(u8::is_ascii_digit));
    }
    let _ = Announced::read(&with("upload-checksum"));
    if let Ok(options) = put_options(&with("content-digest")) {
        assert_eq!(options.on_existing(), &Existing::Replace);
    }
    if let Ok(options) = put_options(&with("if-match"))
        && let Existing::Match(etag) = options.on_existing()
    {
        assert_eq!(Some(etag.as_str()), value.to_str().ok());
        assert_eq!(etag.matches('"').count(), 2);
    }
}
