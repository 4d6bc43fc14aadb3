//! Domains of tenants' own, and what instances tell each other.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use saas_tenancy::{
    Dialect, Domain, DomainProof, Error, NewTenant, Registry, RegistryConfig, SystemScope,
};
use saas_testkit::TestSetup;

use crate::world::World;

/// A DNS in which somebody has put a record.
struct Dns(Vec<(String, String)>);

#[async_trait]
impl DomainProof for Dns {
    async fn txt(
        &self,
        name: &str,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        if name.ends_with("broken.example") {
            return Err("no answer".into());
        }
        let records = self.0.iter().filter(|(record, _)| record == name);
        Ok(records.map(|(_, text)| text.clone()).collect())
    }
}

fn domain(text: &str) -> Domain {
    text.parse().unwrap()
}

#[tokio::test]
async fn ten_21_a_domain_leads_to_a_tenant_once_it_is_proven() {
    for world in World::all().await {
        let registry = world.db.registry();
        let (acme, beta) = (world.db.scope(&world.acme), world.db.scope(&world.beta));
        let shop = domain("shop.example");
        let claim = registry.claim_domain(&acme, &shop).await.unwrap();
        assert_eq!(claim.record(), "_saas-challenge.shop.example");
        assert_eq!(
            registry
                .claim_domain(&acme, &domain("SHOP.example."))
                .await
                .unwrap(),
            claim
        );
        // A claim keeps nobody else from claiming, and leads nowhere.
        let other = registry.claim_domain(&beta, &shop).await.unwrap();
        assert_ne!(other.token, claim.token);
        assert_eq!(registry.by_domain(&shop).await.unwrap(), None);

        let nothing = Dns(Vec::new());
        let unproven = registry.verify_domain(&acme, &shop, &nothing).await;
        assert!(
            matches!(unproven, Err(Error::DomainUnproven(_))),
            "{unproven:?}"
        );
        // The token of one tenant proves nothing for another.
        let theirs = Dns(vec![(other.record(), other.token.clone())]);
        let stolen = registry.verify_domain(&acme, &shop, &theirs).await;
        assert!(
            matches!(stolen, Err(Error::DomainUnproven(_))),
            "{stolen:?}"
        );
        let unclaimed = registry
            .verify_domain(&acme, &domain("other.example"), &nothing)
            .await;
        assert!(matches!(unclaimed, Err(Error::NotFound)), "{unclaimed:?}");

        let both = Dns(vec![
            (claim.record(), claim.token),
            (other.record(), other.token),
        ]);
        let verified = registry.verify_domain(&acme, &shop, &both).await.unwrap();
        assert_eq!(verified.verified_at, Some(world.db.now()));
        let found = registry.by_domain(&shop).await.unwrap().unwrap();
        assert_eq!(found.id(), world.acme.id());
        let late = registry.verify_domain(&beta, &shop, &both).await;
        assert!(matches!(late, Err(Error::DomainTaken(_))), "{late:?}");
        for variant in ["shop.example", "SHOP.EXAMPLE", "shop.example."] {
            let taken = registry.claim_domain(&beta, &domain(variant)).await;
            assert!(matches!(taken, Err(Error::DomainTaken(_))), "{taken:?}");
        }
        let broken = domain("broken.example");
        registry.claim_domain(&acme, &broken).await.unwrap();
        let failed = registry.verify_domain(&acme, &broken, &both).await;
        assert!(matches!(failed, Err(Error::Unavailable(_))), "{failed:?}");

        let claims = registry.domains(&acme).await.unwrap();
        let names: Vec<_> = claims.iter().map(|claim| claim.domain.as_str()).collect();
        assert_eq!(names, ["broken.example", "shop.example"]);
        assert_eq!(registry.domains(&beta).await.unwrap().len(), 1);
        assert!(matches!(
            registry.release_domain(&beta, &broken).await,
            Err(Error::NotFound)
        ));
        registry.release_domain(&acme, &shop).await.unwrap();
        assert_eq!(registry.by_domain(&shop).await.unwrap(), None);
        // It is free for whoever can prove it now.
        registry.verify_domain(&beta, &shop, &both).await.unwrap();
        let found = registry.by_domain(&shop).await.unwrap().unwrap();
        assert_eq!(found.id(), world.beta.id());
    }
}

#[tokio::test]
async fn ten_22_24_what_one_instance_changes_another_sees_at_once() {
    let world = World::on(Dialect::Postgres).await;
    let mut config = RegistryConfig::default();
    config.cache_lifetime = Duration::from_secs(3600).into();
    let here = Registry::new(world.db.database().clone(), &config);
    let there = Registry::new(world.db.another_instance(2).await, &config);
    let watched = there.clone();
    let watcher = tokio::spawn(async move { watched.watch().await });
    let slug = "new-one".parse().unwrap();
    let system = SystemScope::<TestSetup>::enter();

    // Remembered, also that there is none.
    assert_eq!(there.by_slug(&slug).await.unwrap(), None);
    let mut tx = world.db.database().system_write(&system);
    let tenant = here
        .create(&mut tx, NewTenant::new(slug.clone(), "New"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    eventually(async || there.by_slug(&slug).await.unwrap().is_some()).await;

    here.suspend(&system, &tenant).await.unwrap();
    eventually(async || {
        let seen = there.by_slug(&slug).await.unwrap().unwrap();
        seen.status() == saas_tenancy::Status::Suspended
    })
    .await;

    // A listener that was cut off forgets everything when it is back.
    world
        .db
        .as_superuser(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
             WHERE datname = current_database() AND query LIKE 'LISTEN%'",
        )
        .await;
    here.resume(&system, &tenant).await.unwrap();
    eventually(async || {
        let seen = there.by_slug(&slug).await.unwrap().unwrap();
        seen.status() == saas_tenancy::Status::Active
    })
    .await;
    watcher.abort();
}

#[tokio::test]
async fn ten_24_unknown_names_are_remembered_within_bounds() {
    for world in World::all().await {
        let mut config = RegistryConfig::default();
        config.cache_lifetime = Duration::from_secs(3600).into();
        config.cache_entries = 100;
        let registry = Arc::new(Registry::new(world.db.database().clone(), &config));
        for number in 0..1000 {
            let slug = format!("nobody-{number}").parse().unwrap();
            assert_eq!(registry.by_slug(&slug).await.unwrap(), None);
        }
        let remembered = registry.remembered();
        assert!(remembered <= 100, "{remembered}");
    }
}

/// Waits for what another instance will see in a moment.
async fn eventually(mut seen: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if seen().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it was never seen");
}

#[tokio::test]
async fn iso_46_what_instances_tell_each_other_is_ids_and_anybody_may_lie() {
    let world = World::on(Dialect::Postgres).await;
    let config = RegistryConfig::default();
    let registry = Registry::new(world.db.another_instance(4).await, &config);
    let watching = registry.clone();
    let watch = tokio::spawn(async move { watching.watch().await });
    let found = registry.by_id(world.acme.id()).await.unwrap().unwrap();
    assert_eq!(found, world.acme);
    // Nonsense, a lie about a tenant, and as much as a message may hold.
    for payload in [
        "nonsense".to_owned(),
        format!(
            r#"{{"tenant":{{"id":"{}","slug":"beta"}}}}"#,
            world.acme.id()
        ),
        "x".repeat(7_999),
    ] {
        let notify = format!("SELECT pg_notify('saas_registry', '{payload}')");
        world.db.as_owner(&notify).await;
    }
    for tenant in [&world.acme, &world.beta] {
        let found = registry.by_slug(tenant.slug()).await.unwrap();
        assert_eq!(found.as_ref(), Some(tenant));
    }
    watch.abort();
}

#[tokio::test]
async fn ten_21_of_two_who_prove_a_domain_at_once_one_gets_it() {
    for world in World::all().await {
        let registry = world.db.registry();
        let (acme, beta) = (world.db.scope(&world.acme), world.db.scope(&world.beta));
        let shop = domain("shop.example");
        let mut records = Vec::new();
        for scope in [&acme, &beta] {
            let claim = registry.claim_domain(scope, &shop).await.unwrap();
            records.push((claim.record(), claim.token));
        }
        let dns = Dns(records);
        let (one, two) = tokio::join!(
            registry.verify_domain(&acme, &shop, &dns),
            registry.verify_domain(&beta, &shop, &dns)
        );
        let owner = match (&one, &two) {
            (Ok(_), Err(Error::DomainTaken(_))) => &world.acme,
            (Err(Error::DomainTaken(_)), Ok(_)) => &world.beta,
            other => panic!("{other:?}"),
        };
        let found = registry.by_domain(&shop).await.unwrap();
        assert_eq!(found.as_ref(), Some(owner));
    }
}

/// A DNS whose record is asked for while the claim is given up and made anew.
struct Slow<'a>(&'a World, Dns);

#[async_trait]
impl DomainProof for Slow<'_> {
    async fn txt(
        &self,
        name: &str,
    ) -> Result<Vec<String>, Box<dyn std::error::Error + Send + Sync>> {
        let (registry, scope) = (self.0.db.registry(), self.0.db.scope(&self.0.acme));
        let shop = domain("shop.example");
        registry.release_domain(&scope, &shop).await?;
        registry.claim_domain(&scope, &shop).await?;
        self.1.txt(name).await
    }
}

#[tokio::test]
async fn the_proof_of_a_claim_that_was_given_up_proves_nothing() {
    let world = World::on(Dialect::Sqlite).await;
    let (registry, scope) = (world.db.registry(), world.db.scope(&world.acme));
    let shop = domain("shop.example");
    let claim = registry.claim_domain(&scope, &shop).await.unwrap();
    let dns = Dns(vec![(claim.record(), claim.token)]);
    let refused = registry
        .verify_domain(&scope, &shop, &Slow(&world, dns))
        .await;
    assert!(matches!(refused, Err(Error::NotFound)), "{refused:?}");
    assert_eq!(registry.by_domain(&shop).await.unwrap(), None);
}
