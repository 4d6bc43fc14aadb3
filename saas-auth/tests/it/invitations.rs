//! How people join a tenant.

use std::{sync::Arc, time::Duration};

use saas_auth::{Accepted, Device, Email, Error, Invitation, Joining, Membership};
use saas_core::{Id, Secret, UserId};
use saas_tenancy::{Column as _, Dialect, Scope, Tenant, TenantTx};

use crate::{
    post::{Post, Sent},
    second::enrolled_in,
    world::{PASSWORD, World, at_once},
};

const NEW: &str = "bob@new.test";

/// Ann, who is a member of acme and acts there.
async fn ann(world: &World) -> Scope {
    let ann = world.person(&world.acme, "ann@acme.test").await;
    let principal = world.db.principal(world.acme.id(), ann);
    world.db.registry().admit(principal).await.unwrap()
}

async fn invite(world: &World, scope: &Scope, email: &str) -> Result<Invitation, Error> {
    let email: Email = email.parse().unwrap();
    let mut tx = world.db.database().write(scope);
    let roles = ["editor".to_owned(), "a role, with a comma".to_owned()];
    let invitation = world.identity.invitations().invite(&mut tx, &email, &roles);
    let invitation = invitation.await?;
    tx.commit().await?;
    Ok(invitation)
}

async fn invited(world: &World, post: &Post, scope: &Scope, email: &str) -> Sent {
    invite(world, scope, email).await.unwrap();
    post.one().await
}

async fn begin(
    world: &World,
    tenant: &Tenant,
    token: &Secret<String>,
    password: &str,
) -> Result<(TenantTx, Accepted), Error> {
    let joining = Joining::Password {
        name: "Bob",
        password: &Secret::from(password),
    };
    world
        .identity
        .invitations()
        .accept(tenant, token, joining, &Device::default())
        .await
}

async fn accept(world: &World, token: &Secret<String>, password: &str) -> Result<UserId, Error> {
    let (tx, accepted) = begin(world, &world.acme, token, password).await?;
    tx.commit().await?;
    Ok(accepted.user)
}

async fn list(world: &World, tenant: &Tenant) -> Vec<Invitation> {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    world.identity.invitations().list(&mut tx).await.unwrap()
}

#[tokio::test]
async fn somebody_without_an_account_gets_one_with_a_verified_address() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let letter = invited(&world, &post, &ann, NEW).await;
        assert_eq!((letter.template, &*letter.to), ("auth/invitation", NEW));
        assert!(
            letter
                .values
                .contains(&"inviter=Name of ann@acme.test".to_owned())
        );
        assert!(letter.values.contains(&"valid=7 days".to_owned()));
        let token = letter.token();
        let found = world.identity.invitations().look(&world.acme, &token).await;
        let found = found.unwrap();
        assert_eq!(
            list(&world, &world.acme).await,
            std::slice::from_ref(&found)
        );
        assert_eq!(list(&world, &world.beta).await, []);
        assert_eq!(found.email, NEW);
        let (mut tx, accepted) = begin(&world, &world.acme, &token, PASSWORD).await.unwrap();
        // The application gives these, in the same transaction.
        assert_eq!(accepted.invitation, found);
        assert_eq!(
            accepted.invitation.roles,
            ["editor", "a role, with a comma"]
        );
        assert_eq!(accepted.invitation.invited_by, ann.actor().to_string());
        let id = Membership::id_of(accepted.user);
        let member = tx.repo::<Membership>().get(id).await.unwrap();
        assert_eq!((&*member.email, &*member.name), (NEW, "Bob"));
        tx.commit().await.unwrap();
        let account = world.identity.accounts().by_id(accepted.user).await;
        let account = account.unwrap().unwrap();
        assert!(account.is_verified() && !account.is_provisional());
        assert_eq!(world.sign_in(&world.acme, NEW, PASSWORD).await.status, 200);
        assert_eq!(world.sign_in(&world.beta, NEW, PASSWORD).await.status, 400);
        assert_eq!(list(&world, &world.acme).await, []);
    }
}

#[tokio::test]
async fn somebody_with_an_account_proves_to_hold_it() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let bob = world.person(&world.beta, NEW).await;
        world.verified(bob).await;
        // Whatever the spelling of the one who invites.
        let token = invited(&world, &post, &ann, "Bob@NEW.test").await.token();
        let wrong = accept(&world, &token, "not the password").await;
        assert!(matches!(wrong, Err(Error::Credentials)));
        assert_eq!(accept(&world, &token, PASSWORD).await.unwrap(), bob);
        assert_eq!(world.sign_in(&world.acme, NEW, PASSWORD).await.status, 200);
    }
}

#[tokio::test]
async fn a_session_is_a_proof_for_its_own_person_alone() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let bob = world.person(&world.beta, NEW).await;
        world.person(&world.beta, "eve@beta.test").await;
        let session = async |email: &str| {
            let (doors, password) = (world.identity.sign_ins(), Secret::from(PASSWORD));
            let device = Device::default();
            let who = doors.by_password(&world.beta, email, &password, &device);
            let who = who.await.unwrap().authenticated().unwrap();
            let started = world.identity.sessions().begin(&who).await;
            started.unwrap().session().clone()
        };
        let token = invited(&world, &post, &ann, NEW).await.token();
        let accept = async |email: &str| {
            let session = session(email).await;
            let joining = Joining::Session {
                name: "Bob",
                session: &session,
            };
            let invitations = world.identity.invitations();
            let (tx, accepted) = invitations
                .accept(&world.acme, &token, joining, &Device::default())
                .await?;
            tx.commit().await?;
            Ok::<_, Error>(accepted.user)
        };
        let eve = accept("eve@beta.test").await;
        assert!(matches!(eve, Err(Error::Link)));
        assert_eq!(accept(NEW).await.unwrap(), bob);
    }
}

#[tokio::test]
async fn who_made_an_account_for_the_address_of_somebody_else_loses_it_to_its_holder() {
    const OWN: &str = "a password of my own";
    for world in World::all().await {
        for (number, how) in [
            // An administrator of another tenant chose the password.
            "UPDATE saas_accounts SET provisional = (1 = 1) WHERE id = $1",
            // Somebody signed up with the address.
            "UPDATE saas_accounts SET verified_at = NULL WHERE id = $1",
        ]
        .into_iter()
        .enumerate()
        {
            let (post, email) = (Post::of(&world), format!("bob{number}@new.test"));
            let ann = world
                .person(&world.acme, &format!("ann{number}@acme.test"))
                .await;
            let ann = world.db.principal(world.acme.id(), ann);
            let ann = world.db.registry().admit(ann).await.unwrap();
            let bob = world.person(&world.beta, &email).await;
            world.system(how, &[bob.to_value()]).await;
            let theirs = world.sign_in(&world.beta, &email, PASSWORD).await;
            // So that its holder would be asked for a code.
            enrolled_in(&world, &world.beta, &email).await;
            post.one().await;
            let token = invited(&world, &post, &ann, &email).await.token();
            let weak = accept(&world, &token, "password").await;
            assert!(matches!(weak, Err(Error::InvalidPassword(_))), "{weak:?}");
            world.db.clock().advance(Duration::from_secs(1));
            assert_eq!(accept(&world, &token, OWN).await.unwrap(), bob);
            let account = world.identity.accounts().by_id(bob).await.unwrap().unwrap();
            assert!(account.is_verified() && !account.is_provisional());
            let told = post.deliver().await;
            let stripped = |letter: &&Sent| letter.template == "auth/factors-changed";
            assert_eq!(told.iter().filter(stripped).count(), 1, "{told:?}");
            let refresh = theirs.field("refresh_token");
            assert_eq!(world.exchange(None, &refresh).await.status, 400);
            let (old, new) = (
                world.sign_in(&world.beta, &email, PASSWORD).await,
                world.sign_in(&world.acme, &email, OWN).await,
            );
            assert_eq!((old.status.as_u16(), new.status.as_u16()), (400, 200));
        }
    }
}

#[tokio::test]
async fn an_account_that_is_closed_does_not_join() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let bob = world.person(&world.beta, NEW).await;
        let token = invited(&world, &post, &ann, NEW).await.token();
        let set = async |sql| assert_eq!(world.system(sql, &[bob.to_value()]).await, 1);
        set("UPDATE saas_accounts SET verified_at = created_at, status = 'disabled' WHERE id = $1")
            .await;
        let closed = accept(&world, &token, PASSWORD).await;
        assert!(matches!(closed, Err(Error::Credentials)));
        set("UPDATE saas_accounts SET status = 'active' WHERE id = $1").await;
        accept(&world, &token, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn pwd_31_what_is_edited_expired_revoked_or_replaced_is_refused() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let token = invited(&world, &post, &ann, NEW).await.token();
        let link = |result: Result<UserId, Error>| matches!(result, Err(Error::Link));
        // Another tenant.
        let elsewhere = begin(&world, &world.beta, &token, PASSWORD).await;
        assert!(matches!(elsewhere, Err(Error::Link)));
        // Any byte of it.
        for at in [0, 1, 12, 22, 40, 43] {
            let mut edited = token.expose().clone();
            let other = if &edited[at..=at] == "x" { "y" } else { "x" };
            edited.replace_range(at..=at, other);
            assert!(
                link(accept(&world, &Secret::new(edited), PASSWORD).await),
                "{at}"
            );
        }
        // Another address or role in the row, which only who writes to the database can have put there.
        let edit = "UPDATE saas_proofs SET email_key = 'eve@evil.test', email = 'eve@evil.test'";
        let undo = "UPDATE saas_proofs SET email_key = 'bob@new.test', email = 'bob@new.test'";
        if world.db.dialect() == Dialect::Sqlite {
            world.db.as_owner(edit).await;
            assert!(link(accept(&world, &token, PASSWORD).await));
            world.db.as_owner(undo).await;
        }
        // One that was sent once more.
        let first = list(&world, &world.acme).await[0].id;
        let mut tx = world.db.database().write(&ann);
        let invitations = world.identity.invitations();
        let again = invitations.resend(&mut tx, first).await.unwrap().unwrap();
        tx.commit().await.unwrap();
        assert_eq!(
            list(&world, &world.acme).await,
            std::slice::from_ref(&again)
        );
        let newer = post.one().await.token();
        assert!(link(accept(&world, &token, PASSWORD).await));
        invitations.look(&world.acme, &newer).await.unwrap();
        // Revoked, which is done once and in its tenant.
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        assert!(!invitations.revoke(&mut tx, again.id).await.unwrap());
        drop(tx);
        let mut tx = world.db.database().write(&ann);
        assert!(invitations.revoke(&mut tx, again.id).await.unwrap());
        assert!(!invitations.revoke(&mut tx, again.id).await.unwrap());
        assert!(!invitations.revoke(&mut tx, Id::generate()).await.unwrap());
        tx.commit().await.unwrap();
        assert!(link(accept(&world, &newer, PASSWORD).await));
        assert_eq!(list(&world, &world.acme).await, []);
        // Expired.
        let token = invited(&world, &post, &ann, NEW).await.token();
        world.db.clock().advance(Duration::from_secs(7 * 86_400));
        assert!(link(accept(&world, &token, PASSWORD).await));
        assert_eq!(list(&world, &world.acme).await, []);
        // Used.
        let token = invited(&world, &post, &ann, NEW).await.token();
        accept(&world, &token, PASSWORD).await.unwrap();
        assert!(link(accept(&world, &token, PASSWORD).await));
    }
}

#[tokio::test]
async fn pwd_31_of_fifty_parallel_uses_one_joins() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let token = invited(&world, &post, &ann, NEW).await.token();
        let world = Arc::new(world);
        let results = at_once(50, |_| {
            let (world, token) = (world.clone(), token.clone());
            Box::pin(async move { accept(&world, &token, PASSWORD).await })
        });
        let results = results.await;
        let joined = results.iter().filter(|result| result.is_ok()).count();
        assert_eq!(joined, 1, "{results:?}");
    }
}

#[tokio::test]
async fn what_the_application_takes_back_has_not_happened() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let token = invited(&world, &post, &ann, NEW).await.token();
        let (tx, accepted) = begin(&world, &world.acme, &token, PASSWORD).await.unwrap();
        tx.rollback().await.unwrap();
        let nobody = world.identity.accounts().by_id(accepted.user).await;
        assert!(nobody.unwrap().is_none());
        accept(&world, &token, PASSWORD).await.unwrap();
    }
}

#[tokio::test]
async fn members_are_not_invited_and_one_address_gets_five_letters_an_hour() {
    for world in World::all().await {
        let ann = ann(&world).await;
        let member = invite(&world, &ann, "ann@acme.test").await;
        assert!(matches!(member, Err(Error::AlreadyMember)));
        for _ in 0..5 {
            invite(&world, &ann, NEW).await.unwrap();
        }
        assert!(matches!(
            invite(&world, &ann, NEW).await,
            Err(Error::TooManyLetters)
        ));
        // Only the last one is open, and only for it is a letter sent.
        assert_eq!(list(&world, &world.acme).await.len(), 1);
        assert_eq!(Post::of(&world).deliver().await.len(), 1);
        invite(&world, &ann, "another@new.test").await.unwrap();
        world.db.clock().advance(Duration::from_secs(3601));
        invite(&world, &ann, NEW).await.unwrap();
    }
}

#[tokio::test]
async fn a_member_under_another_spelling_learns_it_when_accepting() {
    for world in World::all().await {
        let (post, ann) = (Post::of(&world), ann(&world).await);
        let token = invited(&world, &post, &ann, "ANN@acme.test").await.token();
        let twice = accept(&world, &token, PASSWORD).await;
        assert!(matches!(twice, Err(Error::AlreadyMember)));
    }
}

#[tokio::test]
async fn the_open_invitations_of_a_tenant_are_bounded() {
    let world = World::with(Dialect::Sqlite, |config| config.link.open_invitations = 2).await;
    let ann = ann(&world).await;
    invite(&world, &ann, "one@new.test").await.unwrap();
    invite(&world, &ann, "two@new.test").await.unwrap();
    let third = invite(&world, &ann, "three@new.test").await;
    assert!(matches!(third, Err(Error::TooManyInvitations(2))));
    // One in the place of another.
    invite(&world, &ann, "two@new.test").await.unwrap();
}

#[tokio::test]
async fn more_open_invitations_than_a_list_shows_are_counted() {
    let world = World::with(Dialect::Sqlite, |config| {
        config.link.open_invitations = 1001
    })
    .await;
    let scope = ann(&world).await;
    let invitations = world.identity.invitations();
    let mut tx = world.db.database().write(&scope);
    for person in 0..1001 {
        let email: Email = format!("person{person}@new.test").parse().unwrap();
        invitations.invite(&mut tx, &email, &[]).await.unwrap();
    }
    let email: Email = NEW.parse().unwrap();
    let refused = invitations.invite(&mut tx, &email, &[]).await;
    assert!(
        matches!(refused, Err(Error::TooManyInvitations(1001))),
        "{refused:?}"
    );
    assert_eq!(invitations.list(&mut tx).await.unwrap().len(), 1000);
}
