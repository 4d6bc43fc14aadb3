//! Why, and what if.

use saas_rbac::{Error, RoleSpec, Subject};

use crate::world::{Can, World, names};

#[tokio::test]
async fn an_explanation_names_the_rule_and_the_way_to_it() {
    for world in World::all().await {
        let spec = RoleSpec::new().inherit(["user"]).deny(["notes:write"]);
        world.role("guest", spec).await.unwrap();
        let user = world.person(&["admin"]).await;
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Guests", "").await.unwrap();
        world
            .roles
            .set(&mut tx, group.id, &names(&["guest"]))
            .await
            .unwrap();
        world.groups.add(&mut tx, group.id, user).await.unwrap();
        let group = format!("group:{}", group.id);

        let write = world
            .roles
            .explain(&mut tx, user, "notes:write")
            .await
            .unwrap();
        assert!(!write.allowed);
        let because: Vec<_> = write
            .because
            .iter()
            .map(|reason| (reason.effect, reason.chain.join(" > ")))
            .collect();
        assert_eq!(
            because,
            [
                ("allow", "role:admin".to_owned()),
                ("deny", format!("{group} > role:guest"))
            ]
        );
        let read = world
            .roles
            .explain(&mut tx, user, "notes:read")
            .await
            .unwrap();
        assert!(read.allowed);
        let chains: Vec<_> = read
            .because
            .iter()
            .map(|reason| reason.chain.join(" > "))
            .collect();
        assert_eq!(
            chains,
            [
                "role:admin".to_owned(),
                format!("{group} > role:guest > role:user")
            ]
        );
        let delete = world
            .roles
            .explain(&mut tx, user, "notes:delete")
            .await
            .unwrap();
        assert!(!delete.allowed && delete.because.is_empty());
        let unknown = world.roles.explain(&mut tx, user, "notes:fly").await;
        assert!(
            matches!(unknown, Err(Error::UnknownPermission(_))),
            "{unknown:?}"
        );
    }
}

#[tokio::test]
async fn an_explanation_tells_of_groups_owners_and_editions() {
    for world in World::all().await {
        let user = world.person(&["admin"]).await;
        let owner = world.person(&["owner"]).await;
        let mut tx = world.system(&world.acme);
        let group = world.groups.create(&mut tx, "Readers", "").await.unwrap();
        let roles = names(&["user"]);
        world.roles.set(&mut tx, group.id, &roles).await.unwrap();
        let explain = async |tx: &mut saas_tenancy::TenantTx, subject: Subject, permission| {
            world.roles.explain(tx, subject, permission).await.unwrap()
        };
        let read = explain(&mut tx, group.id.into(), "notes:read").await;
        let group = format!("group:{}", group.id);
        assert!(read.allowed && !read.owner && !read.edition_lacks);
        assert_eq!(read.because[0].chain, [group, "role:user".to_owned()]);

        let write = explain(&mut tx, owner.into(), "notes:write").await;
        assert!(write.allowed && write.owner && !write.edition_lacks);
        let billing = saas_tenancy::SystemScope::<saas_testkit::TestSetup>::enter();
        let free = world.roles.set_edition(&billing, &mut tx, Some("free"));
        free.await.unwrap();
        for (subject, permission, expected) in [
            (owner, "notes:write", (false, true, true)),
            (owner, "notes:read", (true, true, false)),
            (user, "notes:write", (false, false, true)),
        ] {
            let why = explain(&mut tx, subject.into(), permission).await;
            let told = (why.allowed, why.owner, why.edition_lacks);
            assert_eq!(told, expected, "{permission}");
            // The role allows it all the same, and this says so.
            assert_eq!(why.because[0].effect, "allow");
        }
    }
}

#[tokio::test]
async fn a_preview_says_who_gains_and_loses_and_changes_nothing() {
    for world in World::all().await {
        let spec = RoleSpec::new().allow(["notes:write"]);
        world.role("editor", spec).await.unwrap();
        let (one, two) = (
            world.person(&["editor"]).await,
            world.person(&["user"]).await,
        );
        let owner = world.person(&["owner"]).await;
        let mut tx = world.tx(owner).await;
        let spec = RoleSpec::new().allow(["notes:delete"]);
        let change = async |tx: &mut saas_tenancy::TenantTx| {
            world.roles.update(tx, "editor", &spec).await?;
            world.roles.set(tx, two, &[]).await
        };
        let preview = world.roles.preview(&mut tx, change).await.unwrap();
        assert_eq!(preview.total, 2);
        let of = |user: saas_core::UserId| {
            let subject = format!("user:{user}");
            let mut changes = preview.changes.iter();
            changes.find(|change| change.subject == subject).unwrap()
        };
        assert_eq!(of(one).gains, ["notes:delete"]);
        assert_eq!(of(one).loses, ["notes:write"]);
        assert_eq!(of(two).loses, ["notes:read"]);
        tx.commit().await.unwrap();
        assert!(world.may(&world.acme, one, Can::Write).await);
        assert!(world.may(&world.acme, two, Can::Read).await);
        assert_eq!(world.records("role.changed").await, []);
        // What would be refused in earnest is refused here.
        let mut tx = world.tx(two).await;
        let change = async |tx: &mut saas_tenancy::TenantTx| {
            world.roles.set(tx, two, &names(&["owner"])).await
        };
        let refused = world.roles.preview(&mut tx, change).await;
        assert!(matches!(refused, Err(Error::Escalation)), "{refused:?}");
    }
}
