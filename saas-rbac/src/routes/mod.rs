//! Routes that say who may call them.

mod table;

use std::{collections::BTreeMap, convert::Infallible, marker::PhantomData};

use axum::{
    Router,
    extract::{Request, State},
    handler::Handler,
    response::IntoResponse,
    routing::{MethodFilter, MethodRouter, on},
};
use http::Method;
use tower::ServiceExt as _;
use tower_layer::Layer;
use tower_service::Service;

pub use table::{RouteInfo, RouteTable};

use crate::{
    Access, Authorizer, Error, IntoAccess,
    guard::{GuardLayer, PublicLayer},
};

/// The routes of a service, each with the access it needs.
///
/// The method that adds a route takes the access before the handler; one that forgets it does not
/// compile. [`Routes::public`] opens the list of routes that need none.
#[must_use = "routes do nothing until they become a router"]
pub struct Routes<S = (), Kind = Guarded> {
    routes: Vec<Route<S>>,
    kind: PhantomData<fn() -> Kind>,
}

struct Route<S> {
    info: RouteInfo,
    access: Option<Access>,
    filter: MethodFilter,
    handler: MethodRouter<S>,
}

/// Routes added now need access.
#[derive(Debug)]
#[non_exhaustive]
pub enum Guarded {}

/// Routes added now are open to everybody.
#[derive(Debug)]
#[non_exhaustive]
pub enum Public {}

impl<S, Kind> std::fmt::Debug for Routes<S, Kind> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.routes.iter().map(|route| &route.info))
            .finish()
    }
}

impl<S: Clone + Send + Sync + 'static> Default for Routes<S> {
    fn default() -> Self {
        Self::new()
    }
}

macro_rules! methods {
    ($($name:ident $method:ident)+) => {
        impl<S: Clone + Send + Sync + 'static> Routes<S, Guarded> {
            $(
                #[doc = concat!("Adds a `", stringify!($method), "` route that needs the access.")]
                pub fn $name<H, T>(self, path: &str, access: impl IntoAccess, handler: H) -> Self
                where
                    H: Handler<T, S>,
                    T: 'static,
                {
                    self.add(&Method::$method, MethodFilter::$method, path, Some(access.into_access()), handler)
                }
            )+
        }

        impl<S: Clone + Send + Sync + 'static> Routes<S, Public> {
            $(
                #[doc = concat!("Adds a `", stringify!($method), "` route that everybody may call.")]
                pub fn $name<H, T>(self, path: &str, handler: H) -> Self
                where
                    H: Handler<T, S>,
                    T: 'static,
                {
                    self.add(&Method::$method, MethodFilter::$method, path, None, handler)
                }
            )+
        }
    };
}

methods! { get GET post POST put PUT patch PATCH delete DELETE head HEAD }

impl<S: Clone + Send + Sync + 'static> Routes<S> {
    /// Starts with no route. The ones added first need access.
    pub const fn new() -> Self {
        Self {
            routes: Vec::new(),
            kind: PhantomData,
        }
    }
}

impl<S: Clone + Send + Sync + 'static> Routes<S, Public> {
    /// Adds a router that another crate brings, whose routes everybody may call: the methods and paths of the
    /// list and no others, so that the table of routes shows what there is. `router` gives it out of the state, for
    /// each request. CONNECT and methods that HTTP does not define are not routed.
    pub fn mount(
        mut self,
        list: &[(Method, &str)],
        router: impl Fn(&S) -> Router + Clone + Send + Sync + 'static,
    ) -> Self {
        for (method, path) in list {
            let Ok(filter) = MethodFilter::try_from(method.clone()) else {
                continue;
            };
            let router = router.clone();
            let forward = move |State(state): State<S>, request: Request| {
                let router = router(&state);
                async move { router.oneshot(request).await }
            };
            self = self.add(method, filter, path, None, forward);
        }
        self
    }
}

impl<S: Clone + Send + Sync + 'static, Kind> Routes<S, Kind> {
    /// From here on routes are open to everybody, and take no access.
    pub fn public(self) -> Routes<S, Public> {
        Routes {
            routes: self.routes,
            kind: PhantomData,
        }
    }

    /// From here on routes need access.
    pub fn guarded(self) -> Routes<S, Guarded> {
        Routes {
            routes: self.routes,
            kind: PhantomData,
        }
    }

    /// Adds the routes of another list.
    pub fn merge<Other>(mut self, other: Routes<S, Other>) -> Self {
        self.routes.extend(other.routes);
        self
    }

    /// Puts a layer around the handlers of the guarded routes with one of these methods, inside of their guards: what
    /// it sees may be done. Routes that are added later do not have it.
    ///
    /// The layers of `saas-edge` that keep an answer and tell it again stand there, so that they tell it to nobody
    /// whose permission was taken away.
    pub fn layer<L>(mut self, methods: &[Method], layer: L) -> Self
    where
        L: Layer<axum::routing::Route> + Clone + Send + Sync + 'static,
        L::Service: Service<Request, Error = Infallible> + Clone + Send + Sync + 'static,
        <L::Service as Service<Request>>::Response: IntoResponse + 'static,
        <L::Service as Service<Request>>::Future: Send + 'static,
    {
        for route in &mut self.routes {
            let has_method = methods
                .iter()
                .any(|method| *method == route.info.method.as_str());
            if route.access.is_some() && has_method {
                let handler = std::mem::take(&mut route.handler);
                // Not around the answer to a method that the path does not have.
                route.handler = handler.route_layer(layer.clone());
            }
        }
        self
    }

    /// Gives the list of routes.
    #[must_use]
    pub fn table(&self) -> RouteTable {
        RouteTable::new(self.routes.iter().map(|route| route.info.clone()).collect())
    }

    /// Makes the router, with a guard before each handler.
    ///
    /// Around it stand, from the outside in: `saas_tenancy::TenantLayer`, which finds the tenant that an address
    /// names, a layer that verifies the caller (`saas_auth::AuthLayer`), `saas_tenancy::AdmitLayer`, which joins
    /// the two into a scope, and `saas_tenancy::TransactionLayer` for handlers that take a transaction. Without
    /// `AdmitLayer` nobody ever asked who is calling: a guarded route then answers `internal`, and the log says so.
    ///
    /// # Errors
    ///
    /// [`Error::DuplicateRoute`] when two routes have the same method and path; [`Error::InvalidRoute`] when a
    /// path is none, or two paths differ in nothing but the names of their parameters;
    /// [`Error::DuplicatePermission`] when two enums of the presets name a permission alike;
    /// [`Error::UnknownRoutePermission`] when a route asks for a permission that the presets do not have.
    pub fn into_router(self, authorizer: &Authorizer) -> Result<Router<S>, Error> {
        let presets = authorizer.presets();
        presets.check()?;
        let mut known = matchit::Router::new();
        let mut paths: BTreeMap<String, (MethodRouter<S>, Vec<MethodFilter>)> = BTreeMap::new();
        for route in self.routes {
            let name = || format!("{} {}", route.info.method, route.info.path);
            let keys = route.access.as_ref().map_or(&[][..], Access::keys);
            if let Some(key) = keys.iter().find(|key| presets.bit(**key).is_none()) {
                return Err(Error::UnknownRoutePermission {
                    route: name(),
                    permission: key.name,
                });
            }
            let handler = match route.access {
                Some(access) => route
                    .handler
                    .layer(GuardLayer::new(authorizer.clone(), access)),
                None => route.handler.layer(PublicLayer),
            };
            if !paths.contains_key(&route.info.path) {
                // axum panics where this gives an error.
                let path = &route.info.path;
                let invalid = |cause: String| Error::InvalidRoute {
                    route: format!("{} {path}", route.info.method),
                    cause,
                };
                if !path.starts_with('/') {
                    return Err(invalid("a path begins with `/`".to_owned()));
                }
                known
                    .insert(path.clone(), ())
                    .map_err(|error| invalid(error.to_string()))?;
            }
            let (router, taken) = paths.entry(route.info.path.clone()).or_default();
            if taken.contains(&route.filter) {
                return Err(Error::DuplicateRoute(format!(
                    "{} {}",
                    route.info.method, route.info.path
                )));
            }
            taken.push(route.filter);
            *router = std::mem::take(router).merge(handler);
        }
        Ok(paths
            .into_iter()
            .fold(Router::new(), |router, (path, (handler, _))| {
                router.route(&path, handler)
            }))
    }

    fn add<H, T>(
        mut self,
        method: &Method,
        filter: MethodFilter,
        path: &str,
        access: Option<Access>,
        handler: H,
    ) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        let info = RouteInfo::new(method, path, access.as_ref());
        self.routes.push(Route {
            info,
            access,
            filter,
            handler: on(filter, handler),
        });
        self
    }
}
