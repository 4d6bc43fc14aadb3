//! Uploads in parts over HTTP: tus 1.0.0 with the extensions creation, creation-with-upload, expiration,
//! checksum and termination (<https://tus.io/protocols/resumable-upload>).
//!
//! The path of the file is `path` in `Upload-Metadata`, or `filename` where there is none.

mod checksum;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod headers;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use saas_core::{
    Code, Id, Problem,
    edge::{Limits, RequestId},
};
use saas_tenancy::Scope;

use self::{
    checksum::Announced,
    headers::{Name, number, set},
};
use super::{Upload, Uploads};
use crate::{Error, FileFacts, body_stream};

const VERSION: &str = "1.0.0";
const EXTENSIONS: &str = "creation,creation-with-upload,expiration,checksum,termination";
const PIECES: &str = "application/offset+octet-stream";

/// What a server that speaks tus says about itself, with `OPTIONS`. The largest size is that of
/// [`Uploads::max_size`] and is said with the rest.
pub const DISCOVERY: &[(&str, &str)] = &[
    ("tus-resumable", VERSION),
    ("tus-version", VERSION),
    ("tus-extension", EXTENSIONS),
    ("tus-checksum-algorithm", checksum::ALGORITHMS),
];

/// Answers a request of tus.
///
/// That is `POST` to the folder of the uploads, and `HEAD`, `PATCH` and `DELETE` to one of
/// them, or `POST` with `X-HTTP-Method-Override`. Whoever may not write files must not come this far.
///
/// ```
/// use axum::{Extension, Router, extract::Request, response::Response, routing::post};
/// use saas_storage::{Uploads, tus};
/// use saas_tenancy::Scope;
///
/// async fn handler(Extension(uploads): Extension<Uploads>, scope: Scope, request: Request) -> Response {
///     tus(&uploads, &scope, request).await
/// }
///
/// let router: Router = Router::new()
///     .route("/uploads", post(handler))
///     .route("/uploads/{id}", post(handler).patch(handler).head(handler).delete(handler));
/// ```
pub async fn tus(uploads: &Uploads, scope: &Scope, request: Request) -> Response {
    let id = request.extensions().get::<RequestId>().cloned();
    let answered = answer(uploads, scope, request).await;
    let mut response = match answered {
        Ok(response) => response,
        Err(problem) if problem.code() == Code::CHECKSUM_MISMATCH => {
            checksum::mismatch(problem, id.as_ref())
        }
        Err(problem) => {
            let version = problem.code() == Code::UPLOAD_VERSION;
            let mut response = problem.into_response();
            if version {
                set(response.headers_mut(), Name::Version, VERSION);
            }
            response
        }
    };
    set(response.headers_mut(), Name::Resumable, VERSION);
    response
}

async fn answer(uploads: &Uploads, scope: &Scope, request: Request) -> Result<Response, Problem> {
    let limits = request.extensions().get::<Limits>().cloned();
    let (parts, body) = request.into_parts();
    let headers = &parts.headers;
    if headers::text(headers, Name::Resumable)? != Some(VERSION) {
        return Err(Problem::new(Code::UPLOAD_VERSION));
    }
    // Where something between strips methods (section "X-HTTP-Method-Override").
    let method = match headers::text(headers, Name::MethodOverride)? {
        Some(other) if parts.method == Method::POST => {
            Method::from_bytes(other.as_bytes()).map_err(|_| Code::HEADER_INVALID)?
        }
        _ => parts.method.clone(),
    };
    let path = parts.uri.path();
    let receiving = || {
        if let Some(limits) = &limits {
            limits.set_body(uploads.max_size());
            limits.lift_deadline();
        }
    };
    let id = path.rsplit_once('/').and_then(|(_, id)| id.parse().ok());
    match (method.as_str(), id) {
        ("POST", None) => {
            receiving();
            create(uploads, scope, path, headers, body).await
        }
        ("HEAD", Some(id)) => {
            receiving();
            Ok(described(&uploads.find(scope, id).await?))
        }
        ("PATCH", Some(id)) => {
            receiving();
            let offset =
                number(headers, Name::Offset)?.ok_or_else(|| headers::missing(Name::Offset))?;
            let upload = append(uploads, scope, id, offset, headers, body).await?;
            Ok(moved(StatusCode::NO_CONTENT, &upload))
        }
        ("DELETE", Some(id)) => {
            uploads.cancel(scope, id).await?;
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (_, Some(_)) => Err(Problem::new(Code::METHOD_NOT_ALLOWED)),
        (_, None) => Err(Problem::new(Code::NOT_FOUND)),
    }
}

async fn create(
    uploads: &Uploads,
    scope: &Scope,
    path: &str,
    headers: &HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let size = number(headers, Name::Length)?.ok_or_else(|| headers::missing(Name::Length))?;
    let metadata = headers::text(headers, Name::Metadata)?.unwrap_or_default();
    let key = headers::path_of(metadata)?;
    // Nobody's upload is begun for a body that is refused.
    let with_body = headers.contains_key(header::CONTENT_TYPE);
    if with_body {
        check_type(headers)?;
        Announced::read(headers)?;
    }
    let facts = FileFacts {
        owner: scope.principal().map(saas_core::Principal::subject),
        ..FileFacts::default()
    };
    let mut upload = uploads.create(scope, &key, size, facts, metadata).await?;
    let location = format!("{}/{}", path.trim_end_matches('/'), upload.id);
    if with_body && size > 0 {
        upload = append(uploads, scope, upload.id, 0, headers, body).await?;
    }
    let mut response = moved(StatusCode::CREATED, &upload);
    if let Ok(location) = HeaderValue::from_str(&location) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

async fn append(
    uploads: &Uploads,
    scope: &Scope,
    id: Id<Upload>,
    offset: u64,
    headers: &HeaderMap,
    body: Body,
) -> Result<Upload, Problem> {
    check_type(headers)?;
    let body = body_stream(body);
    let appended = match Announced::read(headers)? {
        Some(announced) => {
            let body = announced.watch(body);
            uploads.append_whole(scope, id, offset, body).await
        }
        None => uploads.append(scope, id, offset, body).await,
    };
    appended.map_err(|error| match error {
        // More than was announced is the fault of this request, and not of the size of the file.
        Error::TooLarge { .. } => Problem::new(Code::BODY_TOO_LARGE)
            .detail("there are more bytes than `Upload-Length` says"),
        error => error.into(),
    })
}

fn check_type(headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(header::CONTENT_TYPE);
    if kind.is_some_and(|kind| kind == PIECES) {
        return Ok(());
    }
    Err(Problem::new(Code::MEDIA_TYPE)
        .detail("the body of an upload is `application/offset+octet-stream`"))
}

/// Describes an upload to whoever asks where to go on. Nothing between may remember it.
fn described(upload: &Upload) -> Response {
    let mut response = moved(StatusCode::OK, upload);
    let headers = response.headers_mut();
    set(headers, Name::Length, &upload.size.to_string());
    if !upload.metadata.is_empty() {
        set(headers, Name::Metadata, &upload.metadata);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn moved(status: StatusCode, upload: &Upload) -> Response {
    let mut response = status.into_response();
    let headers = response.headers_mut();
    set(headers, Name::Offset, &upload.received.to_string());
    // One that is complete does not expire.
    if upload.received < upload.size {
        let seconds = u64::try_from(upload.expires_at.as_secs()).unwrap_or(0);
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(seconds);
        set(headers, Name::Expires, &httpdate::fmt_http_date(time));
    }
    response
}
