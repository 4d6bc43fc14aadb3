//! The pages that links in letters lead to, and those that ask for letters.

use saas_tenancy::{Dialect, Tenant};

use super::{Browser, browser::hidden, document::check};
use crate::{
    post::{Post, Sent},
    world::{PASSWORD, World},
};

const ANN: &str = "ann@acme.test";
const NEW: &str = "another good password";

/// Gives the path of the link in a letter, below the prefix of acme.
fn path(letter: &Sent) -> String {
    let link = letter.link.as_deref().unwrap();
    link.split_once("/t/acme").unwrap().1.to_owned()
}

async fn asked(world: &World, post: &Post) -> String {
    let mut browser = Browser::new(world, "acme");
    let answer = browser.submit("/forgot", &[("email", ANN)]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    path(&post.one().await)
}

#[tokio::test]
async fn a_forgotten_password_is_set_with_the_link_of_a_letter_once() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let mut elsewhere = Browser::signed_in(&world, "acme", ANN).await;
        let link = asked(&world, &post).await;
        let mut browser = Browser::new(&world, "acme");
        // pwd_32: programs that look through mail open it too.
        for _ in 0..3 {
            let page = browser.get(&link).await;
            assert_eq!(page.status, 200);
            check(&page, "/t/acme");
        }
        let weak = browser.submit(&link, &[("password", "short")]).await;
        assert_eq!(weak.status, 422);
        check(&weak, "/t/acme");
        assert!(
            weak.text.contains("has fewer than 8 characters"),
            "{weak:?}"
        );
        let set = browser.submit(&link, &[("password", NEW)]).await;
        assert_eq!(
            set.header("location"),
            "/t/acme/login?notice=password",
            "{set:?}"
        );
        assert!(
            browser.session().is_none(),
            "nobody is signed in by a letter"
        );
        assert_eq!(elsewhere.get("/account").await.status, 303);
        assert_eq!(browser.sign_in(ANN, PASSWORD).await.status, 401);
        assert_eq!(browser.sign_in(ANN, NEW).await.status, 303);
        let used = browser.get(&link).await;
        assert_eq!(used.status, 400);
        assert!(used.text.contains("link-invalid"), "{used:?}");
        check(&used, "/t/acme");
    }
}

#[tokio::test]
async fn pwd_12_nothing_is_set_without_the_proof_of_a_letter() {
    let world = World::on(Dialect::Sqlite).await;
    let post = Post::of(&world);
    world.person(&world.acme, ANN).await;
    world.person(&world.acme, "eve@acme.test").await;
    let link = asked(&world, &post).await;
    let token = link.split_once('=').unwrap().1.to_owned();
    let mut eve = Browser::signed_in(&world, "acme", "eve@acme.test").await;
    let form = super::browser::token(&eve.get("/logout").await);
    let last = token.len() - 1;
    for wrong in ["", "x", &token[..last], &format!("{token}A")] {
        let fields = [("form_token", &*form), ("token", wrong), ("password", NEW)];
        for path in ["/reset", "/verify", "/email"] {
            let answer = eve.post(path, &fields).await;
            assert_eq!(answer.status, 400, "{path} {wrong}: {answer:?}");
        }
        let fields = [&fields[..], &[("name", "Eve")]].concat();
        assert_eq!(eve.post("/invite", &fields).await.status, 400);
    }
    // A token is for one page and one tenant.
    let fields = [
        ("form_token", &*form),
        ("token", &*token),
        ("password", NEW),
    ];
    assert_eq!(eve.post("/verify", &fields).await.status, 400);
    let mut beta = Browser::new(&world, "beta");
    assert_eq!(beta.get(&link).await.status, 400);
    assert_eq!(
        Browser::new(&world, "acme")
            .sign_in(ANN, PASSWORD)
            .await
            .status,
        303
    );
}

#[tokio::test]
async fn pwd_02_who_has_an_account_is_told_to_nobody() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    world.person(&world.beta, "bob@beta.test").await;
    let mut browser = Browser::new(&world, "acme");
    let mut answers = Vec::new();
    for email in [ANN, "nobody@acme.test", "bob@beta.test"] {
        let answer = browser.submit("/forgot", &[("email", email)]).await;
        assert_eq!(answer.status, 200);
        check(&answer, "/t/acme");
        answers.push(answer.text);
    }
    answers.dedup();
    assert_eq!(answers.len(), 1);
    let wrong = browser.submit("/forgot", &[("email", "\"><b>")]).await;
    assert_eq!(wrong.status, 422);
    check(&wrong, "/t/acme");
    // Letters to one address are bounded, whether somebody has it or not.
    for email in [ANN, "nobody@acme.test"] {
        let mut last = browser.submit("/forgot", &[("email", email)]).await;
        for _ in 0..12 {
            last = browser.submit("/forgot", &[("email", email)]).await;
        }
        assert_eq!(last.status, 429, "{email}");
        check(&last, "/t/acme");
    }
    let free = browser
        .submit("/forgot", &[("email", "other@acme.test")])
        .await;
    assert_eq!(free.status, 200);
}

#[tokio::test]
async fn a_person_confirms_the_address_and_changes_it() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let mut browser = Browser::signed_in(&world, "acme", ANN).await;
        assert!(
            browser
                .get("/account")
                .await
                .text
                .contains("not confirmed yet")
        );
        let answer = browser.submit("/account", &[]).await;
        assert_eq!(answer.header("location"), "/t/acme/account?sent=1");
        let link = path(&post.one().await);
        let page = browser.get(&link).await;
        check(&page, "/t/acme");
        assert!(page.text.contains(ANN));
        assert!(
            browser
                .get("/account")
                .await
                .text
                .contains("not confirmed yet")
        );
        let done = browser.submit(&link, &[]).await;
        assert_eq!(done.status, 200, "{done:?}");
        check(&done, "/t/acme");
        assert!(browser.get("/account").await.text.contains("(confirmed)"));

        for (email, password) in [("no address", PASSWORD), ("new@acme.test", "wrong")] {
            let form = [("email", email), ("password", password)];
            let wrong = browser.submit("/account/email", &form).await;
            assert_eq!(wrong.status, 422);
            check(&wrong, "/t/acme");
        }
        let form = [("email", "new@acme.test"), ("password", PASSWORD)];
        let asked = browser.submit("/account/email", &form).await;
        assert_eq!(asked.status, 200, "{asked:?}");
        check(&asked, "/t/acme");
        let letters = post.deliver().await;
        let letter = letters.iter().find(|letter| letter.link.is_some()).unwrap();
        assert_eq!(letter.to, "new@acme.test");
        // The letter is read in another browser.
        let mut other = Browser::new(&world, "acme");
        assert_eq!(other.submit(&path(letter), &[]).await.status, 200);
        assert_eq!(other.sign_in("new@acme.test", PASSWORD).await.status, 303);
    }
}

#[tokio::test]
async fn pwd_14_a_new_password_needs_the_current_one_and_ends_every_sign_in() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        let mut browser = Browser::signed_in(&world, "acme", ANN).await;
        let mut other = Browser::signed_in(&world, "acme", ANN).await;
        let page = "/account/password";
        for (current, new) in [("wrong", NEW), (PASSWORD, "short"), ("", "")] {
            let form = [("current", current), ("password", new)];
            let answer = browser.submit(page, &form).await;
            assert_eq!(answer.status, 422, "{current} {new}: {answer:?}");
            check(&answer, "/t/acme");
            assert!(!answer.text.contains(PASSWORD) && !answer.text.contains(NEW));
        }
        assert_eq!(other.get("/account").await.status, 200);
        let form = [("current", PASSWORD), ("password", NEW)];
        let answer = browser.submit(page, &form).await;
        assert_eq!(answer.header("location"), "/t/acme/login?notice=password");
        assert!(browser.session().is_none());
        assert_eq!(other.get("/account").await.status, 303);
        assert_eq!(browser.sign_in(ANN, NEW).await.status, 303);
    }
}

/// Invites an address to acme, and gives the path of the link.
async fn invited(world: &World, post: &Post, tenant: &Tenant, email: &str) -> String {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let (email, roles) = (email.parse().unwrap(), ["editor".to_owned()]);
    let invitations = world.identity.invitations();
    invitations.invite(&mut tx, &email, &roles).await.unwrap();
    tx.commit().await.unwrap();
    path(&post.one().await)
}

#[tokio::test]
async fn an_invitation_is_accepted_by_somebody_new_and_by_somebody_known() {
    for world in World::all().await {
        let post = Post::of(&world);
        let bob = world.person(&world.beta, "bob@beta.test").await;
        world.verified(bob).await;
        world.person(&world.beta, "eve@beta.test").await;
        for (email, word, wrong) in [
            ("new@new.test", "new-password", "short"),
            ("bob@beta.test", "current-password", NEW),
            ("eve@beta.test", "new-password", "short"),
        ] {
            let link = invited(&world, &post, &world.acme, email).await;
            let mut browser = Browser::new(&world, "acme");
            let page = browser.get(&link).await;
            check(&page, "/t/acme");
            assert!(
                page.text.contains(word) && page.text.contains(email),
                "{page:?}"
            );
            for (name, password) in [("", PASSWORD), ("\n", PASSWORD), ("<b>Bob</b>", wrong)] {
                let form = [("name", name), ("password", password)];
                let answer = browser.submit(&link, &form).await;
                assert_eq!(answer.status, 422, "{name} {password}: {answer:?}");
                check(&answer, "/t/acme");
            }
            let form = [("name", "Bob"), ("password", PASSWORD)];
            let joined = browser.submit(&link, &form).await;
            assert_eq!(
                joined.header("location"),
                "/t/acme/login?notice=joined",
                "{joined:?}"
            );
            assert_eq!(browser.sign_in(email, PASSWORD).await.status, 303);
            assert!(browser.get("/account").await.text.contains("Bob"));
            assert_eq!(browser.get(&link).await.status, 400);
        }
    }
}

#[tokio::test]
async fn who_is_not_welcome_has_not_joined() {
    let world = World::on(Dialect::Sqlite).await;
    let post = Post::of(&world);
    let link = invited(&world, &post, &world.acme, "unwelcome@new.test").await;
    let mut browser = Browser::new(&world, "acme");
    let form = [("name", "Eve"), ("password", PASSWORD)];
    let answer = browser.submit(&link, &form).await;
    assert_eq!(answer.status, 403);
    check(&answer, "/t/acme");
    assert_eq!(
        browser.sign_in("unwelcome@new.test", PASSWORD).await.status,
        401
    );
    // The invitation is still good.
    let page = browser.get(&link).await;
    assert_eq!(page.status, 200);
    assert!(hidden(&page).iter().any(|(name, _)| name == "token"));
}
