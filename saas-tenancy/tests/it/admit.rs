//! Where tenant and caller meet.

use std::convert::Infallible;

use axum::{body::Body, response::IntoResponse as _};
use http::{Request, Response, StatusCode};
use saas_core::Id;
use saas_tenancy::{
    Admission, AdmitLayer, Dialect, Scope, Tenant, TenantLayer, resolve::ResolveConfig,
};
use tower::{Layer as _, ServiceExt as _, service_fn};

use crate::world::{Project, World};

/// Sends a request of a caller of `home` to an address that names `named`, and gives who was admitted.
async fn ask(
    layer: &AdmitLayer,
    world: &World,
    home: &Tenant,
    named: Option<&Tenant>,
) -> Result<Scope, u16> {
    let inner = service_fn(async |request: Request<Body>| {
        let mut response = StatusCode::OK.into_response();
        if let Some(Admission::Admitted(scope)) = request.extensions().get() {
            response.extensions_mut().insert(scope.clone());
        }
        Ok::<Response<Body>, Infallible>(response)
    });
    let mut request = Request::new(Body::empty());
    request
        .extensions_mut()
        .insert(world.db.principal(home.id(), Id::generate()));
    if let Some(named) = named {
        request.extensions_mut().insert(named.clone());
    }
    let mut response = layer.layer(inner).oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    response.extensions_mut().remove::<Scope>().ok_or(status)
}

#[tokio::test]
async fn ten_19_20_the_sources_have_to_agree() {
    let world = World::on(Dialect::Sqlite).await;
    let (acme, beta) = (&world.acme, &world.beta);
    let both = AdmitLayer::new(world.db.registry());
    let scope = ask(&both, &world, acme, None).await.unwrap();
    assert_eq!(scope.tenant(), acme);
    let scope = ask(&both, &world, acme, Some(acme)).await.unwrap();
    assert_eq!(scope.tenant(), acme);
    assert_eq!(ask(&both, &world, acme, Some(beta)).await.unwrap_err(), 403);
    // Where the claim of a token is no source, it still has to agree with the address.
    let address = AdmitLayer::new(world.db.registry()).address_required();
    let scope = ask(&address, &world, acme, Some(acme)).await.unwrap();
    assert_eq!(scope.tenant(), acme);
    assert_eq!(ask(&address, &world, acme, None).await.unwrap_err(), 400);
    assert_eq!(
        ask(&address, &world, acme, Some(beta)).await.unwrap_err(),
        403
    );
}

/// What the configuration says of tokens holds without a word to the layer that admits.
#[tokio::test]
async fn who_reads_tenants_from_one_header_only_needs_it_on_every_request() {
    let world = World::on(Dialect::Sqlite).await;
    let registry = world.db.registry();
    let inner =
        service_fn(async |_: Request<Body>| Ok::<_, Infallible>(Response::new(Body::empty())));
    let ask = async |config: ResolveConfig, slug: Option<&str>| {
        let service = AdmitLayer::new(registry.clone()).layer(inner);
        let service = TenantLayer::new(registry.clone(), config).layer(service);
        let mut request = Request::builder().header("host", "localhost");
        if let Some(slug) = slug {
            request = request.header("x-tenant", slug);
        }
        let mut request = request.body(Body::empty()).unwrap();
        let caller = world.db.principal(world.acme.id(), Id::generate());
        request.extensions_mut().insert(caller);
        service.oneshot(request).await.unwrap().status().as_u16()
    };
    let header_only = || ResolveConfig::header_only("x-tenant");
    let slug = world.acme.slug().to_string();
    assert_eq!(ask(header_only(), Some(&slug)).await, 200);
    assert_eq!(ask(header_only(), None).await, 400);
    assert_eq!(ask(ResolveConfig::default(), None).await, 200);
}

#[test]
fn a_name_that_can_name_nothing_is_refused() {
    for (config, word) in [
        (r#"{"header": "bad header"}"#, "header"),
        (r#"{"path_prefix": "a/b"}"#, "segment"),
    ] {
        let error = serde_json::from_str::<ResolveConfig>(config).unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    for config in [r#"{"header": ""}"#, r#"{"path_prefix": ""}"#] {
        assert!(serde_json::from_str::<ResolveConfig>(config).is_ok());
    }
}

#[tokio::test]
async fn a_caller_is_admitted_outside_of_the_layers_too() {
    let world = World::on(Dialect::Sqlite).await;
    let registry = world.db.registry();
    let user = Id::generate();
    let scope = registry
        .admit(world.db.principal(world.acme.id(), user))
        .await;
    let scope = scope.unwrap();
    assert_eq!(scope.tenant(), &world.acme);
    assert_eq!(scope.principal().unwrap().subject(), user);
    let nobody = world.db.principal(Id::generate(), user);
    let refused = registry.admit(nobody).await.unwrap_err();
    assert_eq!(refused.code().name(), "token-invalid");
}

#[tokio::test]
async fn ten_28_work_that_outlives_its_request_keeps_its_own_tenant() {
    for world in World::all().await {
        world.project(&world.acme, "ours").await;
        world.project(&world.beta, "theirs").await;
        let mut tasks = Vec::new();
        // Far more tasks than connections, of two tenants in turn, begun by one thread.
        for turn in 0..40 {
            let (tenant, name) = match turn % 2 {
                0 => (&world.acme, "ours"),
                _ => (&world.beta, "theirs"),
            };
            let (database, scope) = (world.db.database().clone(), world.db.scope(tenant));
            tasks.push(tokio::spawn(async move {
                let mut tx = database.read(&scope);
                tokio::task::yield_now().await;
                let blocking = tokio::task::spawn_blocking(move || scope.tenant().clone());
                let found = tx.repo::<Project>().list(Default::default()).await.unwrap();
                let names: Vec<_> = found.items.into_iter().map(|row| row.name).collect();
                assert_eq!(names, [name]);
                (blocking.await.unwrap(), name)
            }));
        }
        for task in tasks {
            let (tenant, name) = task.await.unwrap();
            let expected = if name == "ours" {
                &world.acme
            } else {
                &world.beta
            };
            assert_eq!(&tenant, expected);
        }
    }
}
