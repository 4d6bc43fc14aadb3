//! What a client is told about its quotas, in the fields of draft-ietf-httpapi-ratelimit-headers-10.
//!
//! Both are lists of structured fields (RFC 9651) with an item for each quota that the request has counted for:
//!
//! ```text
//! RateLimit-Policy: "principal";q=100;w=60
//! RateLimit: "principal";r=42;t=35
//! ```
//!
//! `q` is the burst and `w` the seconds from nothing left to all of it, `r` what is left and `t` the seconds until
//! all of it is there again; on a refusal, until there is one. A bucket has no windows that end; a client that takes these for one,
//! and asks no more often than that, is never refused.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use saas_core::limit::{Left, Quota};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

/// A quota that a request has counted for.
#[derive(Debug, Clone)]
pub(super) struct Counted {
    pub(super) name: &'static str,
    pub(super) quota: Quota,
    pub(super) left: Left,
}

/// Adds the fields of some quotas to those that are there already.
pub(super) fn write(headers: &mut HeaderMap, counted: &[Counted]) {
    add(headers, POLICY, counted, ["q", "w"], |counted| {
        [
            counted.quota.burst().into(),
            seconds(counted.quota.window()).max(1),
        ]
    });
    add(headers, RATE_LIMIT, counted, ["r", "t"], |counted| {
        [
            counted.left.remaining().into(),
            seconds(counted.left.reset()),
        ]
    });
}

/// The next whole number: whoever waits as long as he is told has waited long enough.
fn seconds(time: Duration) -> u64 {
    time.as_secs()
        .saturating_add((time.subsec_nanos() > 0).into())
}

/// Adds a list of items with two parameters each. Every answer has it, so it is written into one buffer, and not by way
/// of `format!`, which takes several times as long.
fn add(
    headers: &mut HeaderMap,
    name: HeaderName,
    counted: &[Counted],
    parameters: [&str; 2],
    values: impl Fn(&Counted) -> [u64; 2],
) {
    let mut text = String::with_capacity(48 * counted.len());
    let mut digits = itoa::Buffer::new();
    for counted in counted {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push('"');
        text.push_str(counted.name);
        text.push('"');
        for (parameter, value) in parameters.iter().zip(values(counted)) {
            text.push(';');
            text.push_str(parameter);
            text.push('=');
            text.push_str(digits.format(value));
        }
    }
    // Names are written by the program; one that cannot stand in a header is not told.
    if !text.is_empty()
        && let Ok(value) = HeaderValue::try_from(text)
    {
        headers.append(name, value);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_quota_is_an_item_with_whole_seconds() {
        let mut headers = HeaderMap::new();
        let counted = |name, remaining| Counted {
            name,
            quota: Quota::new(100, Duration::from_millis(600)),
            left: Left::new(remaining, Duration::from_millis(1_001)),
        };
        write(
            &mut headers,
            &[counted("principal", 42), counted("tenant", 7)],
        );
        write(&mut headers, &[counted("address", 0)]);
        write(&mut headers, &[]);
        let of = |name: &str| headers.get_all(name).iter().collect::<Vec<_>>();
        assert_eq!(
            of("ratelimit-policy"),
            [
                r#""principal";q=100;w=60, "tenant";q=100;w=60"#,
                r#""address";q=100;w=60"#
            ]
        );
        assert_eq!(
            of("ratelimit"),
            [
                r#""principal";r=42;t=2, "tenant";r=7;t=2"#,
                r#""address";r=0;t=2"#
            ]
        );
    }
}
