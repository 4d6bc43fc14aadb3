//! Passwords that are forgotten, and passwords that are changed.

use std::{sync::Arc, time::Duration};

use saas_auth::{AuthConfig, Device, Error, Identity, Membership};
use saas_core::Secret;
use saas_tenancy::{Column as _, Dialect, tenant_repository};

use crate::{
    post::Post,
    second::enrolled,
    world::{PASSWORD, World, at_once},
};

const ANN: &str = "ann@acme.test";
const NEW: &str = "another good password";

/// A look at the rows, which no program outside the crate has a name for.
#[tenant_repository(entity = Membership)]
pub(crate) trait Kept {
    #[sql("SELECT count(*) FROM saas_proofs WHERE {tenant}")]
    async fn proofs(&mut self) -> Result<(i64,)>;

    #[sql("SELECT count(*) FROM saas_outbox WHERE {tenant}")]
    async fn waiting(&mut self) -> Result<(i64,)>;

    #[sql(
        "SELECT count(*) FROM saas_audit WHERE {tenant} AND action = :action AND object = :object"
    )]
    async fn recorded(&mut self, action: &str, object: &str) -> Result<(i64,)>;
}

async fn reset(world: &World, token: &Secret<String>, new: &str) -> Result<(), Error> {
    let changes = world.identity.password_changes();
    let reset = changes.reset(&world.acme, token, &Secret::from(new)).await;
    reset.map(drop)
}

async fn signs_in(world: &World, password: &str) -> bool {
    world.sign_in(&world.acme, ANN, password).await.status == 200
}

#[tokio::test]
async fn pwd_02_a_letter_goes_to_members_and_nobody_is_told_who_is_one() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        world.person(&world.beta, "bob@beta.test").await;
        let disabled = world.person(&world.acme, "dis@acme.test").await;
        let disable = "UPDATE saas_accounts SET status = 'disabled' WHERE id = $1";
        assert_eq!(world.system(disable, &[disabled.to_value()]).await, 1);
        let asked = [
            "Ann@ACME.test",
            "nobody@acme.test",
            "bob@beta.test",
            "dis@acme.test",
        ];
        for (n, email) in (1..).zip(asked) {
            let changes = world.identity.password_changes();
            let email = email.parse().unwrap();
            changes
                .ask(&world.acme, &email, &Device::default())
                .await
                .unwrap();
            // The same is done for everybody, and nothing else.
            let mut tx = world.db.database().read(&world.db.scope(&world.acme));
            assert_eq!(tx.waiting().await.unwrap(), (n,));
            assert_eq!(tx.proofs().await.unwrap(), (0,));
        }
        let letter = post.one().await;
        // pwd_07: to the address of the account, whatever was typed.
        assert_eq!(letter.to, ANN);
        assert_eq!(letter.tenant, "acme");
        assert!(letter.values.contains(&format!("name=Name of {ANN}")));
        assert!(letter.values.contains(&"valid=60 minutes".to_owned()));
        let link = letter.link.unwrap();
        let begin = "http://127.0.0.1:8080/t/acme/reset?token=";
        assert!(link.starts_with(begin), "{link}");
    }
}

#[tokio::test]
async fn pwd_11_of_fifty_parallel_uses_one_sets_the_password_and_every_sign_in_ends() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let mut tokens = Vec::new();
        for tenant in [&world.acme, &world.beta] {
            let answer = world.sign_in(tenant, ANN, PASSWORD).await;
            tokens.push((answer.field("refresh_token"), answer.field("access_token")));
        }
        let token = post.reset_token(&world, &world.acme, ANN).await;
        let world = Arc::new(world);
        let results = at_once(50, |n| {
            let (world, token) = (world.clone(), token.clone());
            Box::pin(async move { reset(&world, &token, &format!("{NEW} {n}")).await })
        });
        let results = results.await;
        let won: Vec<_> = (0..50).filter(|n| results[*n].is_ok()).collect();
        assert_eq!(won.len(), 1, "{results:?}");
        assert!(
            results
                .iter()
                .all(|result| matches!(result, Ok(()) | Err(Error::Link | Error::Busy)))
        );
        assert!(!signs_in(&world, PASSWORD).await);
        assert!(signs_in(&world, &format!("{NEW} {}", won[0])).await);
        for (refresh, access) in tokens {
            assert_eq!(world.exchange(None, &refresh).await.status, 400);
            assert!(world.identity.verifier().verify(&access).is_err());
        }
        let notice = post.one().await;
        assert_eq!(
            (&*notice.to, notice.template),
            (ANN, "auth/password-changed")
        );
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let recorded = tx.recorded("password.reset", &format!("user:{ann}")).await;
        assert_eq!(recorded.unwrap(), (1,));
    }
}

#[tokio::test]
async fn mfa_23_a_reset_takes_the_factors_of_who_chose_the_password_before_and_no_others() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        enrolled(&world, ANN).await;
        post.one().await;
        let factors = world.identity.second_factors();
        let token = post.reset_token(&world, &world.acme, ANN).await;
        reset(&world, &token, NEW).await.unwrap();
        assert_eq!(factors.list(ann).await.unwrap().len(), 1);
        assert_eq!(factors.codes_left(ann).await.unwrap(), 10);
        post.one().await;
        let provisional = "UPDATE saas_accounts SET provisional = (1 = 1) WHERE id = $1";
        assert_eq!(world.system(provisional, &[ann.to_value()]).await, 1);
        let token = post.reset_token(&world, &world.acme, ANN).await;
        reset(&world, &token, "yet another password of mine")
            .await
            .unwrap();
        assert_eq!(factors.list(ann).await.unwrap(), []);
        assert_eq!(factors.codes_left(ann).await.unwrap(), 0);
        // Whoever has lost them is told so, and it is on record.
        let mut told = post.deliver().await;
        told.sort_by_key(|letter| letter.template);
        let templates: Vec<_> = told.iter().map(|letter| letter.template).collect();
        assert_eq!(templates, ["auth/factors-changed", "auth/password-changed"]);
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let object = format!("user:{ann}");
        let recorded = tx.recorded("second-factors.reset", &object).await;
        assert_eq!(recorded.unwrap(), (1,));
    }
}

#[tokio::test]
async fn pwd_11_a_link_is_good_for_an_hour_and_no_configuration_makes_it_longer() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let token = post.reset_token(&world, &world.acme, ANN).await;
        world.db.clock().advance(Duration::from_secs(3599));
        let changes = world.identity.password_changes();
        changes.look(&world.acme, &token).await.unwrap();
        world.db.clock().advance(Duration::from_secs(1));
        let late = changes.look(&world.acme, &token).await;
        assert!(matches!(late, Err(Error::Link)));
        assert!(matches!(reset(&world, &token, NEW).await, Err(Error::Link)));
        let mut config = AuthConfig::default();
        config.link.reset = Duration::from_secs(3601).into();
        let refused = Identity::load(world.db.database(), &world.db.registry(), &config).await;
        assert!(matches!(refused, Err(Error::Config { .. })));
    }
}

#[tokio::test]
async fn pwd_11_a_newer_link_and_every_change_of_the_account_void_a_link() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let older = post.reset_token(&world, &world.acme, ANN).await;
        // Also one that was asked for in another tenant.
        let newer = post.reset_token(&world, &world.beta, ANN).await;
        assert!(matches!(reset(&world, &older, NEW).await, Err(Error::Link)));
        let changes = world.identity.password_changes();
        changes.look(&world.beta, &newer).await.unwrap();
        // The password is changed by who knows it.
        let principal = world.db.principal(world.acme.id(), ann);
        let scope = world.db.registry().admit(principal).await.unwrap();
        let (old, new) = (Secret::from(PASSWORD), Secret::from(NEW));
        changes
            .change(&scope, &old, &new, &Device::default())
            .await
            .unwrap();
        let refused = changes.reset(&world.beta, &newer, &old).await;
        assert!(matches!(refused, Err(Error::Link)));
        assert!(signs_in(&world, NEW).await);
        post.deliver().await;
        // The address is changed.
        let token = post.reset_token(&world, &world.acme, ANN).await;
        let address = "UPDATE saas_accounts SET email_key = 'x@acme.test', generation = generation + 1 WHERE id = $1";
        assert_eq!(world.system(address, &[ann.to_value()]).await, 1);
        let refused = reset(&world, &token, PASSWORD).await;
        assert!(matches!(refused, Err(Error::Link)));
    }
}

#[tokio::test]
async fn pwd_11_a_link_is_for_its_tenant_and_purpose_alone() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        world.join(&world.beta, ann, ANN).await;
        let token = post.reset_token(&world, &world.acme, ANN).await;
        let identity = &world.identity;
        let elsewhere = identity.password_changes().look(&world.beta, &token).await;
        assert!(matches!(elsewhere, Err(Error::Link)));
        let confirmed = identity.addresses().confirm(&world.acme, &token).await;
        assert!(matches!(confirmed, Err(Error::Link)));
        let invited = identity.invitations().look(&world.acme, &token).await;
        assert!(matches!(invited, Err(Error::Link)));
        let last = if token.expose().ends_with('A') {
            "B"
        } else {
            "A"
        };
        let changed = format!("{}{last}", &token.expose()[..43]);
        for wrong in ["", "x", &changed, &"A".repeat(44), &"A".repeat(100_000)] {
            let refused = reset(&world, &Secret::from(wrong), NEW).await;
            assert!(matches!(refused, Err(Error::Link)), "{wrong:.50}");
        }
        // pwd_32: all this looking has used nothing up, and neither does a password that cannot be chosen.
        let short = reset(&world, &token, "short").await;
        assert!(matches!(short, Err(Error::InvalidPassword(_))));
        reset(&world, &token, NEW).await.unwrap();
        assert!(signs_in(&world, NEW).await);
    }
}

#[tokio::test]
async fn pwd_13_a_reset_wakes_who_has_deactivated_and_nobody_whom_the_service_has_disabled() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        let set = "UPDATE saas_accounts SET status = $2 WHERE id = $1";
        let status = |status: &str| [ann.to_value(), status.to_owned().to_value()];
        let token = post.reset_token(&world, &world.acme, ANN).await;
        world.system(set, &status("disabled")).await;
        assert!(matches!(reset(&world, &token, NEW).await, Err(Error::Link)));
        world.system(set, &status("deactivated")).await;
        assert!(!signs_in(&world, PASSWORD).await);
        let token = post.reset_token(&world, &world.acme, ANN).await;
        reset(&world, &token, NEW).await.unwrap();
        assert!(signs_in(&world, NEW).await);
        let account = world.identity.accounts().by_id(ann).await.unwrap().unwrap();
        assert!(account.is_active() && account.is_verified());
    }
}

#[tokio::test]
async fn an_event_that_is_delivered_again_makes_no_second_proof() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let changes = world.identity.password_changes();
        changes
            .ask(&world.acme, &ANN.parse().unwrap(), &Device::default())
            .await
            .unwrap();
        post.close(true);
        assert_eq!(post.try_deliver().await.failed, 1);
        post.close(false);
        world.db.clock().advance(Duration::from_secs(60));
        let letter = post.one().await;
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        assert_eq!(tx.proofs().await.unwrap(), (1,));
        drop(tx);
        // The time runs from when it was asked for.
        world.db.clock().advance(Duration::from_secs(3540));
        let late = changes.look(&world.acme, &letter.token()).await;
        assert!(matches!(late, Err(Error::Link)));
    }
}

#[tokio::test]
async fn a_person_gets_five_letters_an_hour() {
    for world in World::all().await {
        let post = Post::of(&world);
        world.person(&world.acme, ANN).await;
        let changes = world.identity.password_changes();
        let email = ANN.parse().unwrap();
        for _ in 0..7 {
            changes
                .ask(&world.acme, &email, &Device::default())
                .await
                .unwrap();
        }
        let letters = post.deliver().await;
        assert_eq!(letters.len(), 5);
        // The last of them counts: the others had no proof that could be newer.
        let mut good = 0;
        for letter in &letters {
            good += u32::from(changes.look(&world.acme, &letter.token()).await.is_ok());
        }
        assert_eq!(good, 1);
        world.db.clock().advance(Duration::from_secs(3601));
        changes
            .ask(&world.acme, &email, &Device::default())
            .await
            .unwrap();
        assert_eq!(post.deliver().await.len(), 1);
    }
}

#[tokio::test]
async fn pwd_14_a_change_needs_the_current_password_and_is_told() {
    for world in World::all().await {
        let post = Post::of(&world);
        let ann = world.person(&world.acme, ANN).await;
        let refresh = world
            .sign_in(&world.acme, ANN, PASSWORD)
            .await
            .field("refresh_token");
        let principal = world.db.principal(world.acme.id(), ann);
        let scope = world.db.registry().admit(principal).await.unwrap();
        let changes = world.identity.password_changes();
        let (old, new) = (Secret::from(PASSWORD), Secret::from(NEW));
        let wrong = changes.change(&scope, &new, &new, &Device::default()).await;
        assert!(matches!(wrong, Err(Error::Credentials)));
        // The service itself has no password.
        let system = world.db.scope(&world.acme);
        let nobody = changes
            .change(&system, &old, &new, &Device::default())
            .await;
        assert!(matches!(nobody, Err(Error::Credentials)));
        let short = changes
            .change(&scope, &old, &Secret::from("short"), &Device::default())
            .await;
        assert!(matches!(short, Err(Error::InvalidPassword(_))));
        assert!(post.deliver().await.is_empty());
        changes
            .change(&scope, &old, &new, &Device::default())
            .await
            .unwrap();
        assert_eq!(world.exchange(None, &refresh).await.status, 400);
        assert!(signs_in(&world, NEW).await && !signs_in(&world, PASSWORD).await);
        assert_eq!(post.one().await.template, "auth/password-changed");
    }
}

#[tokio::test]
async fn who_changes_a_password_and_dies_leaves_the_end_of_sign_ins_to_the_event() {
    let world = World::on(Dialect::Sqlite).await;
    let post = Post::of(&world);
    let ann = world.person(&world.acme, ANN).await;
    let before = world
        .sign_in(&world.acme, ANN, PASSWORD)
        .await
        .field("refresh_token");
    world.db.clock().advance(Duration::from_secs(1));
    // What a process leaves that ends right after the commit of the change.
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    let changed = serde_json::json!({ "account": ann });
    tx.publish("auth.password-changed", &changed).await.unwrap();
    tx.commit().await.unwrap();
    world.db.clock().advance(Duration::from_secs(1));
    let after = world
        .sign_in(&world.acme, ANN, PASSWORD)
        .await
        .field("refresh_token");
    post.one().await;
    assert_eq!(world.exchange(None, &before).await.status, 400);
    assert_eq!(world.exchange(None, &after).await.status, 200);
}

#[tokio::test]
async fn nothing_that_is_printed_shows_a_token() {
    let world = World::on(Dialect::Sqlite).await;
    let post = Post::of(&world);
    world.person(&world.acme, ANN).await;
    let token = post.reset_token(&world, &world.acme, ANN).await;
    let identity = &world.identity;
    let refused = identity.addresses().confirm(&world.acme, &token).await;
    let printed = format!(
        "{token:?} {refused:?} {:?} {:?} {:?} {:?}",
        identity.password_changes(),
        identity.invitations(),
        identity.addresses(),
        identity.closures()
    );
    assert!(!printed.contains(token.expose().as_str()), "{printed}");
}

#[tokio::test]
async fn rat_05_letters_are_asked_for_ten_times_at_once_for_one_address_whoever_has_it() {
    let world = World::on(Dialect::Sqlite).await;
    world.person(&world.acme, ANN).await;
    let changes = world.identity.password_changes();
    for email in [ANN, "nobody@acme.test"] {
        let ask = async |email: &str| {
            let email = email.parse().unwrap();
            changes.ask(&world.acme, &email, &Device::default()).await
        };
        for _ in 0..10 {
            ask(email).await.unwrap();
        }
        // Another spelling is the same address.
        let upper = email.to_uppercase();
        assert!(matches!(ask(&upper).await, Err(Error::Limited(_))));
    }
    let mut tx = world.db.database().read(&world.db.scope(&world.acme));
    assert_eq!(tx.waiting().await.unwrap(), (20,));
}
