//! Lists: every row once, in order, and no cursor that was not issued.

use saas_core::Code;
use saas_tenancy::{Error, PageQuery, Tenant};

use crate::world::{NewProject, Project, World};

async fn fill(world: &World, tenant: &Tenant, rows: i64) {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    for n in 0..rows {
        let new = NewProject {
            name: format!("p{n:03}"),
            owner: (n % 2 == 0).then(|| "ann".to_owned()),
            rank: n % 3,
        };
        tx.repo::<Project>().insert(new).await.unwrap();
    }
    tx.commit().await.unwrap();
}

async fn page(
    world: &World,
    tenant: &Tenant,
    query: &str,
) -> Result<saas_core::Page<Project>, Error> {
    let mut tx = world.db.database().read(&world.db.scope(tenant));
    let query = PageQuery::parse(query)?;
    tx.repo::<Project>().list(query).await
}

#[tokio::test]
async fn pages_give_every_row_once_forwards_and_backwards() {
    for world in World::all().await {
        fill(&world, &world.acme, 23).await;
        fill(&world, &world.beta, 5).await;
        for (order, expected) in [
            ("", 23),
            ("&sort=rank", 23),
            ("&sort=-rank", 23),
            ("&sort=-name", 23),
            ("&filter[rank]=1&sort=name", 8),
        ] {
            let mut pages = Vec::new();
            let mut query = format!("limit=4{order}");
            loop {
                let found = page(&world, &world.acme, &query).await.unwrap();
                pages.push(found.items.clone());
                match (&found.next, pages.len()) {
                    (Some(next), 1..50) => query = format!("limit=4{order}&after={next}"),
                    _ => {
                        // And back again: the pages before are the same.
                        let mut back = found.prev;
                        for earlier in pages.iter().rev().skip(1) {
                            let found = page(
                                &world,
                                &world.acme,
                                &format!("limit=4{order}&before={}", back.unwrap()),
                            )
                            .await
                            .unwrap();
                            assert_eq!(&found.items, earlier, "{order}");
                            back = found.prev;
                        }
                        assert_eq!(back, None, "{order}");
                        break;
                    }
                }
            }
            let all: Vec<_> = pages.concat();
            assert_eq!(all.len(), expected, "{order}");
            assert!(
                all.iter()
                    .all(|project| project.tenant_id == world.acme.id())
            );
            let mut ids: Vec<_> = all.iter().map(|project| project.id).collect();
            ids.sort_unstable();
            ids.dedup();
            assert_eq!(ids.len(), expected, "{order}");
            match order {
                "&sort=rank" => assert!(all.is_sorted_by_key(|project| (project.rank, project.id))),
                "&sort=-rank" => assert!(
                    all.iter()
                        .rev()
                        .is_sorted_by_key(|project| (project.rank, project.id))
                ),
                "&sort=-name" => assert!(
                    all.iter()
                        .rev()
                        .is_sorted_by_key(|project| project.name.clone())
                ),
                _ => {}
            }
        }
    }
}

#[tokio::test]
async fn iso_42_a_cursor_is_good_for_its_own_list_only() {
    for world in World::all().await {
        fill(&world, &world.acme, 5).await;
        fill(&world, &world.beta, 5).await;
        let cursor = page(&world, &world.acme, "limit=2&sort=name")
            .await
            .unwrap()
            .next
            .unwrap();
        assert!(
            page(
                &world,
                &world.acme,
                &format!("limit=3&sort=name&after={cursor}")
            )
            .await
            .is_ok()
        );
        let refused = async |tenant: &Tenant, query: String| match page(&world, tenant, &query)
            .await
        {
            Err(Error::Query(error)) => assert_eq!(error.code(), Code::CURSOR_INVALID, "{query}"),
            other => panic!("{query}: {other:?}"),
        };
        refused(&world.beta, format!("sort=name&after={cursor}")).await;
        refused(&world.acme, format!("sort=-name&after={cursor}")).await;
        refused(&world.acme, format!("after={cursor}")).await;
        refused(
            &world.acme,
            format!("sort=name&filter[rank]=1&after={cursor}"),
        )
        .await;
        refused(&world.acme, format!("sort=name&after={cursor}x")).await;
        refused(&world.acme, format!("sort=name&after={}", "A".repeat(5000))).await;
        refused(&world.acme, "sort=name&after=".to_owned()).await;
    }
}

#[test]
fn only_declared_columns_can_be_named() {
    for (query, code) in [
        ("filter[version]=1", Code::FILTER_UNKNOWN),
        ("filter[tenant_id]=x", Code::FILTER_UNKNOWN),
        ("filter[name)%20OR%201%3D1--]=x", Code::FILTER_UNKNOWN),
        ("sort=owner", Code::SORT_UNKNOWN),
        ("sort=name,id", Code::SORT_UNKNOWN),
        ("sort=name;DROP%20TABLE%20projects", Code::SORT_UNKNOWN),
        ("limit=0", Code::QUERY_INVALID),
        ("limit=101", Code::QUERY_INVALID),
        ("limit=-1", Code::QUERY_INVALID),
        ("limit=1e1", Code::QUERY_INVALID),
        ("limit=1&limit=1", Code::QUERY_INVALID),
        ("filter[rank]=x", Code::QUERY_INVALID),
        ("filter[name]=a%00", Code::QUERY_INVALID),
        ("filter[name]=%ff", Code::QUERY_INVALID),
        ("tenant_id=x", Code::QUERY_INVALID),
        ("a[b][c]=1", Code::QUERY_INVALID),
    ] {
        assert_eq!(
            PageQuery::<Project>::parse(query).unwrap_err().code(),
            code,
            "{query}"
        );
    }
    let many = "filter[name]=a&".repeat(10_000);
    assert_eq!(
        PageQuery::<Project>::parse(&many).unwrap_err().code(),
        Code::QUERY_INVALID
    );
}
