//! Parts of a file (RFC 9110, section 14).

use std::ops::Range;

use http::{HeaderMap, header};

use super::condition::strong;
use crate::FileInfo;

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Whole,
    Part(Range<u64>),
    Outside,
}

pub(super) fn wanted(headers: &HeaderMap, info: &FileInfo) -> Wanted {
    let mut values = headers.get_all(header::RANGE).into_iter();
    match (values.next(), values.next()) {
        (Some(value), None) if is_unchanged(headers, info) => value
            .to_str()
            .map_or(Wanted::Whole, |text| parse(text, info.size)),
        _ => Wanted::Whole,
    }
}

/// Judges `If-Range` (section 13.1.5). The comparison is the strong one, and a date is taken for a weak
/// validator, since a file may change twice in a second.
fn is_unchanged(headers: &HeaderMap, info: &FileInfo) -> bool {
    let mut values = headers.get_all(header::IF_RANGE).into_iter();
    match (values.next(), values.next()) {
        (None, _) => true,
        (Some(value), None) => value
            .to_str()
            .is_ok_and(|tag| strong(info).is_some_and(|etag| etag == tag.trim())),
        _ => false,
    }
}

/// Reads a `Range` header. What is malformed or names several ranges is ignored, as section 14.2
/// allows; so a thousand ranges cost nothing.
fn parse(header: &str, size: u64) -> Wanted {
    let spec = match header.trim().split_once('=') {
        Some((unit, spec)) if unit.eq_ignore_ascii_case("bytes") => spec.trim(),
        _ => return Wanted::Whole,
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    match (number(first), number(last)) {
        // The last so many bytes.
        (Some(Number::None), Some(Number::Some(0))) => Wanted::Outside,
        (Some(Number::None), Some(Number::Some(_))) if size == 0 => Wanted::Outside,
        (Some(Number::None), Some(Number::Some(count))) => {
            Wanted::Part(size.saturating_sub(count)..size)
        }
        (Some(Number::Some(first)), Some(Number::Some(last))) if last < first => Wanted::Whole,
        (Some(Number::Some(first)), Some(_)) if first >= size => Wanted::Outside,
        (Some(Number::Some(first)), Some(Number::None)) => Wanted::Part(first..size),
        (Some(Number::Some(first)), Some(Number::Some(last))) => {
            Wanted::Part(first..last.saturating_add(1).min(size))
        }
        _ => Wanted::Whole,
    }
}

/// A number, or nothing where one could be.
enum Number {
    None,
    Some(u64),
}

/// Reads digits. Numbers beyond all files are as good as the largest.
fn number(text: &str) -> Option<Number> {
    if text.is_empty() {
        return Some(Number::None);
    }
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| Number::Some(text.parse().unwrap_or(u64::MAX)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    #[test]
    fn sto_19_ranges_are_read_as_rfc_9110_says() {
        for (header, wanted) in [
            ("bytes=0-4", Wanted::Part(0..5)),
            ("Bytes=0-4", Wanted::Part(0..5)),
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=9-9", Wanted::Part(9..10)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=0-99", Wanted::Part(0..10)),
            ("bytes=0-99999999999999999999999", Wanted::Part(0..10)),
            ("bytes=-99999999999999999999999", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Outside),
            ("bytes=10-12", Wanted::Outside),
            ("bytes=99999999999999999999999-", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            // Malformed, also where it begins behind the end.
            ("bytes=5-4", Wanted::Whole),
            ("bytes=50-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=0-4x", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=1--2", Wanted::Whole),
            ("bytes=--2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes", Wanted::Whole),
            ("", Wanted::Whole),
            ("lines=0-4", Wanted::Whole),
        ] {
            assert_eq!(parse(header, 10), wanted, "{header}");
        }
        for header in ["bytes=-5", "bytes=0-", "bytes=0-0"] {
            assert_eq!(parse(header, 0), Wanted::Outside, "{header}");
        }
    }

    #[test]
    fn sto_19_a_thousand_ranges_and_two_headers_are_the_whole_file() {
        let info = FileInfo::new("a".parse().unwrap(), 10, None).with_etag("\"1\"");
        let many = format!("bytes={}", vec!["0-0"; 1000].join(","));
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, many.parse().unwrap());
        assert_eq!(wanted(&headers, &info), Wanted::Whole);
        let mut headers = HeaderMap::new();
        headers.append(header::RANGE, "bytes=0-1".parse().unwrap());
        assert_eq!(wanted(&headers, &info), Wanted::Part(0..2));
        headers.append(header::RANGE, "bytes=2-3".parse().unwrap());
        assert_eq!(wanted(&headers, &info), Wanted::Whole);
        headers.remove(header::RANGE);
        headers.append(header::RANGE, "bytes=0-1".parse().unwrap());
        for (tag, expected) in [
            ("W/\"1\"", Wanted::Whole),
            ("\"2\"", Wanted::Whole),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Wanted::Whole),
            ("\"1\"", Wanted::Part(0..2)),
        ] {
            headers.insert(header::IF_RANGE, tag.parse().unwrap());
            assert_eq!(wanted(&headers, &info), expected, "{tag}");
        }
    }

    proptest! {
        #[test]
        fn sto_19_a_part_lies_inside_the_file(header in "bytes=[0-9]{0,21}-[0-9]{0,21}|[ -~]{0,20}", size: u64) {
            fuzzing::range(header.as_bytes(), size);
        }
    }
}
