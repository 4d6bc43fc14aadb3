//! A file as an answer.

use std::ops::Range;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use saas_core::{Code, Problem};
use saas_tenancy::Scope;

use crate::{Error, FileInfo, Key, Storage};

/// Characters that need no escape in RFC 8187, section 3.2.1.
const ATTRIBUTE: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Answers a `GET` or `HEAD` for a file: ranges (RFC 9110, section 14), validators (section 13), and
/// always as an attachment that a browser neither shows nor guesses about.
///
/// # Errors
///
/// The problem `not-found`, `range-invalid` or `unavailable`.
pub async fn download(
    storage: &Storage,
    scope: &Scope,
    key: &Key,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let info = storage.stat(scope, key).await?;
    let etag = info.etag();
    if let (Some(etag), Some(given)) = (&etag, text(headers, header::IF_NONE_MATCH)) {
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        if given.trim() == "*" || given.split(',').any(|tag| weak(tag) == weak(etag)) {
            let mut response = StatusCode::NOT_MODIFIED.into_response();
            describe(response.headers_mut(), &info, etag);
            return Ok(response);
        }
    }
    // A validator in If-Range has to be strong, and ours are weak: with one, the whole file is sent.
    let range = match text(headers, header::RANGE) {
        Some(range) if method == Method::GET && !headers.contains_key(header::IF_RANGE) => {
            parse(range, info.size)
        }
        _ => Wanted::Whole,
    };
    let (status, range) = match range {
        Wanted::Whole => (StatusCode::OK, 0..info.size),
        Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
        Wanted::Outside => {
            let mut response = Problem::new(Code::RANGE_INVALID).into_response();
            insert(
                response.headers_mut(),
                header::CONTENT_RANGE,
                &format!("bytes */{}", info.size),
            );
            return Ok(response);
        }
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let (_, stream) = storage
            .get(scope, key, Some(range.clone()))
            .await
            .map_err(|error| match error {
                // The file became shorter since it was looked at.
                Error::Range { .. } => Problem::new(Code::UNAVAILABLE).retry_after(1),
                error => error.into(),
            })?;
        Body::from_stream(stream)
    };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if status == StatusCode::PARTIAL_CONTENT {
        let last = range.end.saturating_sub(1);
        insert(
            headers,
            header::CONTENT_RANGE,
            &format!("bytes {}-{last}/{}", range.start, info.size),
        );
    }
    insert(
        headers,
        header::CONTENT_LENGTH,
        &(range.end - range.start).to_string(),
    );
    describe(headers, &info, etag.as_deref().unwrap_or_default());
    Ok(response)
}

fn describe(headers: &mut HeaderMap, info: &FileInfo, etag: &str) {
    let kind = mime_guess::from_path(info.path.file_name()).first_or_octet_stream();
    insert(headers, header::CONTENT_TYPE, kind.as_ref());
    insert(
        headers,
        header::CONTENT_DISPOSITION,
        &disposition(info.path.file_name()),
    );
    insert(headers, header::ACCEPT_RANGES, "bytes");
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    insert(
        headers,
        header::CONTENT_SECURITY_POLICY,
        "sandbox; default-src 'none'; frame-ancestors 'none'",
    );
    insert(headers, header::CACHE_CONTROL, "private, no-cache");
    if !etag.is_empty() {
        insert(headers, header::ETAG, etag);
    }
}

/// Names the file for whoever saves it (RFC 6266): a plain form for old programs, and the exact one.
fn disposition(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || " ._-()".contains(c) {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!(
        "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
        utf8_percent_encode(name, ATTRIBUTE)
    )
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

#[derive(Debug, PartialEq, Eq)]
enum Wanted {
    Whole,
    Part(Range<u64>),
    Outside,
}

/// Reads a `Range` header. What is malformed or names several ranges is ignored, as section 14.2
/// allows; so a thousand ranges cost nothing.
fn parse(header: &str, size: u64) -> Wanted {
    let Some(spec) = header.trim().strip_prefix("bytes=") else {
        return Wanted::Whole;
    };
    let Some((first, last)) = spec.split_once('-') else {
        return Wanted::Whole;
    };
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (number(first.trim()), number(last.trim())) {
        (Some(first), _)
            if first >= size && (last.trim().is_empty() || number(last.trim()).is_some()) =>
        {
            Wanted::Outside
        }
        (Some(first), Some(last)) if first <= last => {
            Wanted::Part(first..last.saturating_add(1).min(size))
        }
        (Some(first), None) if last.trim().is_empty() => Wanted::Part(first..size),
        (None, Some(0)) if first.trim().is_empty() => Wanted::Outside,
        (None, Some(_)) if first.trim().is_empty() && size == 0 => Wanted::Outside,
        (None, Some(suffix)) if first.trim().is_empty() => {
            Wanted::Part(size.saturating_sub(suffix)..size)
        }
        _ => Wanted::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sto_19_ranges_are_read_as_rfc_9110_says() {
        for (header, wanted) in [
            ("bytes=0-4", Wanted::Part(0..5)),
            ("bytes=5-", Wanted::Part(5..10)),
            ("bytes=-3", Wanted::Part(7..10)),
            ("bytes=-99", Wanted::Part(0..10)),
            ("bytes=0-99", Wanted::Part(0..10)),
            ("bytes=0-99999999999999999999999", Wanted::Part(0..10)),
            ("bytes=10-", Wanted::Outside),
            ("bytes=10-12", Wanted::Outside),
            ("bytes=-0", Wanted::Outside),
            ("bytes=5-4", Wanted::Whole),
            ("bytes=0-1,3-4", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("lines=0-4", Wanted::Whole),
        ] {
            assert_eq!(parse(header, 10), wanted, "{header}");
        }
        assert_eq!(parse("bytes=-5", 0), Wanted::Outside);
    }

    #[test]
    fn sto_14_a_name_cannot_split_a_header() {
        let value = disposition("a\"\r\nSet-Cookie: x\u{1f600}.txt");
        assert!(HeaderValue::from_str(&value).is_ok(), "{value}");
        assert!(!value.contains('\r') && !value.contains('\n'), "{value}");
    }
}
