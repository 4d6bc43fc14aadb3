//! Where a token may stand in a request, and what comes of it.

use saas_core::Id;
use saas_tenancy::{Dialect, SystemScope};
use saas_testkit::TestSetup;
use serde_json::json;

use crate::{
    forge::Forge,
    world::{PASSWORD, World},
};

#[tokio::test]
async fn a_request_without_a_credential_goes_on_as_nobody() {
    let world = World::on(Dialect::Sqlite).await;
    let answer = world.who("/anybody", &[]).await;
    assert_eq!((answer.status.as_u16(), &*answer.text), (200, "\"false\""));
    let answer = world.who("/whoami", &[]).await;
    assert_eq!(answer.outcome(), (401, "unauthenticated".to_owned()));
    assert_eq!(answer.headers["www-authenticate"], "Bearer");
}

#[tokio::test]
async fn a_request_with_a_good_token_has_a_caller_and_a_scope() {
    for world in World::all().await {
        let user = world.person(&world.acme, "ann@acme.test").await;
        let answer = world.sign_in(&world.acme, "ann@acme.test", PASSWORD).await;
        let bearer = format!("Bearer {}", answer.field("access_token"));
        let answer = world.who("/whoami", &[&bearer]).await;
        assert_eq!(answer.json(), user.to_string());
        assert_eq!(world.who("/scoped", &[&bearer]).await.json(), "acme");
        assert_eq!(world.who("/t/acme/scoped", &[&bearer]).await.json(), "acme");
        let foreign = world.who("/t/beta/scoped", &[&bearer]).await;
        assert_eq!(foreign.outcome(), (403, "tenant-foreign".to_owned()));
    }
}

#[tokio::test]
async fn a_refused_token_is_refused_also_where_nobody_has_to_sign_in() {
    let world = World::on(Dialect::Sqlite).await;
    for path in ["/anybody", "/whoami", "/scoped", "/no/such/route"] {
        let answer = world.who(path, &["Bearer a.b.c"]).await;
        assert_eq!(answer.outcome(), (401, "token-invalid".to_owned()));
        let challenge = &answer.headers["www-authenticate"];
        assert_eq!(challenge, "Bearer error=\"invalid_token\"");
        // Why stands in the log, not in the answer.
        assert!(!answer.text.contains("malformed"), "{}", answer.text);
    }
}

#[tokio::test]
async fn jwt_28_a_token_stands_in_one_header_behind_one_space() {
    let forge = Forge::new().await;
    let (world, token) = (&forge.world, forge.good());
    for scheme in ["Bearer", "bearer", "BEARER", "bEaReR"] {
        let answer = world.who("/whoami", &[&format!("{scheme} {token}")]).await;
        assert_eq!(answer.status, 200, "{scheme}");
    }
    let good = format!("Bearer {token}");
    for values in [
        &[&*good, &good][..],
        &[&good, "Basic eDp5"],
        &["", &good],
        &[&format!("Bearer  {token}")],
        &[&format!("Bearer{token}")],
        &[&format!("Bearer\t{token}")],
        &[&format!("{good} {token}")],
        &[&format!("{good}, {good}")],
        &["Bearer"],
        &["Bearer "],
        &[""],
        &[&token],
        &["Basic eDp5"],
        &["Bearer täter"],
    ] {
        let answer = world.who("/anybody", values).await;
        assert_eq!(
            answer.outcome(),
            (400, "header-invalid".to_owned()),
            "{values:?}"
        );
    }
    for path in [
        format!("/anybody?access_token={token}"),
        format!("/anybody?token={token}&authorization=Bearer%20{token}"),
    ] {
        let answer = world.who(&path, &[]).await;
        assert_eq!(&*answer.text, "\"false\"", "a token in the query counts");
    }
}

#[tokio::test]
async fn ten_22_23_a_token_of_a_tenant_that_is_suspended_or_was_never_there_opens_nothing() {
    let forge = Forge::new().await;
    let world = &forge.world;
    let claims = forge.claims_with("tid", json!(Id::<()>::generate()));
    let ghost = format!("Bearer {}", forge.sign(&forge.header(), &claims));
    let answer = world.who("/scoped", &[&ghost]).await;
    assert_eq!(answer.outcome(), (401, "token-invalid".to_owned()));
    let good = format!("Bearer {}", forge.good());
    assert_eq!(world.who("/scoped", &[&good]).await.status, 200);
    let scope = SystemScope::<TestSetup>::enter();
    let registry = world.db.registry();
    registry.suspend(&scope, &world.acme).await.unwrap();
    let answer = world.who("/scoped", &[&good]).await;
    assert_eq!(answer.outcome(), (403, "tenant-suspended".to_owned()));
}
