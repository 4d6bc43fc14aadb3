//! How often one address may ask, before anything is read or looked up.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse as _, Response},
};
use http::{Request, request::Parts};
use saas_core::{
    ClientAddress,
    edge::GateFuture,
    limit::{LimitKey, Quota, RateLimiter},
};
use saas_tenancy::resolve::{self, ResolveConfig};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    LimitsConfig,
    take::{Asked, Counting, take, take_now},
};

/// Bounds how often one address, or network of IPv6, may ask.
///
/// It stands outside of everything that reads a body, looks something up or verifies a credential, and so it finds
/// out by itself who is asking, from the peer and the proxies that are trusted. A request of which the peer is not
/// known, because it came over no socket, is not counted.
///
/// # Examples
///
/// ```
/// use std::{convert::Infallible, sync::Arc};
///
/// use axum::{Router, body::Body, response::Response};
/// use http::Request;
/// use saas_core::{SystemClock, config::ConfigError, limit::ProcessLimiter};
/// use saas_edge::{AddressLimitLayer, CallerLimitLayer, FairShareLayer, LimitsConfig};
/// use saas_tenancy::resolve::ResolveConfig;
/// use tower::{Layer as _, Service};
///
/// fn limited(
///     router: Router,
/// ) -> Result<impl Service<Request<Body>, Response = Response, Error = Infallible>, ConfigError> {
///     let (limiter, config) = (Arc::new(ProcessLimiter::new(SystemClock::shared())), LimitsConfig::default());
///     // Inside of the router, which knows the classes of routes: there are none here.
///     let router = router.layer(CallerLimitLayer::new(limiter.clone(), &config, [])?);
///     let service = FairShareLayer::new(&config.fair_share).layer(router);
///     // Here stand the layers that find tenant and caller.
///     Ok(AddressLimitLayer::new(limiter, &config, ResolveConfig::default()).layer(service))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct AddressLimitLayer {
    limiter: Arc<dyn RateLimiter>,
    quota: Quota,
    resolve: Arc<ResolveConfig>,
}

impl AddressLimitLayer {
    /// Makes the layer. The proxies that are trusted are those of the resolution of tenants.
    #[must_use]
    pub fn new(
        limiter: Arc<dyn RateLimiter>,
        config: &LimitsConfig,
        resolve: ResolveConfig,
    ) -> Self {
        Self {
            limiter,
            quota: config.address,
            resolve: Arc::new(resolve),
        }
    }

    fn asked(&self, parts: &Parts) -> Option<Asked> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        let client = resolve::client_address(&self.resolve, &parts.headers, peer.ip());
        Some(Asked {
            name: "address",
            key: of_network("traffic/address", client),
            quota: self.quota,
        })
    }
}

/// Counts for the network of a client.
pub(super) fn of_network(name: &'static str, client: ClientAddress) -> LimitKey {
    match client.network() {
        IpAddr::V4(address) => LimitKey::new(name, &[&address.octets()]),
        IpAddr::V6(network) => LimitKey::new(name, &[&network.octets()]),
    }
}

impl<S> Layer<S> for AddressLimitLayer {
    type Service = AddressLimitService<S>;

    fn layer(&self, inner: S) -> AddressLimitService<S> {
        AddressLimitService {
            inner,
            layer: self.clone(),
        }
    }
}

/// Made by [`AddressLimitLayer`].
#[derive(Debug, Clone)]
pub struct AddressLimitService<S> {
    inner: S,
    layer: AddressLimitLayer,
}

impl<S> Service<Request<Body>> for AddressLimitService<S>
where
    S: Service<Request<Body>, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = GateFuture<Counting<S::Future>, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let (parts, body) = request.into_parts();
        let asked = self.layer.asked(&parts);
        let request = Request::from_parts(parts, body);
        if let Some(limiter) = self.layer.limiter.in_process() {
            return match take_now(limiter, asked.as_slice()) {
                Ok(passed) => GateFuture::open(passed.before(self.inner.call(request))),
                Err(refused) => GateFuture::answer(refused),
            };
        }
        let limiter = Arc::clone(&self.layer.limiter);
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            match take(&*limiter, asked).await {
                Ok(passed) => passed.before(inner.call(request)).await,
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}
