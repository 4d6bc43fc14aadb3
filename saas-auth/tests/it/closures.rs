//! The end of an account.

use async_trait::async_trait;
use saas_auth::{Device, Error, Leave, Membership, NewApiKey};
use saas_core::{Secret, TenantId, UserId};
use saas_tenancy::{Column as _, Scope, Tenant, TenantTx};

use crate::{
    post::Post,
    world::{PASSWORD, World},
};

const ANN: &str = "ann@acme.test";

async fn signed_in(world: &World) -> (UserId, Scope) {
    let ann = world.person(&world.acme, ANN).await;
    world.join(&world.beta, ann, "ann@beta.test").await;
    let principal = world.db.principal(world.acme.id(), ann);
    (ann, world.db.registry().admit(principal).await.unwrap())
}

async fn is_member(world: &World, tenant: &Tenant, user: UserId) -> bool {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    let member = tx.repo::<Membership>().find(Membership::id_of(user)).await;
    member.unwrap().is_some()
}

/// Everything with which Ann is known: tokens of both tenants, and a key.
async fn credentials(world: &World, ann: UserId) -> (Vec<(String, String)>, Secret<String>) {
    let mut tokens = Vec::new();
    for tenant in [&world.acme, &world.beta] {
        let answer = world.sign_in(tenant, ANN, PASSWORD).await;
        tokens.push((answer.field("refresh_token"), answer.field("access_token")));
    }
    let mut tx = world.db.database().write(&world.db.scope(&world.beta));
    let new = NewApiKey {
        name: "a program".to_owned(),
        scopes: vec!["projects:read".to_owned()],
        lifetime: std::time::Duration::from_secs(3600),
    };
    let key = world
        .identity
        .api_keys()
        .create(&mut tx, ann, new)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    (tokens, key.secret().clone())
}

async fn all_dead(world: &World, (tokens, key): &(Vec<(String, String)>, Secret<String>)) {
    for (refresh, access) in tokens {
        assert_eq!(world.exchange(None, refresh).await.status, 400);
        assert!(world.identity.verifier().verify(access).is_err());
        let bearer = format!("Bearer {access}");
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 401);
    }
    let bearer = format!("Bearer {}", key.expose());
    assert_eq!(world.who("/whoami", &[&bearer]).await.status, 401);
}

/// What an application does for one who leaves, with a tenant that lets nobody go.
#[derive(Default)]
struct Application {
    keeps: Option<TenantId>,
}

#[async_trait]
impl Leave for Application {
    type Error = Error;

    async fn leave(&self, tx: &mut TenantTx, user: UserId) -> Result<(), Error> {
        let tenant = tx.scope().tenant().id();
        if Some(tenant) == self.keeps {
            return Err(Error::AlreadyMember);
        }
        let id = Membership::id_of(user);
        let member = tx.repo::<Membership>().find(id).await?;
        assert!(member.is_some(), "whoever leaves is still there");
        Ok(tx.publish("left", &tenant).await?)
    }
}

#[tokio::test]
async fn pwd_26_who_deactivates_is_out_everywhere_until_the_password_is_reset() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, scope) = signed_in(&world).await;
        let credentials = credentials(&world, ann).await;
        let closures = world.identity.closures();
        let wrong = closures
            .deactivate(&scope, &Secret::from("wrong password"), &Device::default())
            .await;
        assert!(matches!(wrong, Err(Error::Credentials)));
        let password = Secret::from(PASSWORD);
        closures
            .deactivate(&scope, &password, &Device::default())
            .await
            .unwrap();
        all_dead(&world, &credentials).await;
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 400);
        let again = closures
            .deactivate(&scope, &password, &Device::default())
            .await;
        assert!(matches!(again, Err(Error::Credentials)));
        let letter = post.one().await;
        assert_eq!(
            (letter.template, &*letter.to),
            ("auth/account-deactivated", ANN)
        );
        assert!(is_member(&world, &world.acme, ann).await);
        let token = post.reset_token(&world, &world.beta, ANN).await;
        let new = Secret::from("another good password");
        let changes = world.identity.password_changes();
        changes.reset(&world.beta, &token, &new).await.unwrap();
        let back = world.sign_in(&world.acme, ANN, new.expose()).await;
        assert_eq!(back.status, 200);
        // What ended stays ended, but a key is no sign-in: it works again with its holder.
        for (refresh, _) in &credentials.0 {
            assert_eq!(world.exchange(None, refresh).await.status, 400);
        }
    }
}

#[tokio::test]
async fn pwd_26_nothing_of_who_deletes_the_account_is_left_but_an_empty_row() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, scope) = signed_in(&world).await;
        let credentials = credentials(&world, ann).await;
        let password = Secret::from(PASSWORD);
        let closures = world.identity.closures();
        let all = &Application::default();
        let wrong = closures
            .delete(
                &scope,
                &Secret::from("wrong password"),
                &Device::default(),
                all,
            )
            .await;
        assert!(matches!(wrong, Err(Error::Credentials)));
        closures
            .delete(&scope, &password, &Device::default(), all)
            .await
            .unwrap();
        all_dead(&world, &credentials).await;
        for tenant in [&world.acme, &world.beta] {
            assert!(!is_member(&world, tenant, ann).await);
            assert_eq!(world.sign_in(tenant, ANN, PASSWORD).await.status, 400);
            // The trial has left nothing behind: each tenant was left once.
            let mut tx = world.db.database().write(&world.db.scope(tenant));
            let waiting: i64 = tx.left().await.unwrap().0;
            assert_eq!(waiting, 1);
            tx.take_left().await.unwrap();
            tx.commit().await.unwrap();
        }
        assert!(
            world
                .identity
                .accounts()
                .by_id(ann)
                .await
                .unwrap()
                .is_none()
        );
        let empty = "UPDATE saas_accounts SET updated_at = updated_at WHERE id = $1 AND status = 'deleted' AND email = '' \
                     AND password_hash = '' AND verified_at IS NULL AND email_key NOT LIKE '%ann%'";
        assert_eq!(world.system(empty, &[ann.to_value()]).await, 1);
        let letter = post.one().await;
        assert_eq!(
            (letter.template, &*letter.to),
            ("auth/account-deleted", ANN)
        );
        // The address is free, and whoever has it now is somebody else.
        let other = world.person(&world.acme, ANN).await;
        assert_ne!(other, ann);
        let gone = closures
            .delete(&scope, &password, &Device::default(), all)
            .await;
        assert!(matches!(gone, Err(Error::Credentials)));
        assert!(is_member(&world, &world.acme, other).await);
    }
}

#[tokio::test]
async fn who_may_not_leave_one_tenant_leaves_none() {
    for world in World::all().await {
        let (ann, scope) = signed_in(&world).await;
        let password = Secret::from(PASSWORD);
        for keeps in [world.acme.id(), world.beta.id()] {
            let application = Application { keeps: Some(keeps) };
            let kept = world
                .identity
                .closures()
                .delete(&scope, &password, &Device::default(), &application)
                .await;
            assert!(matches!(kept, Err(Error::AlreadyMember)));
            for tenant in [&world.acme, &world.beta] {
                assert!(is_member(&world, tenant, ann).await);
                assert_eq!(world.sign_in(tenant, ANN, PASSWORD).await.status, 200);
            }
        }
    }
}

#[tokio::test]
async fn a_deletion_that_was_cut_off_goes_on_when_it_is_asked_for_again() {
    for world in World::all().await {
        let (ann, scope) = signed_in(&world).await;
        let password = Secret::from(PASSWORD);
        // Out of the other tenant, and then the process ended.
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        let id = Membership::id_of(ann);
        tx.repo::<Membership>().delete(id, None).await.unwrap();
        tx.commit().await.unwrap();
        let all = &Application::default();
        world
            .identity
            .closures()
            .delete(&scope, &password, &Device::default(), all)
            .await
            .unwrap();
        assert!(!is_member(&world, &world.acme, ann).await);
    }
}

/// A look at the events of these tests.
#[saas_tenancy::tenant_repository(entity = Membership)]
trait Left {
    #[sql("SELECT count(*) FROM saas_outbox WHERE {tenant} AND kind = 'left'")]
    async fn left(&mut self) -> Result<(i64,)>;

    #[sql("DELETE FROM saas_outbox WHERE {tenant} AND kind = 'left'")]
    async fn take_left(&mut self) -> Result<u64>;
}

#[tokio::test]
async fn pwd_26_a_tenant_keeps_a_member_out_of_itself_and_of_nothing_else() {
    for world in World::all().await {
        let post = Post::of(&world);
        let (ann, _) = signed_in(&world).await;
        let (tokens, key) = credentials(&world, ann).await;
        let members = world.identity.members();
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        assert!(!members.disable(&mut tx, ann).await.unwrap().active);
        tx.commit().await.unwrap();
        let bearer = format!("Bearer {}", key.expose());
        let (acme, beta) = (&tokens[0], &tokens[1]);
        assert_eq!(world.exchange(None, &beta.0).await.status, 400);
        assert!(world.identity.verifier().verify(&beta.1).is_err());
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 401);
        assert_eq!(world.sign_in(&world.beta, ANN, PASSWORD).await.status, 400);
        // Nor from another tenant, nor by way of a new password.
        let (doors, device) = (world.identity.sign_ins(), Device::default());
        let password = Secret::from(PASSWORD);
        let who = doors.by_password(&world.acme, ANN, &password, &device);
        let who = who.await.unwrap().authenticated().unwrap();
        let started = world.identity.sessions().begin(&who).await;
        let held = started.unwrap().session().clone();
        let switched = doors.by_switch(&world.beta, &held, &device).await;
        assert!(matches!(switched, Err(Error::Credentials)));
        let changes = world.identity.password_changes();
        let email = ANN.parse().unwrap();
        changes
            .ask(&world.beta, &email, &Device::default())
            .await
            .unwrap();
        assert!(post.deliver().await.is_empty());
        assert_eq!(world.exchange(None, &acme.0).await.status, 200);
        assert_eq!(world.sign_in(&world.acme, ANN, PASSWORD).await.status, 200);
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        assert!(members.enable(&mut tx, ann).await.unwrap().active);
        tx.commit().await.unwrap();
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 200);
        assert_eq!(world.sign_in(&world.beta, ANN, PASSWORD).await.status, 200);
        // Removed, the key is gone for good.
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        members.remove(&mut tx, ann).await.unwrap();
        let again = members.disable(&mut tx, ann).await;
        assert!(matches!(
            again,
            Err(Error::Storage(saas_tenancy::Error::NotFound))
        ));
        drop(tx);
        assert!(is_member(&world, &world.beta, ann).await);
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        members.remove(&mut tx, ann).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.who("/whoami", &[&bearer]).await.status, 401);
        assert!(is_member(&world, &world.acme, ann).await);
    }
}
