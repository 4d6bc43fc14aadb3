//! Decisions, on both databases.

use std::time::Duration;

use saas_core::{PrincipalKind, UserId, VerifiedFacts};
use saas_rbac::{Access, Decision, RoleSpec, Subject};

use crate::world::{Can, World, admitted};

#[tokio::test]
async fn rba_01_nothing_is_allowed_that_no_role_allows() {
    for world in World::all().await {
        let owner = world.person(&["owner"]).await;
        let admin = world.person(&["admin"]).await;
        let nobody = UserId::generate();
        assert!(world.may(&world.acme, owner, Can::Delete).await);
        assert!(world.may(&world.acme, admin, Can::Write).await);
        assert!(!world.may(&world.acme, admin, Can::Delete).await);
        assert!(!world.may(&world.acme, nobody, Can::Read).await);
        // And nothing in another tenant.
        assert!(!world.may(&world.beta, owner, Can::Read).await);
        // The service itself has no permission here.
        let system = world.db.scope(&world.acme);
        let decision = world.authorizer.decide(&system, &Access::member()).await;
        assert_eq!(decision.unwrap(), Decision::Deny);
    }
}

#[tokio::test]
async fn rba_21_a_change_shows_with_its_commit_and_not_before() {
    for world in World::all().await {
        world.person(&["owner"]).await;
        let user = UserId::generate();
        assert!(!world.may(&world.acme, user, Can::Write).await);
        let mut tx = world.system(&world.acme);
        let admin = ["admin".to_owned()];
        world.roles.set(&mut tx, user, &admin).await.unwrap();
        tx.rollback().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Write).await);
        world.give(&world.acme, user, &["admin"]).await.unwrap();
        assert!(world.may(&world.acme, user, Can::Write).await);
        world.give(&world.acme, user, &[]).await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Write).await);
    }
}

#[tokio::test]
async fn several_permissions_and_a_recent_sign_in_can_be_asked_for() {
    for world in World::all().await {
        let admin = world.person(&["admin"]).await;
        let scope = world.caller(&world.acme, admin).await;
        let decide = async |access: Access| world.authorizer.decide(&scope, &access).await.unwrap();
        let (allow, deny) = (Decision::Allow, Decision::Deny);
        assert_eq!(decide(Access::all([Can::Read, Can::Write])).await, allow);
        assert_eq!(decide(Access::all([Can::Read, Can::Delete])).await, deny);
        assert_eq!(decide(Access::any([Can::Delete, Can::Write])).await, allow);
        assert_eq!(decide(Access::any([Can::Delete])).await, deny);
        assert_eq!(decide(Access::any::<Can>([])).await, deny);
        assert_eq!(decide(Access::all::<Can>([])).await, allow);
        let fresh = |can: Can| Access::permission(&can).fresh_within(Duration::from_secs(300));
        assert_eq!(decide(fresh(Can::Write)).await, allow);
        world.db.clock().advance(Duration::from_secs(301));
        assert_eq!(decide(fresh(Can::Write)).await, Decision::StepUp);
        // Who may not do it anyway is not asked to sign in for it.
        assert_eq!(decide(fresh(Can::Delete)).await, deny);
    }
}

#[tokio::test]
async fn rba_09_kinds_of_subjects_are_apart() {
    for world in World::all().await {
        let id = UserId::generate();
        let service = Subject::ServiceAccount(id);
        world.give(&world.acme, service, &["admin"]).await.unwrap();
        // A person with the same id has nothing.
        assert!(!world.may(&world.acme, id, Can::Read).await);
        let now = world.db.now();
        #[expect(
            clippy::disallowed_methods,
            reason = "a test asserts who its callers are"
        )]
        let principal = saas_core::Principal::assert_verified(VerifiedFacts {
            kind: PrincipalKind::ServiceAccount,
            subject: id,
            tenant: world.acme.id(),
            authenticated_at: now,
            expires_at: now.saturating_add(Duration::from_secs(60)),
            methods: Vec::new(),
            session: None,
            granted: saas_core::Granted::All,
        });
        let scope = admitted(world.db.registry(), principal).await;
        assert!(world.authorizer.may(&scope, &Can::Write).await.unwrap());
        assert_eq!(scope.actor().to_string(), format!("service:{id}"));
    }
}

#[tokio::test]
async fn rba_17_a_deny_wins_wherever_it_comes_from() {
    for world in World::all().await {
        let spec = RoleSpec::new().deny(["notes:write"]);
        world.role("reader-only", spec).await.unwrap();
        let spec = RoleSpec::new().inherit(["reader-only"]);
        world.role("trainee", spec).await.unwrap();
        let user = world.person(&["admin", "trainee"]).await;
        assert!(world.may(&world.acme, user, Can::Read).await);
        assert!(!world.may(&world.acme, user, Can::Write).await);
    }
}

#[tokio::test]
async fn an_edition_bounds_everybody_and_only_the_service_sets_it() {
    for world in World::all().await {
        let owner = world.person(&["owner"]).await;
        let billing = saas_tenancy::SystemScope::<saas_testkit::TestSetup>::enter();
        let set = async |edition| {
            let mut tx = world.system(&world.acme);
            let result = world.roles.set_edition(&billing, &mut tx, edition).await;
            tx.commit().await.unwrap();
            result
        };
        assert!(set(Some("unknown")).await.is_err());
        set(Some("free")).await.unwrap();
        assert!(world.may(&world.acme, owner, Can::Read).await);
        assert!(!world.may(&world.acme, owner, Can::Write).await);
        // A role of the program can be given all the same, though nobody holds all of it now.
        let user = UserId::generate();
        let mut tx = world.tx(owner).await;
        let admin = ["admin".to_owned()];
        world.roles.set(&mut tx, user, &admin).await.unwrap();
        tx.commit().await.unwrap();
        assert!(!world.may(&world.acme, user, Can::Write).await);
        set(None).await.unwrap();
        assert!(world.may(&world.acme, owner, Can::Write).await);
        assert!(world.may(&world.acme, user, Can::Write).await);
    }
}

#[tokio::test]
async fn a_decision_allocates_nothing() {
    for world in World::all().await {
        let user = world.person(&["admin"]).await;
        let scope = world.caller(&world.acme, user).await;
        let accesses = [
            Access::member(),
            Access::permission(&Can::Write),
            Access::all([Can::Read, Can::Delete]),
            Access::any([Can::Delete, Can::Write]).fresh_within(Duration::from_secs(300)),
        ];
        for access in &accesses {
            world.authorizer.decide(&scope, access).await.unwrap();
        }
        let mut decisions = [None; 4];
        let counted = allocation_counter::measure(|| {
            for (access, decision) in accesses.iter().zip(&mut decisions) {
                *decision = world.authorizer.decide_now(&scope, access);
            }
        });
        assert!(decisions.iter().all(Option::is_some), "{decisions:?}");
        assert_eq!(counted.count_total, 0);
        // And the counter counts.
        let counted = allocation_counter::measure(|| drop(Box::new(1)));
        assert_eq!(counted.count_total, 1);
    }
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0005_guards.sql"
    );
    saas_testkit::assert_reference(file, &saas_rbac::MODULE.guards());
}
