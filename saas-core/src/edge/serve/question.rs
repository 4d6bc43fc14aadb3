//! The body of a request over HTTP/1, which tells its connection when it has come to its end.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::Body;
use bytes::Bytes;
use http::{Request, Version};
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;

use super::seat::Seat;

/// A body that is being received.
#[derive(Debug)]
struct Question {
    body: Incoming,
    seat: Arc<Seat>,
}

/// Takes a request in. Where it is one of many streams, the others need to know nothing of it.
pub(super) fn take(request: Request<Incoming>, seat: &Arc<Seat>) -> Request<Body> {
    let unfinished = !http_body::Body::is_end_stream(request.body());
    if request.version() == Version::HTTP_2 {
        seat.set_of_many();
        return request.map(Body::new);
    }
    seat.set_unfinished(unfinished);
    request.map(|body| {
        if unfinished {
            let seat = Arc::clone(seat);
            Body::new(Question { body, seat })
        } else {
            Body::new(body)
        }
    })
}

impl http_body::Body for Question {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() || self.body.is_end_stream() {
            self.seat.set_unfinished(false);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
