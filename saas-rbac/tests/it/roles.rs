//! What can be done with roles and groups, and what is refused.

use saas_core::UserId;
use saas_rbac::{Error, RoleSpec, Subject};

use crate::world::{Can, World, names};

fn spec() -> RoleSpec {
    RoleSpec::new()
}

#[tokio::test]
async fn a_role_is_what_its_spec_says_and_can_be_changed() {
    for world in World::all().await {
        let owner = world.person(&["owner"]).await;
        let mut tx = world.tx(owner).await;
        let editor = spec()
            .description("Writes")
            .allow(["notes:write", "notes:write"])
            .deny(["notes:delete"])
            .inherit(["user"]);
        let role = world
            .roles
            .create(&mut tx, "editor", &editor)
            .await
            .unwrap();
        assert_eq!(role.permissions, ["notes:write"]);
        assert_eq!(role.denies, ["notes:delete"]);
        assert_eq!(role.inherits, ["user"]);
        assert_eq!(world.roles.get(&mut tx, "editor").await.unwrap(), role);
        tx.commit().await.unwrap();
        let user = world.person(&["editor"]).await;
        assert!(world.may(&world.acme, user, Can::Write).await);
        assert!(world.may(&world.acme, user, Can::Read).await);

        let mut tx = world.tx(owner).await;
        let less = spec().inherit(["user"]);
        world.roles.update(&mut tx, "editor", &less).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Write).await);
        assert!(world.may(&world.acme, user, Can::Read).await);

        let mut tx = world.tx(owner).await;
        let in_use = world.roles.delete(&mut tx, "editor").await;
        assert!(matches!(in_use, Err(Error::InUse(_))), "{in_use:?}");
        world.roles.set(&mut tx, user, &[]).await.unwrap();
        world.roles.delete(&mut tx, "editor").await.unwrap();
        tx.commit().await.unwrap();
        // With what was before and after.
        let changed = &world.records("role.changed").await[0];
        assert_eq!(changed.actor, format!("user:{owner}"));
        assert_eq!(changed.object, "role:editor");
        assert_eq!(changed.before_json().unwrap()["denies"][0], "notes:delete");
        assert_eq!(changed.after_json().unwrap()["inherits"][0], "user");
        assert_eq!(world.records("role.created").await.len(), 1);
        assert_eq!(world.records("role.deleted").await.len(), 1);
        let assigned = world.records("roles.assigned").await;
        let last = assigned.last().unwrap();
        assert_eq!(last.object, format!("user:{user}"));
        assert_eq!(last.before_json().unwrap()[0], "editor");
    }
}

#[tokio::test]
async fn rba_03_04_26_roles_that_make_no_sense_are_refused_and_leave_nothing() {
    for world in World::all().await {
        world.role("a", spec()).await.unwrap();
        world.role("b", spec().inherit(["a"])).await.unwrap();
        let mut tx = world.system(&world.acme);
        let roles = &world.roles;
        let refused = [
            (
                roles.update(&mut tx, "a", &spec().inherit(["b"])).await,
                "inherit from itself",
            ),
            (
                roles.update(&mut tx, "a", &spec().inherit(["a"])).await,
                "inherit from itself",
            ),
            (
                roles
                    .create(&mut tx, "self", &spec().inherit(["self"]))
                    .await,
                "inherit from itself",
            ),
            (
                roles
                    .create(&mut tx, "c", &spec().inherit(["nobody"]))
                    .await,
                "`nobody` is unknown",
            ),
            (
                roles
                    .create(&mut tx, "c", &spec().allow(["notes:fly"]))
                    .await,
                "`notes:fly` is unknown",
            ),
            (
                roles.create(&mut tx, "c", &spec().allow(["*"])).await,
                "`*` is unknown",
            ),
            (
                roles
                    .create(
                        &mut tx,
                        "c",
                        &spec().allow(["notes:read"]).deny(["notes:read"]),
                    )
                    .await,
                "allowed and denied",
            ),
            (
                roles.create(&mut tx, "owner", &spec()).await,
                "`owner` exists",
            ),
            (roles.create(&mut tx, "a", &spec()).await, "`a` exists"),
            (roles.update(&mut tx, "admin", &spec()).await, "built in"),
            (roles.update(&mut tx, "nobody", &spec()).await, "unknown"),
        ];
        for (result, text) in refused {
            let error = result.unwrap_err().to_string();
            assert!(error.contains(text), "{error}");
        }
        for name in [
            "",
            "Admin",
            "аdmin",
            "admin ",
            "a,b",
            "a\nb",
            "*",
            "beta::admin",
            "role:a",
            "1a",
            "-a",
            "a_b",
            "a#b",
            "a\"b",
            "ａ",
        ] {
            let refused = roles.create(&mut tx, name, &spec()).await;
            assert!(matches!(refused, Err(Error::InvalidRoleName)), "{name}");
        }
        // The transaction goes on, with nothing of all that in it.
        tx.commit().await.unwrap();
        let mut tx = world.system(&world.acme);
        let left = roles.list(&mut tx).await.unwrap();
        let left: Vec<&str> = left.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(left, ["owner", "admin", "user", "a", "b"]);
        assert_eq!(roles.get(&mut tx, "a").await.unwrap().inherits, [""; 0]);
        drop(tx);
        // Eight steps at most, so that nobody is silently denied what lies beyond.
        for depth in 2..9 {
            let name = format!("d{depth}");
            let parent = if depth == 2 {
                "b".to_owned()
            } else {
                format!("d{}", depth - 1)
            };
            world.role(&name, spec().inherit([parent])).await.unwrap();
        }
        let deep = world.role("d9", spec().inherit(["d8"])).await;
        assert!(matches!(deep, Err(Error::RoleTooDeep(8))), "{deep:?}");
    }
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
async fn what_a_group_holds_its_members_hold() {
    for world in World::all().await {
        world
            .role("writer", spec().allow(["notes:write"]))
            .await
            .unwrap();
        let user = UserId::generate();
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Writers", "").await.unwrap();
        world
            .roles
            .set(&mut tx, group.id, &names(&["writer"]))
            .await
            .unwrap();
        world.groups.add(&mut tx, group.id, user).await.unwrap();
        world.groups.add(&mut tx, group.id, user).await.unwrap();
        assert_eq!(
            world.groups.members(&mut tx, group.id).await.unwrap(),
            [Subject::User(user)]
        );
        tx.commit().await.unwrap();
        assert!(world.may(&world.acme, user, Can::Write).await);
        // A group of the same id elsewhere is not this one.
        let mut tx = world.system(&world.beta);
        let foreign = world.groups.add(&mut tx, group.id, user).await;
        assert!(
            matches!(foreign, Err(Error::UnknownGroup(_))),
            "{foreign:?}"
        );
        drop(tx);
        let mut tx = world.system(&world.acme);
        let nested = world
            .groups
            .add(&mut tx, group.id, UserId::generate())
            .await;
        assert!(nested.is_ok(), "another user");
        let nested = world
            .groups
            .add(&mut tx, group.id, Subject::Group(group.id))
            .await;
        assert!(matches!(nested, Err(Error::NestedGroup)), "{nested:?}");
        for name in ["", " x", "a\nb", "\u{200b}", "G\u{200b}", &"x".repeat(201)] {
            let refused = world.groups.create(&mut tx, name, "").await;
            assert!(matches!(refused, Err(Error::InvalidGroupName)), "{name}");
        }
        let twice = world.groups.create(&mut tx, "Writers", "").await;
        assert!(matches!(twice, Err(Error::GroupExists(_))), "{twice:?}");
        world.groups.delete(&mut tx, group.id).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Write).await);
    }
}

#[tokio::test]
async fn two_owners_cannot_both_leave_at_once_and_a_group_is_none() {
    for world in World::all().await {
        let (one, two) = (
            world.person(&["owner"]).await,
            world.person(&["owner"]).await,
        );
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Owners", "").await.unwrap();
        world
            .roles
            .set(&mut tx, group.id, &names(&["owner"]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let (left, right) = tokio::join!(
            world.give(&world.acme, one, &[]),
            world.give(&world.acme, two, &[])
        );
        assert_eq!(
            usize::from(left.is_ok()) + usize::from(right.is_ok()),
            1,
            "{left:?} {right:?}"
        );
    }
}

#[tokio::test]
async fn no_deny_holds_for_an_owner_whichever_way_it_comes() {
    for world in World::all().await {
        let owner = world.person(&["owner"]).await;
        let never = || spec().deny(["roles:write", "notes:write"]);
        world.role("never", never()).await.unwrap();
        world.role("heir", spec().inherit(["never"])).await.unwrap();
        world
            .give(&world.acme, owner, &["owner", "never", "heir"])
            .await
            .unwrap();
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Never", "").await.unwrap();
        let never = names(&["never"]);
        world.roles.set(&mut tx, group.id, &never).await.unwrap();
        world.groups.add(&mut tx, group.id, owner).await.unwrap();
        tx.commit().await.unwrap();
        for can in [Can::Roles, Can::Write, Can::Delete] {
            assert!(world.may(&world.acme, owner, can).await);
        }
        let mut tx = world.tx(owner).await;
        let explained = world
            .roles
            .explain(&mut tx, owner, "notes:write")
            .await
            .unwrap();
        assert!(explained.allowed && explained.owner);
        // And he can undo it.
        world.groups.delete(&mut tx, group.id).await.unwrap();
        world
            .roles
            .set(&mut tx, owner, &names(&["owner"]))
            .await
            .unwrap();
        tx.commit().await.unwrap();
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
async fn rba_25_a_tenant_has_bounds_of_its_own() {
    for world in World::all().await {
        let mut tx = world.system(&world.acme);
        for number in 0..12 {
            let name = format!("r{number}");
            world.roles.create(&mut tx, &name, &spec()).await.unwrap();
        }
        let more = world.roles.create(&mut tx, "more", &spec()).await;
        assert!(matches!(more, Err(Error::TooManyRoles(12))), "{more:?}");
        for number in 0..3 {
            let name = format!("G{number}");
            world.groups.create(&mut tx, &name, "").await.unwrap();
        }
        let more = world.groups.create(&mut tx, "more", "").await;
        assert!(matches!(more, Err(Error::TooManyGroups(3))), "{more:?}");
        let mut last = Ok(());
        let mut given = 0;
        while last.is_ok() {
            last = world
                .roles
                .set(&mut tx, UserId::generate(), &names(&["r1", "r2"]))
                .await;
            given += 2;
            assert!(given < 100);
        }
        assert!(matches!(last, Err(Error::TooManyRules(60))), "{last:?}");
        assert_eq!(given, 62);
        tx.commit().await.unwrap();
        // Another tenant has its own.
        let user = UserId::generate();
        world.give(&world.beta, user, &["owner"]).await.unwrap();
    }
}
