//! How often one caller, and one tenant, may ask.

use std::{
    collections::HashMap,
    fmt,
    sync::Arc,
    task::{Context, Poll},
};

use async_trait::async_trait;
use axum::{
    body::Body,
    extract::MatchedPath,
    response::{IntoResponse as _, Response},
};
use http::{Method, Request, request::Parts};
use saas_core::{
    ClientAddress,
    config::ConfigError,
    edge::GateFuture,
    limit::{LimitKey, Quota, RateLimiter},
};
use saas_tenancy::{Admission, Scope};
use tower_layer::Layer;
use tower_service::Service;

use super::{
    LimitsConfig,
    address::of_network,
    take::{Asked, Counting, take, take_now},
};

/// Says how many times as much as the quotas a tenant may do, such as by its plan.
///
/// # Contract
///
/// It is asked for every request of somebody who is signed in, so it answers from memory as a rule. What it cannot
/// find out counts as 1.
#[async_trait]
pub trait Weigh: fmt::Debug + Send + Sync + 'static {
    /// Gives the weight of the scope's tenant; 0 counts as 1.
    async fn weight(&self, scope: &Scope) -> u32;

    /// Gives what [`weight`](Self::weight) would, if that is in memory.
    fn known(&self, scope: &Scope) -> Option<u32> {
        let _ = scope;
        None
    }
}

/// Bounds how often one caller may ask, everybody in one tenant together, and one caller on the routes of a class.
///
/// It stands inside of the admission, which says who is calling, and inside of the router, which says what for:
/// `router.layer(…)`. Whoever is not signed in counts for a class by address, and never for the tenant, so that
/// strangers cannot use up what its members have.
#[derive(Debug, Clone)]
pub struct CallerLimitLayer(Arc<Rules>);

#[derive(Debug, Clone)]
struct Rules {
    limiter: Arc<dyn RateLimiter>,
    principal: Quota,
    tenant: Quota,
    classes: HashMap<&'static str, Quota>,
    /// The classes of routes, by path and method.
    routes: HashMap<String, Vec<(String, &'static str)>>,
    weights: Option<Arc<dyn Weigh>>,
}

impl CallerLimitLayer {
    /// Makes the layer for routes with these classes, each with its method and its path as the router has it.
    ///
    /// # Errors
    ///
    /// When the configuration names a class that no route has, or the name of a class could not stand in a header.
    pub fn new<'a>(
        limiter: Arc<dyn RateLimiter>,
        config: &LimitsConfig,
        routes: impl IntoIterator<Item = (&'a str, &'a str, &'static str)>,
    ) -> Result<Self, ConfigError> {
        let mut rules = Rules {
            limiter,
            principal: config.principal,
            tenant: config.tenant,
            classes: HashMap::new(),
            routes: HashMap::new(),
            weights: None,
        };
        let routes: Vec<_> = routes.into_iter().collect();
        config.check(routes.iter().map(|(_, _, class)| *class))?;
        for (method, path, class) in routes {
            if let Some(quota) = config.classes.get(class) {
                rules.classes.insert(class, *quota);
                let methods = rules.routes.entry(path.to_owned()).or_default();
                methods.push((method.to_owned(), class));
            }
        }
        Ok(Self(Arc::new(rules)))
    }

    /// Lets some tenants do more than others.
    #[must_use]
    pub fn weights(mut self, weights: impl Weigh) -> Self {
        Arc::make_mut(&mut self.0).weights = Some(Arc::new(weights));
        self
    }
}

impl Rules {
    /// Gives the tenant whose weight has to be found out before it is known what is asked.
    fn weighed<'a>(&self, parts: &'a Parts) -> Option<(&dyn Weigh, &'a Scope)> {
        match parts.extensions.get::<Admission>() {
            Some(Admission::Admitted(scope)) => Some((self.weights.as_deref()?, scope)),
            _ => None,
        }
    }

    fn asked(&self, parts: &Parts, weight: u32) -> Vec<Asked> {
        let class = self.class(parts);
        let Some(Admission::Admitted(scope)) = parts.extensions.get::<Admission>() else {
            let client = parts.extensions.get::<ClientAddress>();
            let of_class = class.zip(client).map(|((name, quota), client)| Asked {
                name,
                key: LimitKey::new(
                    "traffic/class/address",
                    &[name.as_bytes(), of_network("network", *client).as_bytes()],
                ),
                quota,
            });
            return of_class.into_iter().collect();
        };
        let tenant = scope.tenant().id().as_uuid();
        let of_tenant = Asked {
            name: "tenant",
            key: LimitKey::new("traffic/tenant", &[tenant.as_bytes()]),
            quota: self.tenant.times(weight),
        };
        let mut asked = Vec::with_capacity(3);
        // The narrowest first: whoever is refused by their own has used up nothing of the others'.
        if let Some(key) = of_principal("traffic/principal", scope) {
            if let Some((name, quota)) = class {
                asked.push(Asked {
                    name,
                    key: LimitKey::new("traffic/class", &[name.as_bytes(), key.as_bytes()]),
                    quota: quota.times(weight),
                });
            }
            asked.push(Asked {
                name: "principal",
                key,
                quota: self.principal.times(weight),
            });
        }
        asked.push(of_tenant);
        asked
    }

    fn class(&self, parts: &Parts) -> Option<(&'static str, Quota)> {
        let path = parts.extensions.get::<MatchedPath>()?;
        let methods = self.routes.get(path.as_str())?;
        let of = |asked: &Method| methods.iter().find(|(method, _)| *asked == **method);
        // What is asked with HEAD is worked out by the handler of GET, where it has none of its own.
        let (_, class) = match (of(&parts.method), &parts.method) {
            (None, &Method::HEAD) => of(&Method::GET)?,
            (found, _) => found?,
        };
        Some((*class, *self.classes.get(class)?))
    }
}

/// Counts for a caller in a tenant. The API keys of a member are that member.
pub(super) fn of_principal(name: &'static str, scope: &Scope) -> Option<LimitKey> {
    let (caller, tenant) = (scope.principal()?, scope.tenant().id().as_uuid());
    let (kind, subject) = (caller.kind().as_str(), caller.subject().as_uuid());
    let parts: [&[u8]; 3] = [tenant.as_bytes(), kind.as_bytes(), subject.as_bytes()];
    Some(LimitKey::new(name, &parts))
}

impl<S> Layer<S> for CallerLimitLayer {
    type Service = CallerLimitService<S>;

    fn layer(&self, inner: S) -> CallerLimitService<S> {
        CallerLimitService {
            inner,
            rules: Arc::clone(&self.0),
        }
    }
}

/// Made by [`CallerLimitLayer`].
#[derive(Debug, Clone)]
pub struct CallerLimitService<S> {
    inner: S,
    rules: Arc<Rules>,
}

impl<S> Service<Request<Body>> for CallerLimitService<S>
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
        let weight = match self.rules.weighed(&parts) {
            Some((weights, scope)) => weights.known(scope),
            None => Some(1),
        };
        if let (Some(weight), Some(limiter)) = (weight, self.rules.limiter.in_process()) {
            return match take_now(limiter, &self.rules.asked(&parts, weight)) {
                Ok(passed) => {
                    let inner = self.inner.call(Request::from_parts(parts, body));
                    GateFuture::open(passed.before(inner))
                }
                Err(refused) => GateFuture::answer(refused),
            };
        }
        let rules = Arc::clone(&self.rules);
        // The clone may not be ready; the service that was polled is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        GateFuture::ask(async move {
            let weight = match (weight, rules.weighed(&parts)) {
                (None, Some((weights, scope))) => weights.weight(scope).await,
                (weight, _) => weight.unwrap_or(1),
            };
            match take(&*rules.limiter, rules.asked(&parts, weight)).await {
                Ok(passed) => {
                    let inner = inner.call(Request::from_parts(parts, body));
                    passed.before(inner).await
                }
                Err(refused) => Ok(refused.into_response()),
            }
        })
    }
}
