//! Routes, as a caller meets them.

use std::{
    convert::Infallible,
    future::{Ready, ready},
    task::{Context, Poll, Waker},
    time::Duration,
};

use axum::body::Body;
use http::{Request, Response};
use saas_core::{Level, UserId};
use saas_rbac::{Access, Allowed, Error, GuardLayer, Permission, Presets, RbacConfig, Routes};
use saas_tenancy::{AdmitLayer, Scope};
use tower_layer::Layer as _;
use tower_service::Service;

use crate::world::{Can, World, can};

async fn ok() -> &'static str {
    "ok"
}

async fn proven(caller: Allowed<can::Write>) -> String {
    caller.scope().tenant().name().to_owned()
}

async fn who(scope: Scope) -> String {
    scope.actor().to_string()
}

fn routes() -> Routes {
    Routes::new()
        .get("/read", Can::Read, ok)
        .get("/either", Access::any([Can::Delete, Can::Write]), ok)
        .get("/both", Access::all([Can::Delete, Can::Write]), ok)
        .get("/secret", Access::permission(&Can::Delete).hidden(), ok)
        .get(
            "/careful",
            Access::permission(&Can::Write)
                .fresh_within(Duration::from_secs(300))
                .rate_class("careful"),
            ok,
        )
        .get(
            "/sure",
            Access::permission(&Can::Write).at_level(Level::Aal2),
            ok,
        )
        .get("/proven", Access::member(), proven)
        .get("/proven-secretly", Access::member().hidden(), proven)
        .public()
        .get("/open", ok)
        .get("/who", who)
        .get("/proven-openly", proven)
        .guarded()
}

async fn get(world: &World, user: Option<UserId>, path: &str) -> Response<Body> {
    let router = routes().into_router(&world.authorizer).unwrap();
    let mut service = AdmitLayer::new(world.db.registry()).layer(router);
    let mut request = Request::get(path).body(Body::empty()).unwrap();
    if let Some(user) = user {
        let principal = world.db.principal(world.acme.id(), user);
        request.extensions_mut().insert(principal);
    }
    service.call(request).await.unwrap()
}

#[tokio::test]
async fn a_route_lets_in_whom_it_says() {
    for world in World::all().await {
        let nobody = UserId::generate();
        let user = world.person(&["user"]).await;
        let admin = world.person(&["admin"]).await;
        let owner = world.person(&["owner"]).await;
        for (path, expected) in [
            ("/read", [401, 403, 200, 200, 200]),
            ("/either", [401, 403, 403, 200, 200]),
            ("/both", [401, 403, 403, 403, 200]),
            ("/secret", [401, 404, 404, 404, 200]),
            ("/careful", [401, 403, 403, 200, 200]),
            ("/proven", [401, 403, 403, 200, 200]),
            ("/proven-secretly", [401, 404, 404, 200, 200]),
            ("/open", [200; 5]),
            // A public route has no way to a tenant, whoever calls it.
            ("/who", [401; 5]),
            ("/proven-openly", [401; 5]),
        ] {
            let callers = [None, Some(nobody), Some(user), Some(admin), Some(owner)];
            for (caller, expected) in callers.into_iter().zip(expected) {
                let answer = get(&world, caller, path).await;
                assert_eq!(answer.status(), expected, "{path} {caller:?}");
            }
        }
    }
}

#[derive(Clone)]
struct Busy;

impl Service<Request<Body>> for Busy {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Pending
    }

    fn call(&mut self, _: Request<Body>) -> Self::Future {
        ready(Ok(Response::default()))
    }
}

#[tokio::test]
async fn a_guard_is_ready_when_the_service_inside_is() {
    for world in World::all().await {
        let guard = GuardLayer::new(world.authorizer.clone(), Access::permission(&Can::Read));
        let mut context = Context::from_waker(Waker::noop());
        assert!(guard.layer(Busy).poll_ready(&mut context).is_pending());
    }
}

#[tokio::test]
async fn an_old_sign_in_is_challenged_as_rfc_9470_says() {
    for world in World::all().await {
        let admin = world.person(&["admin"]).await;
        let router = routes().into_router(&world.authorizer).unwrap();
        let mut service = AdmitLayer::new(world.db.registry()).layer(router);
        let mut request = Request::get("/careful").body(Body::empty()).unwrap();
        let principal = world.db.principal(world.acme.id(), admin);
        request.extensions_mut().insert(principal);
        world.db.clock().advance(Duration::from_secs(301));
        let answer = service.call(request).await.unwrap();
        assert_eq!(answer.status(), 401);
        let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.starts_with("Bearer error=\"insufficient_user_authentication\"")
                && challenge.ends_with("max_age=\"300\""),
            "{challenge}"
        );
    }
}

#[tokio::test]
async fn a_weak_sign_in_is_challenged_with_the_level_that_is_wanted() {
    for world in World::all().await {
        let admin = world.person(&["admin"]).await;
        let get = async |user: UserId, methods: &[&str]| {
            let router = routes().into_router(&world.authorizer).unwrap();
            let mut service = AdmitLayer::new(world.db.registry()).layer(router);
            let mut request = Request::get("/sure").body(Body::empty()).unwrap();
            let principal = world.db.principal_by(world.acme.id(), user, methods);
            request.extensions_mut().insert(principal);
            service.call(request).await.unwrap()
        };
        assert_eq!(get(admin, &["pwd", "otp"]).await.status(), 200);
        assert_eq!(get(admin, &["pop", "uv"]).await.status(), 200);
        for weak in [&["pwd"][..], &[], &["otp"], &["pwd", "mfa"]] {
            let answer = get(admin, weak).await;
            assert_eq!(answer.status(), 401);
            let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
            assert!(challenge.ends_with(", acr_values=\"aal2\""), "{challenge}");
        }
        // Who may not do it anyway is not asked to prove more for it.
        assert_eq!(get(UserId::generate(), &["pwd"]).await.status(), 403);
    }
}

#[derive(Debug, Clone, Copy, Permission)]
enum Other {
    #[permission("notes:read")]
    Same,
}

#[derive(Debug, Clone, Copy, Permission)]
enum Third {
    #[permission("things:read")]
    Read,
}

#[tokio::test]
async fn rba_02_routes_that_nobody_could_call_rightly_do_not_become_a_router() {
    let world = World::all().await.remove(0);
    let authorizer = |presets: Presets| {
        let config = RbacConfig::default();
        saas_rbac::Authorizer::new(world.db.database().clone(), presets, &config)
    };
    let twice = routes().get("/read", Can::Write, ok);
    let refused = twice.into_router(&world.authorizer).unwrap_err();
    assert!(matches!(refused, Error::DuplicateRoute(_)), "{refused:?}");
    for (path, cause) in [
        ("/notes/{name}", "conflict"),
        ("nothing", "begins with"),
        ("/{*all}/after", ""),
        ("/{", ""),
    ] {
        let odd = Routes::<()>::new()
            .get("/notes/{id}", Can::Read, ok)
            .get(path, Can::Read, ok);
        let refused = odd.into_router(&world.authorizer).unwrap_err();
        assert!(
            matches!(&refused, Error::InvalidRoute { cause: found, .. } if found.contains(cause)),
            "{refused:?}"
        );
    }
    let same = authorizer(Presets::new::<Can>().and::<Other>());
    let refused = routes().into_router(&same).unwrap_err();
    assert!(
        matches!(refused, Error::DuplicatePermission(_)),
        "{refused:?}"
    );
    let unknown = routes().get("/things", Third::Read, ok);
    let refused = unknown.into_router(&world.authorizer).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the route `GET /things` asks for `things:read`, which is not among the permissions of the program"
    );
    let both = authorizer(Presets::new::<Can>().and::<Third>());
    let known = routes().get("/things", Third::Read, ok);
    assert!(known.into_router(&both).is_ok());
    let _ = Other::Same;
}

#[test]
fn the_table_says_everything_about_a_route() {
    let text = routes().table().to_string();
    let lines: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for line in [
        "GET /both notes:delete & notes:write",
        "GET /careful notes:write, fresh 300s, rate careful",
        "GET /sure notes:write, aal2",
        "GET /secret notes:delete, hidden",
        "GET /open public",
    ] {
        assert!(lines.iter().any(|found| found == line), "{text}");
    }
}
