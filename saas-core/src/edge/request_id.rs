//! The name of a request, for whoever has to find it in the log.

use http::{HeaderMap, HeaderName, HeaderValue};

use crate::Id;

pub(super) const HEADER: HeaderName = HeaderName::from_static("x-request-id");
const MAX_LENGTH: usize = 64;

/// Names a request. A name that the caller sent is kept when it is 1 to 64 letters, digits, `.`, `_`
/// or `-`; anything else could lie in the log and is replaced.
#[derive(Debug, Clone)]
pub struct RequestId(HeaderValue);

impl RequestId {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let sent = headers.get(&HEADER).filter(|value| {
            let bytes = value.as_bytes();
            (1..=MAX_LENGTH).contains(&bytes.len())
                && bytes
                    .iter()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(byte))
        });
        match sent {
            Some(value) => Self(value.clone()),
            None => {
                let id = Id::<Self>::generate().to_string();
                Self(
                    HeaderValue::from_str(&id)
                        .unwrap_or_else(|_| HeaderValue::from_static("unknown")),
                )
            }
        }
    }

    /// Gives the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or("unknown")
    }

    pub(super) fn value(&self) -> HeaderValue {
        self.0.clone()
    }
}
