//! Keys of programs.

use std::time::Duration;

use saas_auth::{Error, MadeApiKey, Membership, NewApiKey};
use saas_core::{Granted, UserId};
use saas_tenancy::{Column as _, Tenant};

use crate::world::World;

fn new(scopes: &[&str]) -> NewApiKey {
    NewApiKey {
        name: "a robot".to_owned(),
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        lifetime: Duration::from_secs(3600),
    }
}

async fn made(world: &World, tenant: &Tenant, user: UserId) -> MadeApiKey {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let keys = world.identity.api_keys();
    let made = keys
        .create(&mut tx, user, new(&["notes:read"]))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    made
}

async fn seen(world: &World, path: &str, key: &str) -> u16 {
    let answer = world.who(path, &[&format!("Bearer {key}")]).await;
    answer.status.as_u16()
}

#[tokio::test]
async fn pwd_29_a_key_acts_for_its_member_in_its_tenant_with_its_scopes() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        world.join(&world.beta, ann, "ann@acme.test").await;
        let made = made(&world, &world.acme, ann).await;
        let key = made.secret().expose();
        assert!(key.starts_with("sak_"));
        assert!(!format!("{made:?}").contains(key));
        let principal = world
            .identity
            .api_keys()
            .verify(made.secret())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(
            (principal.subject(), principal.tenant()),
            (ann, world.acme.id())
        );
        assert_eq!(
            *principal.granted(),
            Granted::Only(["notes:read".to_owned()].into())
        );
        assert_eq!(seen(&world, "/whoami", key).await, 200);
        assert_eq!(seen(&world, "/t/acme/scoped", key).await, 200);
        assert_eq!(seen(&world, "/t/beta/scoped", key).await, 403);
        // In the address it is nothing.
        let answer = world
            .who(&format!("/whoami?access_token={key}&key={key}"), &[])
            .await;
        assert_eq!(answer.status, 401);
        for changed in [&key[..key.len() - 1], &format!("{key}A"), "sak_", "sak_x"] {
            let answer = world.who("/whoami", &[&format!("Bearer {changed}")]).await;
            assert_eq!(
                answer.outcome(),
                (401, "token-invalid".to_owned()),
                "{changed}"
            );
        }
    }
}

#[tokio::test]
async fn pwd_29_a_key_ends_at_its_time_when_it_is_taken_back_and_with_the_membership() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let bob = world.person(&world.acme, "bob@acme.test").await;
        let scope = world.db.scope(&world.acme);
        let keys = world.identity.api_keys();

        let late = made(&world, &world.acme, ann).await;
        world.db.clock().advance(Duration::from_secs(3599));
        assert_eq!(seen(&world, "/whoami", late.secret().expose()).await, 200);
        world.db.clock().advance(Duration::from_secs(1));
        assert_eq!(seen(&world, "/whoami", late.secret().expose()).await, 401);

        let one = made(&world, &world.acme, ann).await;
        let mut tx = world.db.database().write(&scope);
        // What has ended is gone from the list.
        assert_eq!(keys.list(&mut tx, ann).await.unwrap(), [one.key().clone()]);
        assert!(!keys.revoke(&mut tx, bob, one.key().id).await.unwrap());
        assert!(keys.revoke(&mut tx, ann, one.key().id).await.unwrap());
        assert!(!keys.revoke(&mut tx, ann, one.key().id).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(seen(&world, "/whoami", one.secret().expose()).await, 401);

        let key = made(&world, &world.acme, ann).await;
        let disable = "UPDATE saas_accounts SET status = 'disabled' WHERE id = $1";
        world.system(disable, &[ann.to_value()]).await;
        assert_eq!(seen(&world, "/whoami", key.secret().expose()).await, 401);
        let enable = "UPDATE saas_accounts SET status = 'active' WHERE id = $1";
        world.system(enable, &[ann.to_value()]).await;
        assert_eq!(seen(&world, "/whoami", key.secret().expose()).await, 200);
        let mut tx = world.db.database().write(&scope);
        let id = Membership::id_of(ann);
        tx.repo::<Membership>().delete(id, None).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(seen(&world, "/whoami", key.secret().expose()).await, 401);
    }
}

#[tokio::test]
async fn a_key_that_says_too_much_or_too_little_is_not_made() {
    for world in World::all().await {
        let ann = world.person(&world.acme, "ann@acme.test").await;
        let keys = world.identity.api_keys();
        let mut tx = world.db.database().write(&world.db.scope(&world.acme));
        let good = || new(&["notes:read"]);
        let long = "x".repeat(101);
        for (field, wrong) in [
            (
                "name",
                NewApiKey {
                    name: String::new(),
                    ..good()
                },
            ),
            (
                "name",
                NewApiKey {
                    name: long,
                    ..good()
                },
            ),
            (
                "name",
                NewApiKey {
                    name: "a\nb".to_owned(),
                    ..good()
                },
            ),
            ("scopes", new(&[])),
            ("scopes", new(&["notes:read notes:write"])),
            ("scopes", new(&[""])),
            ("scopes", new(&["notes:\u{e9}"])),
            ("scopes", new(&["x"; 201])),
            (
                "expires_in",
                NewApiKey {
                    lifetime: Duration::from_secs(59),
                    ..good()
                },
            ),
            (
                "expires_in",
                NewApiKey {
                    lifetime: Duration::MAX,
                    ..good()
                },
            ),
        ] {
            let refused = keys.create(&mut tx, ann, wrong).await.unwrap_err();
            assert!(
                matches!(refused, Error::InvalidApiKey { field: named, .. } if named == field),
                "{field}: {refused:?}"
            );
        }
        for _ in 0..50 {
            keys.create(&mut tx, ann, good()).await.unwrap();
        }
        let refused = keys.create(&mut tx, ann, good()).await.unwrap_err();
        assert!(matches!(refused, Error::TooManyApiKeys));
    }
}
