//! The beginning of a body, before its handler is asked.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use http::{header::EXPECT, request::Parts};
use http_body::Body as _;

use super::{BodyFault, Limits};

/// Reads the beginning of a body before its handler is asked, which alone says how large it may be.
///
/// So many bytes are read, and the rest of the piece in which those end. Gives them, and the whole body as the handler reads
/// it. Of a body that is announced to be larger than is allowed by now, and that its client waits with until it is asked for
/// (`Expect`), nothing is read.
///
/// # Errors
///
/// When the body is too slow or ends early. One that is too large fails where the handler reads it.
///
/// # Cancel safety
///
/// What was read is lost, and the request with it.
pub async fn read_ahead(
    parts: &Parts,
    body: Body,
    most: usize,
) -> Result<(Bytes, Body), BodyFault> {
    let limits = parts.extensions.get::<Limits>().cloned();
    let allowed = limits.as_ref().map(Limits::body);
    let announced = body.size_hint().lower();
    if parts.headers.contains_key(EXPECT) && allowed.is_some_and(|allowed| announced > allowed) {
        return Ok((Bytes::new(), body));
    }
    if let Some(limits) = &limits {
        limits.set_body(u64::MAX);
    }
    let mut rest = body.into_data_stream();
    // Pieces can be of one byte each; most bodies are one piece.
    let (mut first, mut all) = (Bytes::new(), BytesMut::new());
    while first.len().max(all.len()) < most
        && let Some(piece) = rest.next().await
    {
        let piece = piece.map_err(|error| BodyFault::of(&error))?;
        if first.is_empty() {
            first = piece;
            continue;
        }
        if all.is_empty() {
            all.extend_from_slice(&first);
        }
        all.extend_from_slice(&piece);
    }
    let read = if all.is_empty() { first } else { all.freeze() };
    let begin = (!read.is_empty()).then(|| Ok(read.clone()));
    let whole = stream::iter(begin).chain(rest);
    let (Some(limits), Some(allowed)) = (limits, allowed) else {
        return Ok((read, Body::from_stream(whole)));
    };
    limits.set_body(allowed);
    let length = u64::try_from(read.len()).unwrap_or(u64::MAX);
    let bounded = whole.map(move |piece| match length > limits.body() {
        true => Err(axum::Error::new(BodyFault::TooLarge)),
        false => piece,
    });
    Ok((read, Body::from_stream(bounded)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use axum::response::IntoResponse as _;
    use http::{Request, StatusCode};
    use tower::{Layer as _, ServiceExt as _, service_fn};

    use super::*;
    use crate::edge::{EdgeConfig, LimitsLayer};

    /// Sends 3,000 bytes, announced or not, where 1,000 are allowed, to a handler that lets so many through.
    async fn asked(announced: bool, allows: u64) -> Result<usize, BodyFault> {
        let config = EdgeConfig {
            body_limit: 1000,
            ..EdgeConfig::default()
        };
        let inner = service_fn(move |request: Request<Body>| async move {
            let (parts, body) = request.into_parts();
            let (read, body) = read_ahead(&parts, body, 2000).await.unwrap();
            assert_eq!(read, vec![b'x'; 2000]);
            let limits = parts.extensions.get::<Limits>().unwrap();
            assert_eq!(limits.body(), 1000);
            limits.set_body(allows);
            let whole = axum::body::to_bytes(body, usize::MAX).await;
            let whole = whole.map(|whole| whole.len());
            let mut response = StatusCode::OK.into_response();
            let whole = whole.map_err(|error| BodyFault::of(&error));
            response.extensions_mut().insert(whole);
            Ok::<_, Infallible>(response)
        });
        let pieces = (0..3).map(|_| Ok::<_, Infallible>(vec![b'x'; 1000]));
        let mut request = Request::new(Body::from_stream(stream::iter(pieces)));
        if announced {
            let length = http::HeaderValue::from_static("3000");
            request
                .headers_mut()
                .insert(http::header::CONTENT_LENGTH, length);
        }
        let answer = LimitsLayer::new(&config).layer(inner).oneshot(request);
        let answer = answer.await.unwrap();
        *answer.extensions().get().unwrap()
    }

    #[tokio::test]
    async fn how_large_a_body_may_be_is_up_to_its_handler() {
        for announced in [true, false] {
            assert_eq!(asked(announced, 3000).await, Ok(3000));
            for less in [2999, 1999, 0] {
                assert_eq!(asked(announced, less).await, Err(BodyFault::TooLarge));
            }
        }
    }
}
