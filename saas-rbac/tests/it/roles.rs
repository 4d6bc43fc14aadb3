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
