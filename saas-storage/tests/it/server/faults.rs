//! Everything that can go wrong on the way to an object store and back.

use std::{
    collections::VecDeque,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, BodyStream, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{body::Incoming, service::Service};
use s3s::service::S3Service;

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It is answered that there are too many.
    Throttled,
    /// It is answered that something is broken.
    Broken,
    /// The connection ends before the request is looked at.
    Refused,
    /// It is done, and the connection ends before the answer.
    Lost,
    /// The body of the answer ends in the middle.
    Truncated,
    /// No answer comes.
    Silent,
}

/// Faults of the next requests, in order, and then of all others.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    next: Mutex<VecDeque<Fault>>,
    then: Mutex<Option<Fault>>,
    seen: Mutex<Vec<String>>,
}

impl Faults {
    /// Plans the faults of the next requests.
    pub(crate) fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut next = self.next.lock().unwrap();
        next.clear();
        next.extend(faults);
    }

    /// Says what happens to all requests after the planned ones.
    pub(crate) fn always(&self, fault: Fault) {
        *self.then.lock().unwrap() = Some(fault);
    }

    pub(crate) fn none(&self) {
        self.plan([]);
        self.always(Fault::None);
    }

    /// Gives method and path of all requests since it was asked last.
    pub(crate) fn seen(&self) -> Vec<String> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }

    fn take(&self, request: &Request<Incoming>) -> Fault {
        let line = format!("{} {}", request.method(), request.uri().path());
        self.seen.lock().unwrap().push(line);
        let planned = self.next.lock().unwrap().pop_front();
        planned.unwrap_or(self.then.lock().unwrap().unwrap_or(Fault::None))
    }
}

/// Stands between the connection and the service.
pub(crate) struct Between {
    inner: S3Service,
    faults: Arc<Faults>,
}

type Failed = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Failed>;

impl Between {
    pub(crate) fn new(inner: S3Service, faults: Arc<Faults>) -> Self {
        Self { inner, faults }
    }
}

impl Service<Request<Incoming>> for Between {
    type Response = Response<Body>;
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Failed>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (fault, inner) = (self.faults.take(&request), self.inner.clone());
        Box::pin(async move {
            let say = |status: StatusCode, code: &str| {
                let text = format!("<Error><Code>{code}</Code><Message>planned</Message></Error>");
                let body = Full::from(text).map_err(Into::into).boxed_unsync();
                let mut response = Response::new(body);
                *response.status_mut() = status;
                Ok(response)
            };
            match fault {
                Fault::Throttled => return say(StatusCode::SERVICE_UNAVAILABLE, "SlowDown"),
                Fault::Broken => return say(StatusCode::INTERNAL_SERVER_ERROR, "InternalError"),
                Fault::Refused => return Err("planned".into()),
                Fault::Silent => return std::future::pending().await,
                Fault::None | Fault::Lost | Fault::Truncated => {}
            }
            let response = inner.call(request.map(s3s::Body::from)).await?;
            match fault {
                Fault::Lost => Err("planned".into()),
                Fault::Truncated => Ok(response.map(cut)),
                _ => Ok(response.map(|body| body.map_err(Into::into).boxed_unsync())),
            }
        })
    }
}

/// Gives half of the first piece of a body, and then an error, which ends the connection.
fn cut(body: s3s::Body) -> Body {
    let frames = BodyStream::new(body).take(1).map(|frame| {
        let frame = frame?;
        let half = |bytes: Bytes| bytes.slice(..bytes.len() / 2);
        Ok(frame.map_data(half))
    });
    let end = stream::iter([Err(Failed::from("planned"))]);
    BodyExt::boxed_unsync(StreamBody::new(frames.chain(end)))
}
