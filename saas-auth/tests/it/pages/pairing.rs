//! Letting a device in that shows a code.

use saas_tenancy::Dialect;

use super::{Browser, document::check};
use crate::{
    flow,
    world::{World, encode},
};

/// Lets a device ask, and gives both of its codes.
async fn ask(world: &World, client: &str) -> (String, String) {
    let mut browser = Browser::new(world, "acme");
    let kind = [("content-type", "application/x-www-form-urlencoded")];
    let body = encode(&[("client_id", client), ("scope", "projects:read")]);
    let path = "/oauth/device";
    let answer = browser
        .send(http::Method::POST, path, &kind, body.into())
        .await;
    assert_eq!(answer.status, 200, "{answer:?}");
    (answer.field("device_code"), answer.field("user_code"))
}

async fn device(world: &World) -> String {
    let mut new = saas_auth::oauth::NewClient::new("A <b>television</b>");
    new.grants = vec![saas_auth::oauth::GrantType::DeviceCode];
    new.scopes = vec!["projects:read".to_owned()];
    flow::register(world, &world.acme, new)
        .await
        .client()
        .id
        .clone()
}

async fn poll(world: &World, client: &str, code: &str) -> (u16, String) {
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", client),
        ("device_code", code),
    ];
    let answer = world.token(Some(&world.acme), &form).await;
    let error = match answer.status.as_u16() {
        200 => String::new(),
        _ => answer.field("error"),
    };
    (answer.status.as_u16(), error)
}

#[tokio::test]
async fn a_person_types_the_code_sees_who_asks_and_answers() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let client = device(&world).await;
        let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
        for (answer, expected) in [("allow", (200, "")), ("deny", (400, "access_denied"))] {
            let (code, shown) = ask(&world, &client).await;
            // The address that a device shows fills the code in, and does nothing.
            let page = format!("/device?user_code={shown}");
            assert!(browser.get(&page).await.text.contains(&shown));
            let asked = browser.submit(&page, &[("user_code", &shown)]).await;
            assert_eq!(asked.status, 200, "{asked:?}");
            check(&asked, "/t/acme");
            assert!(asked.text.contains("A &#60;b&#62;television"), "{asked:?}");
            assert!(asked.text.contains(&shown));
            let form = [("user_code", shown.as_str()), ("answer", answer)];
            let done = browser.submit(&page, &form).await;
            assert_eq!(done.status, 200, "{done:?}");
            check(&done, "/t/acme");
            assert_eq!(
                poll(&world, &client, &code).await,
                (expected.0, expected.1.to_owned())
            );
            // A code is answered once.
            assert_eq!(browser.submit(&page, &form).await.status, 422);
        }
    }
}

#[tokio::test]
async fn a_wrong_code_says_so_and_many_are_too_many() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    let mut browser = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let wrong = browser
        .submit("/device", &[("user_code", "\"><script>")])
        .await;
    assert_eq!(wrong.status, 422);
    check(&wrong, "/t/acme");
    // Looking counts for nothing.
    for _ in 0..30 {
        browser.get("/device?user_code=WRONG").await;
    }
    let mut last = wrong;
    for _ in 0..20 {
        last = browser.submit("/device", &[("user_code", "WRONG")]).await;
    }
    assert_eq!(last.status, 429);
    assert_eq!(last.header("retry-after"), "600");
    check(&last, "/t/acme");
}
