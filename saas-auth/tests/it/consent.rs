//! What people allow programs to do.

use saas_auth::{Error, oauth::PendingConsent};
use saas_core::Granted;
use saas_tenancy::Dialect;
use url::Url;

use crate::{
    flow::{Browser, CALLBACK, Sent, partner, redeem},
    world::World,
};

const ANN: &str = "ann@acme.test";
const BOB: &str = "bob@acme.test";

#[tokio::test]
async fn a_person_is_asked_once_for_each_scope() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        let browser = Browser::of(&world, &world.acme, ANN).await;
        let client = partner(&world, &world.acme).await;
        let id = ("client_id", client.id.as_str());
        // Also who asks for nothing is shown to the person first.
        let nothing = Sent::of(&browser.authorize(&[id]).await);
        assert!(browser.consent(&nothing).await.scopes().is_empty());
        browser.allow(&nothing).await;
        browser.code(&[id]).await;

        // What it may not have is left out, and what it may is shown.
        let scopes = (
            "scope",
            "openid projects:read projects:write offline_access",
        );
        let asked = Sent::of(&browser.authorize(&[id, scopes]).await);
        let pending = browser.consent(&asked).await;
        assert_eq!(pending.client().name, "A partner");
        assert_eq!(pending.redirect_uri(), CALLBACK);
        let shown: Vec<_> = pending
            .scopes()
            .iter()
            .map(|asked| (asked.scope.name.as_ref(), asked.is_new))
            .collect();
        assert_eq!(
            shown,
            [
                ("openid", true),
                ("projects:read", true),
                ("offline_access", true)
            ]
        );
        let code = browser.allow(&asked).await;
        let tokens = redeem(&world, &world.acme, &code, &[id]).await;
        assert_eq!(tokens.field("scope"), "openid projects:read offline_access");
        let principal = world
            .identity
            .verifier()
            .verify(&tokens.field("access_token"))
            .unwrap();
        assert!(principal.granted().covers("projects:read"));
        assert!(!principal.granted().covers("projects:write"));

        browser.code(&[id, scopes]).await;
        browser.code(&[id, ("scope", "projects:read")]).await;
        let more = Sent::of(&browser.authorize(&[id, ("scope", "profile openid")]).await);
        let pending = browser.consent(&more).await;
        let shown: Vec<_> = pending.scopes().iter().map(|asked| asked.is_new).collect();
        assert_eq!(shown, [true, false]);
        // oau_19: asked again, because the client says so.
        let again = browser.authorize(&[id, ("prompt", "consent")]).await;
        browser.consent(&Sent::of(&again)).await;

        let consents = world.identity.consents();
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let all = consents.list(&mut tx, ann).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].scopes, ["openid", "projects:read", "offline_access"]);
        let mut tx = world.db.database().read(&world.db.scope(&world.beta));
        assert!(consents.list(&mut tx, ann).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn who_denies_gives_nothing() {
    let world = World::on(Dialect::Sqlite).await;
    let ann = world.person(&world.acme, ANN).await;
    let browser = Browser::of(&world, &world.acme, ANN).await;
    let client = partner(&world, &world.acme).await;
    let asked = Sent::of(&browser.authorize(&[("client_id", &client.id)]).await);
    let pending = browser.consent(&asked).await;
    let back = pending.deny(&world.identity, None);
    let back = Sent(Url::parse(back.as_str()).unwrap());
    assert_eq!(back.get("error").unwrap(), "access_denied");
    assert_eq!(back.get("state").unwrap(), "a state");
    assert_eq!(back.get("code"), None);
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    assert!(
        world
            .identity
            .consents()
            .list(&mut tx, ann)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(!format!("{:?}", pending.deny(&world.identity, None)).contains("state"));
}

#[tokio::test]
async fn oau_18_oau_50_only_the_session_that_was_asked_can_allow() {
    for world in World::all().await {
        world.person(&world.acme, ANN).await;
        world.person(&world.acme, BOB).await;
        let mut ann = Browser::of(&world, &world.acme, ANN).await;
        let bob = Browser::of(&world, &world.acme, BOB).await;
        let client = partner(&world, &world.acme).await;
        let asked = Sent::of(&ann.authorize(&[("client_id", &client.id)]).await);
        let sealed = asked.get("request").unwrap();
        let open = async |browser: &Browser<'_>, sealed: &str| {
            let session = browser.session.as_ref().unwrap();
            PendingConsent::open(&world.identity, &world.acme, session, sealed)
                .await
                .map(drop)
        };
        open(&ann, &sealed).await.unwrap();
        assert!(matches!(
            open(&bob, &sealed).await,
            Err(Error::Authorization)
        ));
        // What waits for a sign-in is nothing that could be allowed.
        let waiting = Browser::new(&world, &world.acme)
            .authorize(&[("client_id", &client.id)])
            .await;
        let onward = Sent::of(&waiting).get("continue").unwrap();
        let (_, waiting) = onward.split_once("pending=").unwrap();
        assert!(matches!(
            open(&ann, waiting).await,
            Err(Error::Authorization)
        ));
        assert!(matches!(open(&ann, "x").await, Err(Error::Authorization)));
        // Somebody has signed in again meanwhile, in another tab.
        ann.sign_in(ANN).await;
        assert!(matches!(
            open(&ann, &sealed).await,
            Err(Error::Authorization)
        ));
        // A client that is gone waits for nobody.
        let asked = Sent::of(&ann.authorize(&[("client_id", &client.id)]).await);
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let id = client.registered().unwrap();
        world
            .identity
            .clients()
            .delete(&mut tx, id, None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let sealed = asked.get("request").unwrap();
        assert!(matches!(
            open(&ann, &sealed).await,
            Err(Error::Authorization)
        ));
    }
}

#[tokio::test]
async fn what_is_taken_back_ends_what_it_gave() {
    for world in World::all().await {
        let ann = world.person(&world.acme, ANN).await;
        world.person(&world.acme, BOB).await;
        let client = partner(&world, &world.acme).await;
        let id = ("client_id", client.id.as_str());
        let mut tokens = Vec::new();
        for email in [ANN, BOB] {
            let browser = Browser::of(&world, &world.acme, email).await;
            let asked = Sent::of(&browser.authorize(&[id]).await);
            let code = browser.allow(&asked).await;
            tokens.push(redeem(&world, &world.acme, &code, &[id]).await);
        }
        let browser = Browser::of(&world, &world.acme, ANN).await;
        // A code that is under way does not survive it either.
        let code = browser.code(&[id]).await;
        let consents = world.identity.consents();
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        assert!(consents.withdraw(&mut tx, ann, &client.id).await.unwrap());
        assert!(!consents.withdraw(&mut tx, ann, &client.id).await.unwrap());
        assert!(!consents.withdraw(&mut tx, ann, "nobody").await.unwrap());
        tx.commit().await.unwrap();
        for (answer, status) in tokens.iter().zip([401, 200]) {
            let bearer = format!("Bearer {}", answer.field("access_token"));
            assert_eq!(world.who("/whoami", &[&bearer]).await.status, status);
        }
        let answer = redeem(&world, &world.acme, &code, &[id]).await;
        assert_eq!(answer.field("error"), "invalid_grant");
        let asked = Sent::of(&browser.authorize(&[id]).await);
        assert!(asked.0.path().ends_with("/consent"));
        // The session of the browser goes on.
        assert!(matches!(
            browser.session.as_ref().unwrap().granted,
            Granted::All
        ));
        browser.code(&[]).await;
    }
}
