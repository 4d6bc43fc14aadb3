//! A file as an answer.

mod condition;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod range;

use std::ops::Range;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use futures_util::TryStreamExt as _;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use saas_core::{Code, Problem};
use saas_tenancy::Scope;

use self::{condition::Verdict, range::Wanted};
use crate::{ByteStream, Error, FileInfo, Key, Storage, disposition};

/// A file that is written over between two looks at it is looked at again this often.
const ATTEMPTS: usize = 4;

/// Answers a `GET` or `HEAD` for a file: conditions (RFC 9110, section 13), one range (section 14),
/// and always as an attachment that a browser neither shows nor guesses about.
///
/// Whatever a tenant uploads stays data: the type is that of the extension, `nosniff` forbids to
/// guess another, `attachment` to show it, and the sandbox policy takes scripts and the origin
/// away from whatever shows it all the same.
///
/// A `Range` beside `If-Range` gives the part only where the validators are the same and strong; that
/// of a disk is weak (see [`FileInfo::etag`]), so there it gives the whole file. A client that asks for
/// a part without it gets the part.
///
/// # Errors
///
/// The problem `not-found`, `range-invalid`, `version-mismatch` or `unavailable`.
pub async fn download(
    storage: &dyn Storage,
    scope: &Scope,
    key: &Key,
    method: &Method,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    for _ in 0..ATTEMPTS {
        let info = storage.stat(scope, key).await?;
        match condition::verdict(headers, &info) {
            Verdict::Send => {}
            Verdict::NotModified => return Ok(not_modified(&info)),
            Verdict::Failed => return Err(Problem::new(Code::VERSION_MISMATCH)),
        }
        let wanted = if method == Method::GET {
            range::wanted(headers, &info)
        } else {
            Wanted::Whole
        };
        let (status, range) = match wanted {
            Wanted::Whole => (StatusCode::OK, 0..info.size),
            Wanted::Part(range) => (StatusCode::PARTIAL_CONTENT, range),
            Wanted::Outside => return Ok(outside(info.size)),
        };
        if method == Method::HEAD {
            return Ok(answer(status, &info, &range, Body::empty()));
        }
        match storage.get(scope, key, Some(range.clone())).await {
            Ok((found, contents)) if found == info => {
                return Ok(answer(status, &info, &range, body(contents)));
            }
            // It has been written over since, and the conditions may say something else now.
            Ok(_) | Err(Error::Range { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Problem::new(Code::UNAVAILABLE).retry_after(1))
}

fn body(contents: ByteStream) -> Body {
    // The status has been sent by then: the connection is all that can be ended.
    Body::from_stream(contents.inspect_err(|error| {
        tracing::error!(
            error = &**error as &dyn std::error::Error,
            "a download was cut short"
        );
    }))
}

fn answer(status: StatusCode, info: &FileInfo, range: &Range<u64>, body: Body) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    let name = info.path.file_name();
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let length = range.end - range.start;
    if status == StatusCode::PARTIAL_CONTENT {
        let (first, last) = (range.start, range.end.saturating_sub(1));
        let value = format!("bytes {first}-{last}/{}", info.size);
        insert(headers, header::CONTENT_RANGE, &value);
    }
    insert(headers, header::CONTENT_LENGTH, &length.to_string());
    insert(headers, header::CONTENT_TYPE, kind.as_ref());
    insert(
        headers,
        header::CONTENT_DISPOSITION,
        &disposition::attachment(name),
    );
    insert(headers, header::ACCEPT_RANGES, "bytes");
    insert(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    let policy = "sandbox; default-src 'none'; frame-ancestors 'none'";
    insert(headers, header::CONTENT_SECURITY_POLICY, policy);
    validators(headers, info);
    response
}

fn not_modified(info: &FileInfo) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    validators(response.headers_mut(), info);
    response
}

fn outside(size: u64) -> Response {
    let mut response = Problem::new(Code::RANGE_INVALID).into_response();
    let value = format!("bytes */{size}");
    insert(response.headers_mut(), header::CONTENT_RANGE, &value);
    response
}

fn validators(headers: &mut HeaderMap, info: &FileInfo) {
    if let Some(etag) = info.etag() {
        insert(headers, header::ETAG, &etag);
    }
    if let Some(date) = condition::last_modified(info) {
        insert(
            headers,
            header::LAST_MODIFIED,
            &httpdate::fmt_http_date(date),
        );
    }
    insert(headers, header::CACHE_CONTROL, "private, no-cache");
}

fn insert(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
