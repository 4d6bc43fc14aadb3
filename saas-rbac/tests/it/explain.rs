//! Why, and what if.

use saas_rbac::{Error, RoleSpec};

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
