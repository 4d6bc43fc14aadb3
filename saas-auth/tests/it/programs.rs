//! Programs that act for themselves.

use saas_core::{Granted, PrincipalKind};
use saas_tenancy::Dialect;

use crate::{
    desk::{Desk, post, read},
    flow::partner,
    world::World,
};

#[tokio::test]
async fn oau_31_a_program_gets_a_token_of_its_own_and_nothing_else() {
    for world in World::all().await {
        let desk = Desk::open(&world, &world.acme).await;
        let form = [("grant_type", "client_credentials")];
        let answer = desk.post(&world, &world.acme, "/oauth/token", &form).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let body = answer.json();
        let mut members: Vec<_> = body.as_object().unwrap().keys().collect();
        members.sort();
        assert_eq!(
            members,
            ["access_token", "expires_in", "scope", "token_type"]
        );
        assert_eq!(body["scope"], "projects:read");
        let (header, claims) = read(&answer.field("access_token"));
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(claims["sub"], claims["client_id"]);
        assert_eq!(claims["sub"], desk.id);
        for person in ["sid", "name", "email", "nonce"] {
            assert_eq!(claims.get(person), None, "{person}");
        }
        let holder = world
            .identity
            .verifier()
            .verify(&answer.field("access_token"))
            .unwrap();
        assert_eq!(holder.kind(), PrincipalKind::ServiceAccount);
        assert_eq!(holder.tenant(), world.acme.id());
        assert_eq!(
            holder.granted(),
            &Granted::Only(["projects:read".to_owned()].into())
        );
    }
}

#[tokio::test]
async fn oau_31_its_scopes_are_within_those_of_the_client() {
    let world = World::on(Dialect::Sqlite).await;
    let desk = Desk::open(&world, &world.acme).await;
    for (scope, error) in [
        ("projects:read", None),
        ("projects:write", Some("invalid_scope")),
        ("projects:read projects:write", Some("invalid_scope")),
        ("magic", Some("invalid_scope")),
        // There is no person.
        ("openid", Some("invalid_scope")),
        ("projects:read email", Some("invalid_scope")),
        ("offline_access", Some("invalid_scope")),
    ] {
        let form = [("grant_type", "client_credentials"), ("scope", scope)];
        let answer = desk.post(&world, &world.acme, "/oauth/token", &form).await;
        let told = answer.json().get("error").map(|_| answer.field("error"));
        assert_eq!(told.as_deref(), error, "{scope}");
    }
}

#[tokio::test]
async fn only_a_client_that_was_registered_for_it_acts_for_itself() {
    let world = World::on(Dialect::Sqlite).await;
    let public = partner(&world, &world.acme).await;
    for client in [public.id.as_str(), crate::flow::OURS] {
        let form = [("grant_type", "client_credentials"), ("client_id", client)];
        let answer = post(&world, &world.acme, "/oauth/token", None, &form).await;
        assert_eq!(answer.field("error"), "unauthorized_client");
    }
    // oau_42: nor in another tenant.
    let desk = Desk::open(&world, &world.acme).await;
    let form = [("grant_type", "client_credentials")];
    let answer = desk.post(&world, &world.beta, "/oauth/token", &form).await;
    assert_eq!(answer.field("error"), "invalid_client");
}

#[tokio::test]
async fn oau_33_passwords_are_off_until_they_are_turned_on() {
    let world = World::with(Dialect::Sqlite, |config| config.password_grant = false).await;
    world.person(&world.acme, "ann@acme.test").await;
    let answer = world
        .sign_in(&world.acme, "ann@acme.test", crate::world::PASSWORD)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.field("error")),
        (400, "unsupported_grant_type".to_owned())
    );
}
