//! How many requests of one tenant are worked on at a time.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{Method, Request, header};
use http_body::Body as _;
use pin_project_lite::pin_project;
use saas_core::{
    Code, Problem, TenantId,
    edge::{BodyFault, GateFuture, read_ahead},
    limit::LimitKey,
    metrics::{Kind, Metrics, MetricsText},
};
use saas_tenancy::{Admission, Shares, Tenant};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    FairShareConfig,
    address::of_network,
    caller::of_principal,
    places::{Aside, Held, Places},
};

/// Works on so many requests of one tenant at a time, and answers `overloaded` to what does not fit into its queue,
/// for that tenant alone.
///
/// There are as many places as processors, because more requests would not be done sooner. Who takes long waits for
/// something else as a rule, and is moved aside after [`slow_after`](FairShareConfig::slow_after), so that a few of those do
/// not keep their colleagues waiting. A place is held until the answer begins: what is streamed afterwards holds neither a
/// thread nor a connection of the database. How many of those a tenant may use is
/// [`tenant_connections`](saas_tenancy::DatabaseConfig::tenant_connections).
///
/// It stands inside of the admission. Those who are not signed in have places of their own in each tenant, so that
/// strangers do not take those of its members. Requests without a tenant are not counted.
#[derive(Debug, Clone)]
pub struct FairShareLayer {
    members: Places,
    visitors: Places,
}

/// From how many bytes on a body is streamed. Less is taken in before the request takes a place, which whoever sends slowly
/// would hold.
const LARGE: usize = 8 << 10;

/// How a body comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// It is none, or nobody reads it.
    NotNow,
    /// It is small, or may be.
    Before,
    /// It is large.
    Streamed,
}

impl FairShareLayer {
    /// Makes the layer. Services that it is put around by clones of one layer count together.
    #[must_use]
    pub fn new(config: &FairShareConfig) -> Self {
        let shares = |places| Shares::new(places, config.queue, config.wait.into());
        let aside = (config.slow > 0).then(|| (shares(config.slow), config.slow_after.into()));
        let places = |working, aside| Places {
            working: shares(working),
            aside,
            streaming: shares(config.streaming),
            callers: Shares::new(config.streaming / 4, config.queue, config.wait.into()),
            wait: config.wait.into(),
        };
        Self {
            members: places(config.places(), aside),
            // Strangers are not told apart, so nobody may keep all of these with a few requests that take long.
            visitors: places(config.places().max(config.streaming), None),
        }
    }

    /// Gives the places of those who ask so, and whose they are.
    fn of(&self, request: &Request<Body>) -> Option<(&Places, TenantId)> {
        let extensions = request.extensions();
        let (places, tenant) = match (extensions.get(), extensions.get::<Tenant>()) {
            (Some(Admission::Admitted(scope)), _) => (&self.members, scope.tenant().id()),
            (_, Some(tenant)) => (&self.visitors, tenant.id()),
            _ => return None,
        };
        Some((places, tenant))
    }
}

fn comes(request: &Request<Body>) -> Comes {
    let headers = request.headers();
    let length = headers.get(header::CONTENT_LENGTH);
    // No handler takes any of what these send.
    let asks = [Method::GET, Method::HEAD, Method::OPTIONS];
    match length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok()) {
        _ if request.body().is_end_stream() => Comes::NotNow,
        _ if asks.contains(request.method()) => Comes::NotNow,
        Some(length) if length > LARGE => Comes::Streamed,
        _ => Comes::Before,
    }
}

/// Who sends the request: the caller, or the network from which it comes.
fn caller(request: &Request<Body>, tenant: TenantId) -> LimitKey {
    let extensions = request.extensions();
    if let Some(Admission::Admitted(scope)) = extensions.get()
        && let Some(key) = of_principal("share/principal", scope)
    {
        return key;
    }
    let network = extensions
        .get()
        .map(|client| of_network("network", *client));
    let network = network
        .as_ref()
        .map_or(&[][..], |network| network.as_bytes());
    LimitKey::new("share/network", &[tenant.as_uuid().as_bytes(), network])
}

/// Takes in a body that may be small. Tells whether it is not.
async fn taken_in(request: Request<Body>) -> Result<(Request<Body>, bool), Problem> {
    let (parts, body) = request.into_parts();
    let read = read_ahead(&parts, body, LARGE + 1).await;
    let (read, body) = read.map_err(BodyFault::problem)?;
    Ok((Request::from_parts(parts, body), read.len() > LARGE))
}

/// How many requests of all tenants together have a place, of which kind, or wait for one.
impl Metrics for FairShareLayer {
    fn write(&self, text: &mut MetricsText) {
        let help = "Requests that have a place in the share of their tenant, or wait for one.";
        let mut family = text.family("saas_share_requests", help, Kind::Gauge);
        for (of, places) in [("members", &self.members), ("visitors", &self.visitors)] {
            let [working, streaming] = [&places.working, &places.streaming].map(Shares::uses);
            let aside = places.aside.as_ref().map(|(shares, _)| shares.uses());
            let waiting = working.waiting + streaming.waiting + places.callers.uses().waiting;
            for (state, number) in [
                ("working", working.taken),
                ("aside", aside.unwrap_or_default().taken),
                ("streaming", streaming.taken),
                ("waiting", waiting),
            ] {
                family.count(&[("of", of), ("state", state)], number as u64);
            }
        }
    }
}

impl<S> Layer<S> for FairShareLayer {
    type Service = FairShareService<S>;

    fn layer(&self, inner: S) -> FairShareService<S> {
        FairShareService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Made by [`FairShareLayer`].
#[derive(Debug, Clone)]
pub struct FairShareService<S> {
    inner: S,
    layer: FairShareLayer,
}

impl<S> Service<Request<Body>> for FairShareService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GateFuture<Placed<S::Future>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some((places, tenant)) = self.layer.of(&request) else {
            return GateFuture::open(Placed::new(self.inner.call(request), None, None));
        };
        let comes = comes(&request);
        let mut is_streamed = comes == Comes::Streamed;
        let caller = is_streamed.then(|| caller(&request, tenant));
        if comes != Comes::Before
            && let Some(held) = places.try_enter(tenant, caller)
        {
            let aside = places.aside(tenant, is_streamed);
            return GateFuture::open(Placed::new(self.inner.call(request), Some(held), aside));
        }
        let places = places.clone();
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let mut request = request;
            if comes == Comes::Before {
                match taken_in(request).await {
                    Ok((whole, is_large)) => (request, is_streamed) = (whole, is_large),
                    Err(problem) => return Ok(problem.into_response()),
                }
            }
            let caller = is_streamed.then(|| self::caller(&request, tenant));
            let Some(held) = places.enter(tenant, caller).await else {
                tracing::info!("the tenant has too many requests under way");
                let problem = Problem::new(Code::OVERLOADED).retry_after(1);
                return Ok(problem.into_response());
            };
            let aside = places.aside(tenant, is_streamed);
            Placed::new(inner.call(request), Some(held), aside).await
        })
    }
}

pin_project! {
    /// A request that is worked on, and the place that it has until its answer begins.
    #[derive(Debug)]
    #[must_use = "futures do nothing unless they are polled"]
    pub struct Placed<F> {
        #[pin]
        inner: F,
        held: Option<Held>,
        #[pin]
        aside: Option<Aside>,
    }
}

impl<F> Placed<F> {
    pub(super) const fn new(inner: F, held: Option<Held>, aside: Option<Aside>) -> Self {
        Self { inner, held, aside }
    }
}

impl<F: Future> Future for Placed<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let mut this = self.project();
        if let Poll::Ready(answer) = this.inner.poll(context) {
            *this.held = None;
            return Poll::Ready(answer);
        }
        if let Some(aside) = this.aside.as_mut().as_pin_mut() {
            *this.held = Some(ready!(aside.poll(context)).into());
            this.aside.set(None);
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_does_not_say_how_much_he_sends_takes_no_place_of_those_who_send_much() {
        for (method, headers, how) in [
            (
                "GET",
                &[("transfer-encoding", "chunked")][..],
                Comes::NotNow,
            ),
            ("GET", &[("content-length", "100000")], Comes::NotNow),
            ("POST", &[("transfer-encoding", "chunked")], Comes::Before),
            ("POST", &[("content-length", "1")], Comes::Before),
            ("DELETE", &[("content-length", "1")], Comes::Before),
            ("POST", &[("content-length", "8192")], Comes::Before),
            ("POST", &[("content-length", "8193")], Comes::Streamed),
            (
                "PUT",
                &[("content-length", "1"), ("expect", "100-continue")],
                Comes::Before,
            ),
            (
                "PUT",
                &[("content-length", "8193"), ("expect", "100-continue")],
                Comes::Streamed,
            ),
        ] {
            let mut request = Request::builder().method(method);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let never = futures_util::stream::pending::<Result<&str, String>>();
            let request = request.body(Body::from_stream(never)).unwrap();
            assert_eq!(comes(&request), how, "{method} {headers:?}");
        }
    }

    #[test]
    fn one_caller_has_a_quarter_of_the_places_of_those_who_stream() {
        let layer = FairShareLayer::new(&FairShareConfig::default());
        let tenant = TenantId::generate();
        let [one, other] = [b"one", b"two"].map(|name| LimitKey::new("x", &[name]));
        let try_all = |caller| {
            let held = (0..100).map_while(|_| layer.visitors.try_enter(tenant, Some(caller)));
            held.collect::<Vec<_>>()
        };
        let held = [try_all(one), try_all(other)];
        assert_eq!(held.each_ref().map(Vec::len), [16, 16]);
        let text = MetricsText::default().with(&layer);
        let line = "saas_share_requests{of=\"visitors\",state=\"streaming\"} 32\n";
        assert!(text.as_str().contains(line), "{}", text.as_str());
        drop(held);
        assert_eq!(try_all(one).len(), 16);
    }

    #[tokio::test]
    async fn what_is_small_is_worked_on_and_what_is_large_is_streamed() {
        for (length, is_large) in [
            (1, false),
            (LARGE, false),
            (LARGE + 1, true),
            (LARGE * 3, true),
        ] {
            let pieces = vec![vec![b'x'; length / 2], vec![b'x'; length - length / 2]];
            let pieces = pieces.into_iter().map(Ok::<_, String>);
            let body = Body::from_stream(futures_util::stream::iter(pieces));
            let (request, large) = taken_in(Request::new(body)).await.unwrap();
            let whole = axum::body::to_bytes(request.into_body(), usize::MAX).await;
            assert_eq!((whole.unwrap().len(), large), (length, is_large));
        }
    }
}
