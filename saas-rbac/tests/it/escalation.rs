//! Nobody gives or takes what he lacks, by whatever door and in whatever race.

use saas_core::UserId;
use saas_rbac::{Error, RoleSpec, Subject};

use crate::world::{Can, World, names};

fn spec() -> RoleSpec {
    RoleSpec::new()
}

#[tokio::test]
async fn rba_05_nobody_gives_or_takes_what_he_lacks_by_any_door() {
    for world in World::all().await {
        world.person(&["owner"]).await;
        let admin = world.person(&["admin"]).await;
        let other = world.person(&["user"]).await;
        world
            .role("deleter", spec().allow(["notes:delete"]))
            .await
            .unwrap();
        world
            .role("below", spec().inherit(["deleter"]))
            .await
            .unwrap();
        world
            .role("never", spec().deny(["notes:delete"]))
            .await
            .unwrap();
        world.role("own", spec()).await.unwrap();
        world
            .give(&world.acme, admin, &["admin", "own"])
            .await
            .unwrap();
        let victim = world.person(&["deleter"]).await;
        let mut tx = world.system(&world.acme);
        let danger = world.groups.create(&mut tx, "Danger", "").await.unwrap();
        let harmless = world.groups.create(&mut tx, "Harmless", "").await.unwrap();
        world
            .roles
            .set(&mut tx, danger.id, &names(&["below"]))
            .await
            .unwrap();
        world.groups.add(&mut tx, harmless.id, admin).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = world.tx(admin).await;
        let (roles, groups) = (&world.roles, &world.groups);
        let delete = || spec().allow(["notes:delete"]);
        let doors = [
            (
                "give a role",
                roles.set(&mut tx, other, &names(&["deleter"])).await,
            ),
            (
                "give it himself",
                roles
                    .set(&mut tx, admin, &names(&["admin", "own", "owner"]))
                    .await,
            ),
            (
                "give one that inherits",
                roles.set(&mut tx, other, &names(&["below"])).await,
            ),
            (
                "give one that denies",
                roles.set(&mut tx, other, &names(&["never"])).await,
            ),
            ("take a role", roles.set(&mut tx, victim, &[]).await),
            (
                "make a role",
                roles.create(&mut tx, "x", &delete()).await.map(drop),
            ),
            (
                "make an heir",
                roles
                    .create(&mut tx, "x", &spec().inherit(["deleter"]))
                    .await
                    .map(drop),
            ),
            (
                "make a deny",
                roles
                    .create(&mut tx, "x", &spec().deny(["notes:delete"]))
                    .await
                    .map(drop),
            ),
            (
                "edit his own role",
                roles.update(&mut tx, "own", &delete()).await.map(drop),
            ),
            (
                "make his own inherit",
                roles
                    .update(&mut tx, "own", &spec().inherit(["owner"]))
                    .await
                    .map(drop),
            ),
            (
                "empty a role",
                roles.update(&mut tx, "deleter", &spec()).await.map(drop),
            ),
            (
                "lift a deny",
                roles.update(&mut tx, "never", &spec()).await.map(drop),
            ),
            ("remove a deny", roles.delete(&mut tx, "never").await),
            ("join a group", groups.add(&mut tx, danger.id, admin).await),
            ("empty a group", groups.delete(&mut tx, danger.id).await),
            (
                "give a group",
                roles.set(&mut tx, harmless.id, &names(&["deleter"])).await,
            ),
            (
                "take from a group",
                roles.set(&mut tx, danger.id, &[]).await,
            ),
        ];
        for (door, result) in doors {
            assert!(
                matches!(result, Err(Error::Escalation)),
                "{door}: {result:?}"
            );
        }
        tx.commit().await.unwrap();
        for user in [admin, other] {
            assert!(!world.may(&world.acme, user, Can::Delete).await);
        }
        assert!(world.may(&world.acme, victim, Can::Delete).await);
        // What he holds he may give.
        let mut tx = world.tx(admin).await;
        roles
            .set(&mut tx, other, &names(&["user", "admin"]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        assert!(world.may(&world.acme, other, Can::Write).await);
    }
}

#[tokio::test]
async fn rba_05_the_edition_of_today_gives_nothing_for_tomorrow() {
    for world in World::all().await {
        let billing = saas_tenancy::SystemScope::<saas_testkit::TestSetup>::enter();
        let edition = async |name| {
            let mut tx = world.system(&world.acme);
            world
                .roles
                .set_edition(&billing, &mut tx, name)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        world.person(&["owner"]).await;
        let admin = world.person(&["admin"]).await;
        edition(Some("free")).await;
        let mut tx = world.tx(admin).await;
        let own = world
            .roles
            .set(&mut tx, admin, &names(&["admin", "owner"]))
            .await;
        assert!(matches!(own, Err(Error::Escalation)), "{own:?}");
        let spec = spec().allow(["notes:delete"]);
        let role = world.roles.create(&mut tx, "later", &spec).await;
        assert!(matches!(role, Err(Error::Escalation)), "{role:?}");
        // What he would hold without the edition he may give.
        let other = UserId::generate();
        world
            .roles
            .set(&mut tx, other, &names(&["user"]))
            .await
            .unwrap();
        let refused = world.roles.set_edition(&billing, &mut tx, None).await;
        assert!(matches!(refused, Err(Error::Escalation)), "{refused:?}");
        tx.commit().await.unwrap();
        edition(None).await;
        assert!(!world.may(&world.acme, admin, Can::Delete).await);
        let set = world.records("edition.set").await;
        assert_eq!(set[1].before_json().unwrap(), "free");
    }
}

#[tokio::test]
async fn who_leaves_keeps_nothing_and_only_who_holds_it_all_can_take_it() {
    for world in World::all().await {
        world.person(&["owner"]).await;
        let admin = world.person(&["admin"]).await;
        world
            .role("deleter", spec().allow(["notes:delete"]))
            .await
            .unwrap();
        let user = UserId::generate();
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Deleters", "").await.unwrap();
        let deleter = names(&["deleter"]);
        world.roles.set(&mut tx, group.id, &deleter).await.unwrap();
        world.groups.add(&mut tx, group.id, user).await.unwrap();
        tx.commit().await.unwrap();
        assert!(world.may(&world.acme, user, Can::Delete).await);
        // By his group he stands above the admin, though he has no role himself.
        let mut tx = world.tx(admin).await;
        let refused = world.roles.remove_all(&mut tx, user).await;
        assert!(matches!(refused, Err(Error::Escalation)), "{refused:?}");
        drop(tx);
        let mut tx = world.system(&world.acme);
        world.roles.remove_all(&mut tx, user).await.unwrap();
        assert_eq!(world.groups.members(&mut tx, group.id).await.unwrap(), []);
        tx.commit().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Delete).await);
        let owner = world.person(&["owner"]).await;
        let mut tx = world.system(&world.acme);
        world.roles.remove_all(&mut tx, owner).await.unwrap();
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn changes_that_would_not_go_together_come_one_after_the_other() {
    for world in World::all().await {
        let owner = world.person(&["owner"]).await;
        for round in 0..10 {
            let (x, y) = (format!("x{round}"), format!("y{round}"));
            if round > 0 {
                let old = [format!("x{}", round - 1), format!("y{}", round - 1)];
                let mut tx = world.system(&world.acme);
                for old in &old {
                    world.roles.update(&mut tx, old, &spec()).await.unwrap();
                }
                for old in &old {
                    world.roles.delete(&mut tx, old).await.unwrap();
                }
                tx.commit().await.unwrap();
            }
            world.role(&x, spec()).await.unwrap();
            world.role(&y, spec()).await.unwrap();
            let inherit = async |role: &str, parent: &str| {
                let mut tx = world.tx(owner).await;
                let spec = spec().inherit([parent]);
                world.roles.update(&mut tx, role, &spec).await?;
                Ok::<(), Error>(tx.commit().await?)
            };
            // Each alone is right, and both are a circle.
            let (one, two) = tokio::join!(inherit(&x, &y), inherit(&y, &x));
            let refused = [one, two].into_iter().filter_map(Result::err);
            let refused: Vec<Error> = refused.collect();
            assert!(
                matches!(refused.as_slice(), [Error::RoleCycle(_)]),
                "{refused:?}"
            );
            // These roles and no others.
            let user = UserId::generate();
            let (one, two) = tokio::join!(
                world.give(&world.acme, user, &["user"]),
                world.give(&world.acme, user, &["admin"])
            );
            one.unwrap();
            two.unwrap();
            let mut tx = world.system(&world.acme);
            assert_eq!(world.roles.of(&mut tx, user).await.unwrap().len(), 1);
            world.roles.remove_all(&mut tx, user).await.unwrap();
            tx.commit().await.unwrap();
            // A role that is given is not gone.
            let gone = async || {
                let mut tx = world.tx(owner).await;
                world.roles.delete(&mut tx, "fleeting").await?;
                Ok::<(), Error>(tx.commit().await?)
            };
            world.role("fleeting", spec()).await.unwrap();
            let user = UserId::generate();
            let (one, two) = tokio::join!(gone(), world.give(&world.acme, user, &["fleeting"]));
            assert_eq!(
                usize::from(one.is_ok()) + usize::from(two.is_ok()),
                1,
                "{one:?} {two:?}"
            );
            let mut tx = world.system(&world.acme);
            world.roles.remove_all(&mut tx, user).await.unwrap();
            if one.is_err() {
                world.roles.delete(&mut tx, "fleeting").await.unwrap();
            }
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_permission_that_this_program_does_not_know_is_not_given_on() {
    for world in World::all().await {
        world
            .role("newer", spec().allow(["notes:read"]))
            .await
            .unwrap();
        // As a newer version of the program writes it.
        let sql =
            "UPDATE saas_policy_rules SET v2 = 'rockets', v3 = 'launch' WHERE v0 = 'role:newer'";
        if world.db.dialect() == saas_tenancy::Dialect::Postgres {
            world.db.as_superuser(sql).await;
        } else {
            world.db.as_owner(sql).await;
        }
        let owner = world.person(&["owner"]).await;
        let mut tx = world.tx(owner).await;
        let role = world.roles.get(&mut tx, "newer").await.unwrap();
        assert_eq!(role.unknown, ["rockets:launch"]);
        let give = world
            .roles
            .set(&mut tx, UserId::generate(), &names(&["newer"]))
            .await;
        assert!(matches!(give, Err(Error::Escalation)), "{give:?}");
        let rewrite = world.roles.update(&mut tx, "newer", &spec()).await;
        assert!(matches!(rewrite, Err(Error::Escalation)), "{rewrite:?}");
    }
}

#[tokio::test]
async fn what_may_be_given_is_known_before_and_changes_nothing() {
    for world in World::all().await {
        world.person(&["owner"]).await;
        let admin = world.person(&["admin"]).await;
        let deletes = spec().allow(["notes:delete"]);
        world.role("deleter", deletes).await.unwrap();
        let mut tx = world.tx(admin).await;
        let roles = &world.roles;
        roles
            .may_give(&mut tx, &names(&["user", "admin"]))
            .await
            .unwrap();
        roles.may_give(&mut tx, &[]).await.unwrap();
        for refused in [["deleter"], ["owner"]] {
            let refused = roles.may_give(&mut tx, &names(&refused)).await;
            assert!(matches!(refused, Err(Error::Escalation)), "{refused:?}");
        }
        let unknown = roles.may_give(&mut tx, &names(&["nobody"])).await;
        assert!(matches!(unknown, Err(Error::UnknownRole(_))));
        assert_eq!(roles.of(&mut tx, admin).await.unwrap(), ["admin"]);
        drop(tx);

        // Somebody else, later: what he has lost since he cannot give any more.
        let mut tx = world.system(&world.acme);
        let by = Subject::from(admin);
        roles
            .could_give(&mut tx, by, &names(&["admin"]))
            .await
            .unwrap();
        let deleter = roles.could_give(&mut tx, by, &names(&["deleter"])).await;
        assert!(matches!(deleter, Err(Error::Escalation)));
        roles.set(&mut tx, admin, &names(&["user"])).await.unwrap();
        roles
            .could_give(&mut tx, by, &names(&["user"]))
            .await
            .unwrap();
        let lost = roles.could_give(&mut tx, by, &names(&["admin"])).await;
        assert!(matches!(lost, Err(Error::Escalation)));
        roles.remove_all(&mut tx, admin).await.unwrap();
        let gone = roles.could_give(&mut tx, by, &names(&["user"])).await;
        assert!(matches!(gone, Err(Error::Escalation)));
        assert_eq!(by.to_string().parse(), Ok(by));
        assert!("system:seed".parse::<Subject>().is_err());
    }
}
