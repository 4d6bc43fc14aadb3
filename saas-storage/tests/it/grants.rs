//! Grants for single files, and links.

use std::{sync::Arc, time::Duration};

use saas_core::{Id, KeyRing};
use saas_storage::{
    Error, Files, FilesConfig, Grant, GrantTo, Grants, GrantsConfig, NewGrant, PutOptions, Storage,
};
use saas_tenancy::{AuditRecord, PageQuery};

use crate::{
    resume::person,
    world::{World, body, key},
};

const DAY: Duration = Duration::from_secs(86_400);
const BASE: &str = "https://app.example.com/shared";

fn grants_with(world: &World, keys: KeyRing) -> (Files, Grants) {
    let database = world.db.database().clone();
    let storage = Arc::clone(&world.storage);
    let files = Files::new(storage, database, &FilesConfig::default());
    let mut config = GrantsConfig::default();
    config.base = BASE.to_owned();
    config.longest_link = (2 * DAY).into();
    (files.clone(), Grants::new(files, keys, &config))
}

fn grants(world: &World) -> (Files, Grants) {
    grants_with(world, world.db.keys().clone())
}

async fn audited(world: &World) -> Vec<String> {
    let mut tx = world.db.database().read(&world.acme);
    let query = PageQuery::new().limit(100);
    let page = tx.repo::<AuditRecord>().list(query).await;
    let mut items = page.unwrap().items;
    items.sort_by_key(|record| record.id);
    items
        .into_iter()
        .map(|record| format!("{} {}", record.action, record.object))
        .collect()
}

/// Opens a link as a server does that is asked for it.
async fn open(world: &World, grants: &Grants, url: &str) -> Result<String, Error> {
    let rest = url.strip_prefix(BASE).unwrap().strip_prefix('/').unwrap();
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (rest, None),
    };
    let link = grants.verify_link(path, query)?;
    let tenant = if link.tenant() == world.acme.tenant().id() {
        world.acme.tenant()
    } else {
        world.beta.tenant()
    };
    let pass = grants.open_link(&link, tenant).await?;
    Ok(pass.key().to_string())
}

async fn give(world: &World, grants: &Grants, name: &str, new: NewGrant) -> Grant {
    grants.give(&world.acme, &key(name), new).await.unwrap()
}

#[tokio::test]
async fn a_person_and_a_role_read_the_file_that_was_shared_and_no_other() {
    for world in World::with_databases().await {
        let (files, grants) = grants(&world);
        for name in ["a", "b"] {
            files
                .put(&world.acme, &key(name), body(&["x"]))
                .await
                .unwrap();
        }
        files
            .put(&world.beta, &key("a"), body(&["x"]))
            .await
            .unwrap();
        let (ann, bob) = (Id::generate(), Id::generate());
        give(&world, &grants, "a", NewGrant::to(GrantTo::User(ann))).await;
        give(
            &world,
            &grants,
            "b",
            NewGrant::to(GrantTo::Role("reader".to_owned())),
        )
        .await;
        let roles = ["reader".to_owned()];
        let none: [String; 0] = [];
        let ann_here = person(&world, &world.acme, ann).await;
        let bob_here = person(&world, &world.acme, bob).await;
        let ann_there = person(&world, &world.beta, ann).await;
        let may = async |scope, name: &str, roles: &[String]| match grants
            .enter(scope, &key(name), roles)
            .await
        {
            Ok(pass) => {
                assert_eq!(pass.key().as_str(), name);
                true
            }
            Err(Error::NotFound) => false,
            Err(error) => panic!("{error}"),
        };
        assert!(may(&ann_here, "a", &none).await);
        assert!(!may(&bob_here, "a", &none).await);
        assert!(!may(&bob_here, "a", &roles).await);
        assert!(may(&bob_here, "b", &roles).await);
        assert!(!may(&bob_here, "b", &none).await);
        // Neither the same person nor the same role in another tenant.
        assert!(!may(&ann_there, "a", &roles).await);
        assert!(!may(&ann_here, "c", &roles).await);
        let shared = grants.shared_with(&ann_here, &roles, None).await.unwrap();
        let names: Vec<_> = shared.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
        assert!(
            grants
                .shared_with(&ann_there, &roles, None)
                .await
                .unwrap()
                .is_empty()
        );
        let used: u64 = grants.list(&world.acme, &key("a")).await.unwrap()[0].uses;
        assert_eq!(used, 1);
        let audited = audited(&world).await;
        assert_eq!(
            audited,
            [
                "file.shared file:a",
                "file.shared file:b",
                "file.read file:a",
                "file.read file:b"
            ]
        );
    }
}

#[tokio::test]
async fn a_grant_follows_its_file_and_ends_with_it() {
    for world in World::with_databases().await {
        let (files, grants) = grants(&world);
        let acme = &world.acme;
        let put = async |name: &str| {
            files.put(acme, &key(name), body(&["x"])).await.unwrap();
        };
        put("a").await;
        give(&world, &grants, "a", NewGrant::to(GrantTo::Link)).await;
        let count = async |name: &str| grants.list(acme, &key(name)).await.unwrap().len();
        put("a").await;
        assert_eq!(count("a").await, 1);
        put("b").await;
        give(&world, &grants, "b", NewGrant::to(GrantTo::Link)).await;
        give(&world, &grants, "b", NewGrant::to(GrantTo::Link)).await;
        let (from, to) = (key("a"), key("b"));
        files
            .rename(acme, &from, &to, PutOptions::default())
            .await
            .unwrap();
        assert_eq!((count("a").await, count("b").await), (0, 1));
        assert!(files.delete(acme, &to).await.unwrap());
        // Another file of the name is shared with nobody.
        put("b").await;
        assert_eq!(count("b").await, 0);
        let missing = grants
            .give(acme, &key("c"), NewGrant::to(GrantTo::Link))
            .await;
        assert!(matches!(missing, Err(Error::NotFound)), "{missing:?}");
    }
}

#[tokio::test]
async fn sto_09_11_a_link_is_good_until_it_is_taken_back_or_ends() {
    for world in World::with_databases().await {
        let (files, grants) = grants(&world);
        let acme = &world.acme;
        files.put(acme, &key("a/b"), body(&["x"])).await.unwrap();
        let first = give(&world, &grants, "a/b", NewGrant::to(GrantTo::Link)).await;
        let new = NewGrant::to(GrantTo::Link)
            .expires_in(400 * DAY)
            .max_uses(2);
        let second = give(&world, &grants, "a/b", new).await;
        // No longer than the configuration says, whatever was asked for.
        let longest = world.db.now().saturating_add(2 * DAY);
        for grant in [&first, &second] {
            assert_eq!(grant.expires_at, Some(longest));
        }
        let url = grants.address(acme, &first).unwrap();
        let other = grants.address(acme, &second).unwrap();
        assert_ne!(url, other);
        assert_eq!(open(&world, &grants, &url).await.unwrap(), "a/b");
        let (acme_id, beta_id) = (
            acme.tenant().id().to_string(),
            world.beta.tenant().id().to_string(),
        );
        let signature = |url: &str| url.split_once('?').unwrap().1.to_owned();
        for wrong in [
            url.replace(&acme_id, &beta_id),
            url.replace(&first.id.to_string(), &second.id.to_string()),
            url.replace(&signature(&url), &signature(&other)),
            url.split_once('?').unwrap().0.to_owned(),
            format!("{url}x"),
            format!("{url}&x=1"),
        ] {
            let opened = open(&world, &grants, &wrong).await;
            assert!(matches!(opened, Err(Error::Refused)), "{wrong}: {opened:?}");
        }
        // As often as it may be used, also at once.
        let uses = (0..8).map(|_| open(&world, &grants, &other));
        let uses = futures_util::future::join_all(uses).await;
        assert_eq!(uses.iter().filter(|used| used.is_ok()).count(), 2);
        let listed = grants.list(acme, &key("a/b")).await.unwrap();
        assert_eq!(
            listed.iter().map(|grant| grant.uses).collect::<Vec<_>>(),
            [1, 2]
        );
        assert!(!grants.take_back(&world.beta, first.id).await.unwrap());
        assert_eq!(open(&world, &grants, &url).await.unwrap(), "a/b");
        assert!(grants.take_back(acme, first.id).await.unwrap());
        assert!(!grants.take_back(acme, first.id).await.unwrap());
        assert!(matches!(
            open(&world, &grants, &url).await,
            Err(Error::Refused)
        ));
        let third = give(&world, &grants, "a/b", NewGrant::to(GrantTo::Link)).await;
        let url = grants.address(acme, &third).unwrap();
        // All at once, with the key.
        let (_, others) = grants_with(&world, KeyRing::generate().unwrap());
        assert!(matches!(
            open(&world, &others, &url).await,
            Err(Error::Refused)
        ));
        assert!(open(&world, &grants, &url).await.is_ok());
        world.db.clock().advance(2 * DAY);
        assert!(matches!(
            open(&world, &grants, &url).await,
            Err(Error::Refused)
        ));
        let audited = audited(&world).await;
        let count = |action: &str| {
            audited
                .iter()
                .filter(|line| line.starts_with(action))
                .count()
        };
        assert_eq!(
            (count("file.read"), count("file.unshared")),
            (5, 1),
            "{audited:?}"
        );
    }
}

#[tokio::test]
async fn who_comes_back_and_a_role_of_the_same_name_are_let_in_to_nothing() {
    for world in World::with_databases().await {
        let (files, grants) = grants(&world);
        for scope in [&world.acme, &world.beta] {
            files.put(scope, &key("a"), body(&["x"])).await.unwrap();
        }
        let (ann, clerk) = (GrantTo::User(Id::generate()), GrantTo::Role("clerk".into()));
        for to in [&ann, &clerk, &GrantTo::Link] {
            let new = NewGrant::to(to.clone());
            give(&world, &grants, "a", new.clone()).await;
            grants.give(&world.beta, &key("a"), new).await.unwrap();
        }
        for to in [&ann, &clerk] {
            let mut tx = world.db.database().write(&world.acme);
            assert_eq!(grants.take_back_from(&mut tx, to).await.unwrap(), 1);
            assert_eq!(grants.take_back_from(&mut tx, to).await.unwrap(), 0);
            tx.commit().await.unwrap();
        }
        let left = grants.list(&world.acme, &key("a")).await.unwrap();
        let left: Vec<_> = left.into_iter().map(|grant| grant.to).collect();
        assert_eq!(left, [GrantTo::Link]);
        // Another tenant's stay.
        let theirs = grants.list(&world.beta, &key("a")).await.unwrap();
        assert_eq!(theirs.len(), 3);
        let records = audited(&world).await;
        assert!(records.contains(&"file.unshared role:clerk".to_owned()));
        assert_eq!(records.len(), 5, "{records:?}");
    }
}

#[tokio::test]
async fn what_is_written_over_is_recorded() {
    for world in World::with_databases().await {
        let (files, _) = grants(&world);
        for (name, text) in [("a", "one"), ("a", "two"), ("b", "three")] {
            files
                .put(&world.acme, &key(name), body(&[text]))
                .await
                .unwrap();
        }
        let (from, to) = (key("b"), key("a"));
        files
            .rename(&world.acme, &from, &to, PutOptions::default())
            .await
            .unwrap();
        assert_eq!(
            audited(&world).await,
            ["file.replaced file:a", "file.replaced file:a"]
        );
    }
}
