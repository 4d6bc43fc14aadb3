//! Several quotas for one request.

use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use saas_core::{
    Problem,
    limit::{Left, LimitKey, Limited, Quota, RateLimiter},
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
                let left = Left::new(0, limited.retry_after());
                let counted = Counted { name, quota, left };
                tracing::info!(limit = key.name(), "a request was refused");
                return Err(Refused { counted, limited });
            }
        }
    }
    Ok(passed)
}

impl Passed {
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        fields::write(headers, &self.0);
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Problem::from(self.limited).into_response();
        fields::write(response.headers_mut(), &[self.counted]);
        response
    }
}
