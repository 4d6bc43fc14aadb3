//! Several quotas for one request.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use pin_project_lite::pin_project;
use saas_core::{
    Problem,
    limit::{Left, LimitKey, Limited, ProcessLimiter, Quota, RateLimiter},
};

use super::fields::{self, Counted};

/// A quota that a request counts for.
#[derive(Debug, Clone)]
pub(super) struct Asked {
    /// As the client is told.
    pub(super) name: &'static str,
    pub(super) key: LimitKey,
    pub(super) quota: Quota,
}

/// What a request has counted for.
#[derive(Debug, Default)]
pub(super) struct Passed(Vec<Counted>);

/// Which quota refused a request, in the extensions of the answer, for whoever counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefusedBy(pub(crate) &'static str);

/// The quota of which nothing is left.
#[derive(Debug)]
pub(super) struct Refused {
    counted: Counted,
    limited: Limited,
}

/// Counts for all of them, or for none: what was taken before one refuses is given back.
pub(super) async fn take(
    limiter: &dyn RateLimiter,
    asked: impl IntoIterator<Item = Asked>,
) -> Result<Passed, Refused> {
    let (mut taken, mut passed) = (Vec::new(), Passed::default());
    for Asked { name, key, quota } in asked {
        match limiter.take(&key, quota).await {
            Ok(left) => {
                passed.0.push(Counted { name, quota, left });
                taken.push((key, quota));
            }
            Err(limited) => {
                for (key, quota) in taken {
                    limiter.give_back(&key, quota).await;
                }
                return Err(Refused::new(name, &key, quota, limited));
            }
        }
    }
    Ok(passed)
}

/// Counts in this process, as [`take`] does.
pub(super) fn take_now(limiter: &ProcessLimiter, asked: &[Asked]) -> Result<Passed, Refused> {
    let mut passed = Vec::with_capacity(asked.len());
    for Asked { name, key, quota } in asked {
        match limiter.take_now(key, *quota) {
            Ok(left) => passed.push(Counted {
                name,
                quota: *quota,
                left,
            }),
            Err(limited) => {
                for taken in asked.iter().take(passed.len()) {
                    limiter.give_back_now(&taken.key, taken.quota);
                }
                return Err(Refused::new(name, key, *quota, limited));
            }
        }
    }
    Ok(Passed(passed))
}

impl Refused {
    fn new(name: &'static str, key: &LimitKey, quota: Quota, limited: Limited) -> Self {
        tracing::info!(limit = key.name(), "a request was refused");
        let left = Left::new(0, limited.retry_after());
        let counted = Counted { name, quota, left };
        Self { counted, limited }
    }
}

pin_project! {
    /// An answer that says what its request has counted for.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Counting<F> {
        #[pin]
        inner: F,
        passed: Passed,
    }
}

impl<F, E> Future for Counting<F>
where
    F: Future<Output = Result<Response, E>>,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut response = ready!(this.inner.poll(context))?;
        this.passed.write(response.headers_mut());
        Poll::Ready(Ok(response))
    }
}

impl Passed {
    /// Tells the client with the answer.
    pub(super) const fn before<F>(self, inner: F) -> Counting<F> {
        Counting {
            inner,
            passed: self,
        }
    }

    fn write(&self, headers: &mut HeaderMap) {
        fields::write(headers, &self.0);
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Problem::from(self.limited).into_response();
        let by = RefusedBy(self.counted.name);
        fields::write(response.headers_mut(), &[self.counted]);
        response.extensions_mut().insert(by);
        response
    }
}
