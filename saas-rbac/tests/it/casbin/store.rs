//! Policies of tenants in the database.

use saas_rbac::{
    Error,
    casbin::{Enforcer, Model, Policies, Policy},
};
use saas_tenancy::{Tenant, TenantTx};

use crate::world::World;

const MODEL: &str = "
[request_definition]
r = sub, obj, act
[policy_definition]
p = sub, obj, act, eft
[role_definition]
g = _, _
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act";

fn policies() -> Policies {
    Policies::new("documents", Model::parse(MODEL).unwrap(), 20)
}

fn write(world: &World, tenant: &Tenant) -> TenantTx {
    world.system(tenant)
}

#[tokio::test]
async fn rba_07_10_a_policy_comes_back_as_it_was_and_stays_in_its_tenant() {
    for world in World::all().await {
        let documents = policies();
        let odd = [
            "a, b",
            "\"quoted\"",
            "line\nbreak",
            "# no comment",
            " spaces ",
            "",
            "é",
        ];
        let mut tx = write(&world, &world.acme);
        for object in odd {
            let rule = ["alice", object, "read", "allow"];
            assert!(documents.add(&mut tx, "p", &rule).await.unwrap());
            assert!(!documents.add(&mut tx, "p", &rule).await.unwrap());
        }
        documents
            .add(&mut tx, "g", &["bob", "alice"])
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut tx = write(&world, &world.beta);
        assert!(documents.load(&mut tx).await.unwrap().is_empty());
        // The same model under another name is another policy.
        drop(tx);
        let mut tx = write(&world, &world.acme);
        let other = Policies::new("other", documents.model().clone(), 20);
        assert!(other.load(&mut tx).await.unwrap().is_empty());
        let policy = documents.load(&mut tx).await.unwrap();
        let objects: Vec<String> = policy
            .rules("p")
            .into_iter()
            .map(|rule| rule[1].clone())
            .collect();
        assert_eq!(objects, odd);
        let enforcer = Enforcer::new(documents.model().clone(), policy).unwrap();
        for object in odd {
            assert!(
                enforcer.enforce(&["bob", object, "read"]).unwrap(),
                "{object:?}"
            );
        }
        assert!(!enforcer.enforce(&["eve", "a, b", "read"]).unwrap());
        assert!(
            documents
                .remove(&mut tx, "g", &["bob", "alice"])
                .await
                .unwrap()
        );
        assert!(
            !documents
                .remove(&mut tx, "g", &["bob", "alice"])
                .await
                .unwrap()
        );
        tx.commit().await.unwrap();
        assert_eq!(world.records("policy.added").await.len(), 8);
        assert_eq!(world.records("policy.removed").await.len(), 1);
    }
}

#[tokio::test]
async fn what_is_no_rule_is_refused_and_leaves_nothing() {
    for world in World::all().await {
        let documents = policies();
        let mut tx = write(&world, &world.acme);
        documents.add(&mut tx, "g", &["a", "b"]).await.unwrap();
        documents.add(&mut tx, "g", &["b", "c"]).await.unwrap();
        let long = "x".repeat(5_000);
        for (kind, rule) in [
            ("g", vec!["c", "a"]),
            ("g", vec!["a", "a"]),
            ("p", vec!["a", "b"]),
            ("p", vec!["a", "b", "c", "maybe"]),
            ("p", vec!["a", &long, "c", "allow"]),
            ("p", vec!["1", "2", "3", "4", "5", "6", "7"]),
            ("q", vec!["a"]),
        ] {
            let refused = documents.add(&mut tx, kind, &rule).await;
            assert!(matches!(refused, Err(Error::Policy(_))), "{kind} {rule:?}");
        }
        for number in 2..20 {
            let object = number.to_string();
            let rule = ["a", &object, "read", "allow"];
            documents.add(&mut tx, "p", &rule).await.unwrap();
        }
        let more = documents
            .add(&mut tx, "p", &["a", "x", "read", "allow"])
            .await;
        assert!(matches!(more, Err(Error::TooManyRules(20))), "{more:?}");
        assert_eq!(documents.load(&mut tx).await.unwrap().len(), 20);
    }
}

#[tokio::test]
async fn an_import_changes_what_differs_and_nothing_else() {
    for world in World::all().await {
        let documents = policies();
        let csv = |text: &str| Policy::from_csv(text, documents.model()).unwrap();
        let mut tx = write(&world, &world.acme);
        let first = csv("p, a, x, read, allow\np, b, y, read, allow\ng, c, a");
        documents.replace(&mut tx, &first).await.unwrap();
        let second = csv("p, b, y, read, allow\np, d, z, read, deny\ng, c, a");
        documents.replace(&mut tx, &second).await.unwrap();
        let stored = documents.load(&mut tx).await.unwrap();
        assert_eq!(stored.to_csv(), second.to_csv());
        tx.commit().await.unwrap();
        // Three lines, then one more and one less.
        assert_eq!(world.records("policy.added").await.len(), 4);
        assert_eq!(world.records("policy.removed").await.len(), 1);
        let many: String = (0..21)
            .map(|n| format!("p, a, {n}, read, allow\n"))
            .collect();
        let mut tx = write(&world, &world.acme);
        let refused = documents.replace(&mut tx, &csv(&many)).await;
        assert!(
            matches!(refused, Err(Error::TooManyRules(20))),
            "{refused:?}"
        );
        assert_eq!(documents.load(&mut tx).await.unwrap().len(), 3);
    }
}
