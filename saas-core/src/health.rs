//! Whether the parts of a service work.

use std::{
    future::poll_fn,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use async_trait::async_trait;
use serde::Serialize;

/// One thing that can be healthy or not, such as the database.
///
/// # Contract
///
/// A check answers quickly, has no effect that outlives it, and may be dropped at any await. What
/// it says may be shown to anybody, so it names no host, no credential and no tenant.
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// Names the part, in lower case, such as `database`.
    fn name(&self) -> &'static str;

    /// Finds out whether the part works.
    ///
    /// # Errors
    ///
    /// The reason, in words that anybody may read.
    async fn check(&self) -> Result<(), String>;

    /// Tells whether the service cannot do its work without the part. Where it can, a failing check is shown
    /// and the service counts as healthy: when every instance loses such a part at once, they must not all be
    /// taken out of the rotation.
    fn is_essential(&self) -> bool {
        true
    }
}

/// Says whether one part works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Outcome {
    /// The part.
    pub name: &'static str,
    /// Whether it works.
    pub ok: bool,
    /// Whether the service can do its work without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Says whether all parts work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[non_exhaustive]
pub struct Report {
    /// `ok`, `degraded` (only parts fail that the service can do without) or `failing`.
    pub status: &'static str,
    /// The parts, in the order of registration.
    pub checks: Vec<Outcome>,
}

impl Report {
    /// Tells whether every part works that the service needs.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.checks
            .iter()
            .all(|outcome| outcome.ok || outcome.optional)
    }
}

/// With 200 when every part works that the service needs, and otherwise 503 with `Retry-After`.
#[cfg(feature = "edge")]
impl axum::response::IntoResponse for Report {
    fn into_response(self) -> axum::response::Response {
        if self.is_ok() {
            return axum::Json(self).into_response();
        }
        let again = [(http::header::RETRY_AFTER, "1")];
        (
            http::StatusCode::SERVICE_UNAVAILABLE,
            again,
            axum::Json(self),
        )
            .into_response()
    }
}

/// The checks of a service.
///
/// # Examples
///
/// ```
/// use async_trait::async_trait;
/// use saas_core::health::{Check, Health};
///
/// /// The printer in the cellar, without which most goes on.
/// struct Printer;
///
/// #[async_trait]
/// impl Check for Printer {
///     fn name(&self) -> &'static str {
///         "printer"
///     }
///
///     async fn check(&self) -> Result<(), String> {
///         Err("it has no paper".to_owned())
///     }
///
///     fn is_essential(&self) -> bool {
///         false
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let report = Health::default().with(Printer).report().await;
/// assert_eq!((report.status, report.is_ok()), ("degraded", true));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Health {
    checks: Vec<Arc<dyn Check>>,
}

impl std::fmt::Debug for Health {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.checks.iter().map(|check| check.name()))
            .finish()
    }
}

impl Health {
    /// How long a check should wait for its part: one that takes longer is as good as failing.
    pub const TIMEOUT: Duration = Duration::from_secs(2);

    /// Adds a check.
    #[must_use]
    pub fn with(mut self, check: impl Check) -> Self {
        self.checks.push(Arc::new(check));
        self
    }

    /// Runs the checks, all at once. With the feature `edge`, in a runtime of Tokio (with its timer), nobody is waited for much longer than
    /// [`TIMEOUT`](Self::TIMEOUT): who says nothing fails.
    ///
    /// # Cancel safety
    ///
    /// Safe: the checks are dropped.
    pub async fn report(&self) -> Report {
        let begun = self.checks.iter().map(|check| (check, check.check(), None));
        let mut begun: Vec<_> = begun.collect();
        let mut late = pin!(late());
        poll_fn(|context| {
            let mut all = Poll::Ready(());
            for (_, check, result) in begun.iter_mut().filter(|(.., result)| result.is_none()) {
                match check.as_mut().poll(context) {
                    Poll::Ready(done) => *result = Some(done),
                    Poll::Pending => all = Poll::Pending,
                }
            }
            if all.is_pending() && late.as_mut().poll(context).is_ready() {
                let silent = begun.iter_mut().filter(|(.., result)| result.is_none());
                silent.for_each(|(.., result)| *result = Some(Err("says nothing".to_owned())));
                all = Poll::Ready(());
            }
            all
        })
        .await;
        let checks = begun
            .into_iter()
            .map(|(check, _, result)| {
                let reason = result.and_then(Result::err);
                Outcome {
                    name: check.name(),
                    ok: reason.is_none(),
                    optional: !check.is_essential(),
                    reason,
                }
            })
            .collect();
        let mut report = Report {
            status: "failing",
            checks,
        };
        if report.is_ok() {
            let all = report.checks.iter().all(|outcome| outcome.ok);
            report.status = if all { "ok" } else { "degraded" };
        }
        report
    }
}

/// Waits until a check is not waited for any more: a little longer than it should take, so that it can say itself what is wrong.
async fn late() {
    #[cfg(feature = "edge")]
    if tokio::runtime::Handle::try_current().is_ok() {
        return tokio::time::sleep(Health::TIMEOUT + Health::TIMEOUT / 2).await;
    }
    std::future::pending().await
}

/// Whether something that requests wait for is known to be away. Until it is back
/// [`LimitsLayer`](crate::edge::LimitsLayer) lets nobody wait for it. Clones are the same outage.
#[derive(Debug, Clone, Default)]
pub struct Outage(Arc<AtomicBool>);

impl Outage {
    /// Notes that it is away.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Notes that it is back.
    pub fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// Tells whether it is away.
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(all(test, feature = "edge"))]
mod tests {
    use super::*;

    struct Silent;

    #[async_trait]
    impl Check for Silent {
        fn name(&self) -> &'static str {
            "silent"
        }

        async fn check(&self) -> Result<(), String> {
            std::future::pending().await
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_nothing_fails() {
        let begun = tokio::time::Instant::now();
        let report = Health::default().with(Silent).report().await;
        let reason = report
            .checks
            .first()
            .and_then(|check| check.reason.as_deref());
        assert_eq!((report.is_ok(), reason), (false, Some("says nothing")));
        assert!(begun.elapsed() < Health::TIMEOUT * 2);
    }
}
