//! Conditions of a request (RFC 9110, section 13), in the order of section 13.2.2.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header};

use crate::FileInfo;

/// What the conditions come to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Send,
    NotModified,
    Failed,
}

pub(super) fn verdict(headers: &HeaderMap, info: &FileInfo) -> Verdict {
    let modified = last_modified(info);
    if headers.contains_key(header::IF_MATCH) {
        // The comparison is the strong one: where ours is weak, only `*` holds.
        let strong = strong(info);
        if !tags(headers, header::IF_MATCH).any(|tag| tag == "*" || strong.as_deref() == Some(tag))
        {
            return Verdict::Failed;
        }
    } else if let (Some(modified), Some(date)) =
        (modified, date(headers, header::IF_UNMODIFIED_SINCE))
        && modified > date
    {
        return Verdict::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        let etag = info.etag();
        let known = |tag: &str| {
            tag == "*"
                || etag
                    .as_deref()
                    .is_some_and(|etag| opaque(etag) == opaque(tag))
        };
        if tags(headers, header::IF_NONE_MATCH).any(known) {
            return Verdict::NotModified;
        }
    } else if let (Some(modified), Some(date)) =
        (modified, date(headers, header::IF_MODIFIED_SINCE))
        && modified <= date
    {
        return Verdict::NotModified;
    }
    Verdict::Send
}

/// Gives the validator where it is a strong one.
pub(super) fn strong(info: &FileInfo) -> Option<String> {
    info.etag().filter(|etag| !etag.starts_with("W/"))
}

/// Gives the time of the last change in whole seconds, as the header has it.
pub(super) fn last_modified(info: &FileInfo) -> Option<SystemTime> {
    let seconds = u64::try_from(info.modified_at?.as_secs()).ok()?;
    // Years of more than four digits cannot be written.
    (seconds < 253_402_300_800).then(|| UNIX_EPOCH + Duration::from_secs(seconds))
}

/// Gives the members of a list of validators. Ours hold no comma, so a foreign one that does is cut
/// up without harm.
fn tags(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let values = headers.get_all(name).into_iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.flat_map(|text| text.split(',')).map(str::trim)
}

fn opaque(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// Reads a date. What is not one is ignored, as section 13.1.3 says.
fn date(headers: &HeaderMap, name: HeaderName) -> Option<SystemTime> {
    let text = headers.get(name)?.to_str().ok()?;
    httpdate::parse_http_date(text).ok()
}

#[cfg(test)]
mod tests {
    use saas_core::Timestamp;

    use super::*;

    const AT: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
    const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
    const AFTER: &str = "Sunday, 06-Nov-94 08:49:38 GMT";

    #[test]
    fn conditions_are_judged_in_the_order_of_the_rfc() {
        let time = Timestamp::from_micros(784_111_777_900_000).unwrap();
        let info = FileInfo::new("a".parse().unwrap(), 5, Some(time)).with_version(7);
        let etag = info.etag().unwrap();
        let strong = opaque(&etag).to_owned();
        let many = format!("\"x\", {etag} , \"y,z\"");
        for (given, wanted) in [
            (vec![], Verdict::Send),
            (vec![("if-none-match", "*")], Verdict::NotModified),
            (vec![("if-none-match", &*etag)], Verdict::NotModified),
            (vec![("if-none-match", &*strong)], Verdict::NotModified),
            (vec![("if-none-match", &*many)], Verdict::NotModified),
            (
                vec![("if-none-match", "\"x\""), ("if-none-match", &*etag)],
                Verdict::NotModified,
            ),
            (vec![("if-none-match", "\"x\"")], Verdict::Send),
            (vec![("if-none-match", "")], Verdict::Send),
            // The tag wins over the date.
            (
                vec![("if-none-match", "\"x\""), ("if-modified-since", AFTER)],
                Verdict::Send,
            ),
            (vec![("if-modified-since", AT)], Verdict::NotModified),
            (vec![("if-modified-since", AFTER)], Verdict::NotModified),
            (vec![("if-modified-since", BEFORE)], Verdict::Send),
            (vec![("if-modified-since", "yesterday")], Verdict::Send),
            (vec![("if-match", "*")], Verdict::Send),
            (vec![("if-match", &*etag)], Verdict::Failed),
            (
                vec![("if-match", "\"x\""), ("if-none-match", &*etag)],
                Verdict::Failed,
            ),
            (
                vec![("if-match", "*"), ("if-none-match", &*etag)],
                Verdict::NotModified,
            ),
            (
                vec![("if-match", "*"), ("if-unmodified-since", BEFORE)],
                Verdict::Send,
            ),
            (vec![("if-unmodified-since", BEFORE)], Verdict::Failed),
            (vec![("if-unmodified-since", AT)], Verdict::Send),
        ] {
            let mut headers = HeaderMap::new();
            for (name, value) in &given {
                headers.append(*name, value.parse().unwrap());
            }
            assert_eq!(verdict(&headers, &info), wanted, "{given:?}");
        }
    }

    #[test]
    fn a_strong_validator_is_compared_strongly() {
        let info = FileInfo::new("a".parse().unwrap(), 5, None).with_etag("\"x\"");
        for (name, value, wanted) in [
            (header::IF_MATCH, "\"x\"", Verdict::Send),
            (header::IF_MATCH, "\"y\", \"x\"", Verdict::Send),
            (header::IF_MATCH, "W/\"x\"", Verdict::Failed),
            (header::IF_MATCH, "\"y\"", Verdict::Failed),
            (header::IF_NONE_MATCH, "W/\"x\"", Verdict::NotModified),
            (header::IF_NONE_MATCH, "\"y\"", Verdict::Send),
        ] {
            let headers = HeaderMap::from_iter([(name, value.parse().unwrap())]);
            assert_eq!(verdict(&headers, &info), wanted, "{value}");
        }
    }

    #[test]
    fn a_file_without_a_time_meets_a_star_only() {
        let info = FileInfo::new("a".parse().unwrap(), 5, None);
        for (value, wanted) in [("*", Verdict::NotModified), ("\"\"", Verdict::Send)] {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().unwrap())]);
            assert_eq!(verdict(&headers, &info), wanted, "{value}");
        }
    }
}
