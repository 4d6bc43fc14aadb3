//! Where a person is signed in.

use saas_tenancy::Dialect;

use super::{Browser, browser::token, document::check};
use crate::world::World;

#[tokio::test]
async fn a_person_ends_one_session_the_others_or_all() {
    for world in World::all().await {
        let user = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, user, "ann@acme.test").await;
        let open = async |tenant| Browser::signed_in(&world, tenant, "ann@acme.test").await;
        let (mut own, mut second, mut third) =
            (open("acme").await, open("acme").await, open("acme").await);
        let mut elsewhere = open("beta").await;
        let page = own.get("/account/sessions").await;
        check(&page, "/t/acme");
        assert_eq!(page.text.matches("(this one)").count(), 1);
        // Ours, two others, and none of another tenant.
        assert_eq!(page.text.matches(">Sign out</button>").count(), 3);

        let listed = second.get("/account/sessions").await;
        let own_mark = listed.text.find("(this one)").unwrap();
        let value = &listed.text[own_mark..];
        let id = value
            .split("value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap();
        assert_eq!(
            own.submit("/account/sessions", &[("end", id)]).await.status,
            303
        );
        assert_eq!(second.get("/account").await.status, 303);
        // What has ended already ends without a fault.
        assert_eq!(
            own.submit("/account/sessions", &[("end", id)]).await.status,
            303
        );
        assert_eq!(third.get("/account").await.status, 200);

        assert_eq!(
            own.submit("/account/sessions", &[("end", "others")])
                .await
                .status,
            303
        );
        assert_eq!(third.get("/account").await.status, 303);
        assert_eq!(own.get("/account").await.status, 200);
        assert_eq!(elsewhere.get("/account").await.status, 200);

        let answer = own
            .submit("/account/sessions", &[("end", "everywhere")])
            .await;
        assert_eq!(answer.header("location"), "/t/acme/login?notice=signed-out");
        assert!(own.session().is_none());
        assert_eq!(elsewhere.get("/account").await.status, 303);
    }
}

#[tokio::test]
async fn nobody_ends_the_session_of_somebody_else() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, "ann@acme.test").await;
    world.person(&world.acme, "eve@acme.test").await;
    let mut ann = Browser::signed_in(&world, "acme", "ann@acme.test").await;
    let page = ann.get("/account/sessions").await;
    let id = page
        .text
        .split("value=\"")
        .nth(2)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let mut eve = Browser::signed_in(&world, "acme", "eve@acme.test").await;
    assert!(!eve.get("/account/sessions").await.text.contains(&id));
    eve.submit("/account/sessions", &[("end", &id)]).await;
    assert_eq!(ann.get("/account").await.status, 200);
    for none in ["", "all", "1", "' OR 1=1 --"] {
        let answer = eve.submit("/account/sessions", &[("end", none)]).await;
        assert_eq!(answer.status, 404, "{none}");
        assert_ne!(token(&eve.get("/logout").await), "");
    }
}

#[tokio::test]
async fn oau_15_what_others_have_written_is_text() {
    let world = World::on(Dialect::Sqlite).await;
    let user = world.person(&world.acme, "ann@acme.test").await;
    let name = "<script>alert('n')</script>\"><img src=x onerror=alert(1)>";
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let patch = saas_auth::MembershipPatch {
        name: Some(name.to_owned()),
    };
    let id = saas_auth::Membership::id_of(user);
    tx.repo::<saas_auth::Membership>()
        .update(id, None, patch)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let mut browser = Browser::new(&world, "acme");
    browser.agent = "<script>alert('a')</script>".to_owned();
    let shown = browser
        .sign_in("\"><script>alert('u')</script>@acme.test", "x")
        .await;
    check(&shown, "/t/acme");
    assert_eq!(
        browser
            .sign_in("ann@acme.test", crate::world::PASSWORD)
            .await
            .status,
        303
    );
    let account = browser.get("/account").await;
    assert!(
        account.text.contains("&#60;script&#62;alert(&#39;n&#39;)"),
        "{account:?}"
    );
    for answer in [account, browser.get("/account/sessions").await] {
        check(&answer, "/t/acme");
        assert!(!answer.text.contains("<script"), "{answer:?}");
    }
}
