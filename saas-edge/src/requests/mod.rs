//! How many requests each route gets, how many of them fail, and how long they take: the RED method.
//!
//! The routes are named when the service starts, and everything else is counted together, so there are as many series
//! as there are routes, whatever clients send and however many tenants there are.
//!
//! ```
//! use axum::{Router, middleware, routing::get};
//! use saas_edge::requests::{RequestMetrics, RequestsLayer, RouteLayer};
//! use tower::Layer as _;
//!
//! let metrics = RequestMetrics::new([("GET", "/notes/{id}")]);
//! let router: Router = Router::new().route("/notes/{id}", get(|| async { "text" }));
//! // Inside of everything that may refuse a request, and outside of it.
//! let router = router.layer(RouteLayer::new(metrics.clone()));
//! let service = RequestsLayer::new(metrics.clone()).layer(router);
//! # let _ = service;
//! let page = saas_core::metrics::MetricsText::default().with(&metrics);
//! assert!(page.as_str().contains("saas_http_requests_total"));
//! ```

mod busiest;
mod layer;
mod route;
mod text;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use http::StatusCode;
use saas_core::{Code, Problem, TenantId};

use self::busiest::Busiest;
pub use self::{
    layer::{RequestsLayer, RequestsService},
    route::{RouteLayer, RouteService},
};

/// The name of what has no route: refused before one was chosen, or unknown.
const NONE: &str = "(none)";

/// The limits that every service has.
const EVERYBODYS: [&str; 3] = ["address", "principal", "tenant"];

/// Counts the requests of a service; cheap to clone.
#[derive(Debug, Clone)]
pub struct RequestMetrics {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// Where the counts of a route are, by path and method.
    places: HashMap<String, HashMap<String, usize>>,
    /// The last ones are those of what has no route.
    counts: Vec<Counts>,
    buckets: [AtomicU64; Self::BUCKETS.len()],
    /// Beside each code of a problem, how many requests were answered with it.
    problems: Vec<(Code, AtomicU64)>,
    /// How many requests each limit has refused; as many as the service has names for.
    limited: Mutex<BTreeMap<&'static str, u64>>,
    busiest: Busiest,
}

#[derive(Debug)]
struct Counts {
    route: String,
    requests: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
    micros: AtomicU64,
}

/// What was counted of a route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RouteCounts {
    /// Method and path, such as `GET /notes/{id}`; `(none)` for what has no route.
    pub route: String,
    /// The requests that were answered, or given up by their client.
    pub requests: u64,
    /// Those that were answered with a status from 400 to 499.
    pub refused: u64,
    /// Those that were answered with a status from 500 on.
    pub failed: u64,
    /// How long they took, to the head of the answer.
    pub time: Duration,
}

impl Inner {
    /// Up to how many microseconds the requests of a bucket took; the last one has no end.
    const BUCKETS: [u64; 13] = [
        1_000,
        5_000,
        10_000,
        25_000,
        50_000,
        100_000,
        250_000,
        500_000,
        1_000_000,
        2_500_000,
        5_000_000,
        10_000_000,
        u64::MAX,
    ];
}

impl RequestMetrics {
    /// Counts the requests of these routes: methods and paths.
    pub fn new<M, P>(routes: impl IntoIterator<Item = (M, P)>) -> Self
    where
        M: AsRef<str>,
        P: AsRef<str>,
    {
        let mut places: HashMap<String, HashMap<String, usize>> = HashMap::new();
        let mut counts = Vec::new();
        for (method, path) in routes {
            let (method, path) = (method.as_ref(), path.as_ref());
            let methods = places.entry(path.to_owned()).or_default();
            methods.insert(method.to_owned(), counts.len());
            counts.push(Counts::of(format!("{method} {path}")));
        }
        counts.push(Counts::of(NONE.to_owned()));
        Self {
            inner: Arc::new(Inner {
                places,
                counts,
                buckets: Default::default(),
                problems: Code::ALL
                    .iter()
                    .map(|code| (*code, AtomicU64::new(0)))
                    .collect(),
                limited: Mutex::new(EVERYBODYS.map(|name| (name, 0)).into()),
                busiest: Busiest::default(),
            }),
        }
    }

    /// Gives what was counted so far, in the order of the routes.
    #[must_use]
    pub fn counts(&self) -> Vec<RouteCounts> {
        let counts = self.inner.counts.iter();
        let read = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let counts = counts.map(|counts| RouteCounts {
            route: counts.route.clone(),
            requests: read(&counts.requests),
            refused: read(&counts.refused),
            failed: read(&counts.failed),
            time: Duration::from_micros(read(&counts.micros)),
        });
        counts.collect()
    }

    /// Gives how many requests of all routes together took at most so long, from the shortest to the longest; the
    /// last time has no end.
    #[must_use]
    pub fn times(&self) -> Vec<(Duration, u64)> {
        let mut sum = 0_u64;
        let buckets = Inner::BUCKETS.iter().zip(&self.inner.buckets);
        let buckets = buckets.map(|(limit, count)| {
            sum = sum.saturating_add(count.load(Ordering::Relaxed));
            let limit = match *limit {
                u64::MAX => Duration::MAX,
                micros => Duration::from_micros(micros),
            };
            (limit, sum)
        });
        buckets.collect()
    }

    /// Gives how many requests were answered with which problem; those that were not are left out.
    #[must_use]
    pub fn problems(&self) -> Vec<(Code, u64)> {
        let read = |(code, count): &(Code, AtomicU64)| (*code, count.load(Ordering::Relaxed));
        let problems = self.inner.problems.iter().map(read);
        problems.filter(|(_, count)| *count > 0).collect()
    }

    /// Gives how many requests each limit has refused, by the name that clients are told: `address`, `principal`, `tenant`, or a
    /// class of routes.
    #[must_use]
    pub fn limited(&self) -> BTreeMap<&'static str, u64> {
        self.by_limit().clone()
    }

    /// Gives the tenants with the most requests, the busiest first, with how many each had, and how many all others
    /// had together. The numbers are those of this instance and not exact: of a tenant that was not always among the
    /// busiest 256 they may be too high.
    #[must_use]
    pub fn busiest(&self, number: usize) -> (Vec<(TenantId, u64)>, u64) {
        self.inner.busiest.first(number)
    }

    fn problem(&self, problem: &Problem) {
        let mut problems = self.inner.problems.iter();
        if let Some((_, count)) = problems.find(|(code, _)| *code == problem.code()) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn refused_by(&self, limit: &'static str) {
        *self.by_limit().entry(limit).or_default() += 1;
    }

    // Held to count, and only for what is refused.
    fn by_limit(&self) -> MutexGuard<'_, BTreeMap<&'static str, u64>> {
        let limited = self.inner.limited.lock();
        limited.unwrap_or_else(PoisonError::into_inner)
    }

    fn place(&self, method: &str, path: &str) -> Option<usize> {
        let methods = self.inner.places.get(path)?;
        // axum answers it by the route of `GET`, where it has none of its own.
        let instead = || methods.get("GET").filter(|_| method == "HEAD");
        methods.get(method).or_else(instead).copied()
    }

    fn count(&self, place: Option<usize>, status: Option<StatusCode>, time: Duration) {
        let inner = &*self.inner;
        let none = inner.counts.len().saturating_sub(1);
        let Some(counts) = inner.counts.get(place.unwrap_or(none)) else {
            return;
        };
        let add = |number: &AtomicU64, by: u64| {
            number.fetch_add(by, Ordering::Relaxed);
        };
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        add(&counts.requests, 1);
        add(&counts.micros, micros);
        match status {
            Some(status) if status.is_client_error() => add(&counts.refused, 1),
            Some(status) if status.is_server_error() => add(&counts.failed, 1),
            _ => {}
        }
        let bucket = Inner::BUCKETS.iter().position(|limit| micros <= *limit);
        if let Some(bucket) = bucket.and_then(|bucket| inner.buckets.get(bucket)) {
            add(bucket, 1);
        }
    }
}

impl Counts {
    fn of(route: String) -> Self {
        Self {
            route,
            requests: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            micros: AtomicU64::new(0),
        }
    }
}
