//! What has to hold of the headers of a download.

use http::{HeaderMap, HeaderValue, header};

use super::{
    condition,
    range::{Wanted, wanted},
};
use crate::{FileInfo, disposition::attachment};

/// A part lies inside of the file and is what was asked for; everything else is the whole file or nothing. A
/// condition that names no validator of ours changes nothing.
///
/// # Panics
///
/// When it does not hold.
pub fn range(value: &[u8], size: u64) {
    let Ok(value) = HeaderValue::from_bytes(value) else {
        return;
    };
    let Ok(path) = "a".parse() else { return };
    let info = FileInfo::new(path, size, None);
    let mut headers = HeaderMap::new();
    headers.insert(header::RANGE, value.clone());
    if let Wanted::Part(part) = wanted(&headers, &info) {
        assert!(
            part.start < part.end && part.end <= size,
            "{part:?} of {size}"
        );
        let text = value.to_str().unwrap_or_default().trim();
        let numbers = text.split_once('=').map(|(_, spec)| spec.trim());
        let (first, last) = numbers
            .and_then(|spec| spec.split_once('-'))
            .unwrap_or_default();
        match (first.parse::<u64>(), last.parse::<u64>()) {
            (Ok(first), Ok(last)) => {
                assert_eq!(part, first..last.saturating_add(1).min(size));
            }
            (Ok(first), Err(_)) => assert_eq!(part.start, first),
            (Err(_), Ok(count)) => assert_eq!(part, size.saturating_sub(count)..size),
            (Err(_), Err(_)) => assert_eq!(part.end, size),
        }
    }
    headers.append(header::RANGE, value.clone());
    assert_eq!(wanted(&headers, &info), Wanted::Whole);
    for name in [header::IF_NONE_MATCH, header::IF_MODIFIED_SINCE] {
        let headers = HeaderMap::from_iter([(name, value.clone())]);
        let any = value.as_bytes().contains(&b'*');
        assert!(any || condition::verdict(&headers, &info) == condition::Verdict::Send);
    }
}

/// A name cannot leave the header in which it stands, and whoever decodes the exact form has it again.
///
/// # Panics
///
/// When it does not hold.
pub fn disposition(name: &str) {
    let value = attachment(name);
    assert!(HeaderValue::from_str(&value).is_ok());
    assert!(value.is_ascii() && !value.contains(['\r', '\n', '\\']));
    assert_eq!(value.matches('"').count(), 2);
    assert_eq!(value.matches(';').count(), 2);
    let (_, exact) = value.split_once("UTF-8''").unwrap_or_default();
    let decoded = percent_encoding::percent_decode_str(exact).decode_utf8_lossy();
    assert_eq!(decoded, name);
}
