//! Clients that tenants register.

use saas_auth::{
    Error,
    oauth::{AuthMethod, Client, ClientPatch, GrantType, NewClient},
};
use saas_core::{Code, Id, Problem};
use saas_tenancy::Dialect;
use saas_tenancy::{AuditRecord, PageQuery, TenantTx};

use crate::{
    flow::{Browser, CALLBACK, Sent, partner, redeem, register},
    world::World,
};

fn tx(world: &World) -> TenantTx {
    world.db.database().write(&world.db.scope(&world.acme))
}

fn confidential() -> NewClient {
    let mut new = NewClient::new("Reports");
    new.redirect_uris = vec![CALLBACK.to_owned()];
    new.auth_method = AuthMethod::SecretBasic;
    new.scopes = vec!["projects:read".to_owned()];
    new
}

#[tokio::test]
async fn a_client_is_registered_changed_and_deleted_with_a_record_of_each() {
    for world in World::all().await {
        let clients = world.identity.clients();
        let made = register(&world, &world.acme, confidential()).await;
        let secret = made.secret().unwrap().expose().clone();
        assert!(secret.starts_with("scs_"));
        assert!(!format!("{made:?} {:?}", made.client()).contains(&secret));
        let id = made.client().registered().unwrap();
        assert_eq!(made.client().id, id.to_string());

        let mut tx = tx(&world);
        let found = clients.get(&mut tx, id).await.unwrap();
        assert_eq!(&found, made.client());
        assert_eq!(
            clients.list(&mut tx).await.unwrap(),
            std::slice::from_ref(&found)
        );
        let mut patch = ClientPatch::default();
        patch.name = Some("Better reports".to_owned());
        patch.scopes = Some(vec![]);
        let stale = clients.update(&mut tx, id, Some(99), patch.clone()).await;
        assert!(matches!(
            stale,
            Err(Error::Storage(saas_tenancy::Error::VersionMismatch))
        ));
        let changed = clients
            .update(&mut tx, id, Some(found.version), patch)
            .await
            .unwrap();
        assert_eq!(changed.name, "Better reports");
        assert_eq!(changed.redirect_uris, found.redirect_uris);
        assert_ne!(changed.version, found.version);
        let renewed = clients.rotate_secret(&mut tx, id).await.unwrap();
        assert_ne!(renewed.secret().unwrap().expose(), &secret);
        clients.delete(&mut tx, id, None).await.unwrap();
        assert!(matches!(
            clients.get(&mut tx, id).await,
            Err(Error::Storage(saas_tenancy::Error::NotFound))
        ));

        let records = tx
            .repo::<AuditRecord>()
            .list(PageQuery::new())
            .await
            .unwrap();
        let text = format!("{:?}", records.items);
        for action in ["created", "updated", "secret-rotated", "deleted"] {
            assert!(
                text.contains(&format!("client.{action}")),
                "{action}: {text}"
            );
        }
        for kept in [&secret, renewed.secret().unwrap().expose()] {
            assert!(!text.contains(kept.as_str()));
        }
        assert!(!text.contains("hash"), "{text}");
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn oau_08_what_may_not_be_registered_is_a_422_that_names_the_field() {
    let world = World::on(Dialect::Sqlite).await;
    for uri in [
        "javascript:alert(1)",
        "data:text/html,x",
        "https://*.app.example/cb",
        "http://app.example/cb",
        "https://app.example/cb#x",
    ] {
        let mut new = confidential();
        new.redirect_uris = vec![uri.to_owned()];
        let error = world.identity.clients().create(&mut tx(&world), new).await;
        let problem = Problem::from(error.unwrap_err());
        assert_eq!(problem.code(), Code::VALIDATION, "{uri}");
        assert_eq!(problem.fields()[0].field, "redirect_uris", "{uri}");
    }
}

#[tokio::test]
async fn oau_42_a_client_exists_in_its_tenant_alone() {
    for world in World::all().await {
        let client = partner(&world, &world.acme).await;
        let clients = world.identity.clients();
        let find = async |tenant| clients.find(tenant, &client.id).await.unwrap();
        assert_eq!(find(Some(&world.acme)).await.as_ref(), Some(&client));
        assert_eq!(find(Some(&world.beta)).await, None);
        assert_eq!(find(None).await, None);
        let upper = client.id.to_uppercase();
        assert_eq!(clients.find(Some(&world.acme), &upper).await.unwrap(), None);
        let mut tx = world.db.database().write(&world.db.scope(&world.beta));
        assert!(clients.list(&mut tx).await.unwrap().is_empty());
        let id = client.registered().unwrap();
        assert!(clients.get(&mut tx, id).await.is_err());
        let patch = ClientPatch::default();
        assert!(clients.update(&mut tx, id, None, patch).await.is_err());
        assert!(clients.delete(&mut tx, id, None).await.is_err());
    }
}

#[tokio::test]
async fn what_a_deleted_client_was_given_ends_at_once() {
    for world in World::all().await {
        world.person(&world.acme, "ann@acme.test").await;
        let browser = Browser::of(&world, &world.acme, "ann@acme.test").await;
        let (gone, kept) = (
            partner(&world, &world.acme).await,
            partner(&world, &world.acme).await,
        );
        let mut tokens = Vec::new();
        for client in [&gone, &kept] {
            let id = client.id.as_str();
            let asked = Sent::of(&browser.authorize(&[("client_id", id)]).await);
            let code = browser.allow(&asked).await;
            let answer = redeem(&world, &world.acme, &code, &[("client_id", id)]).await;
            assert_eq!(answer.status, 200, "{answer:?}");
            tokens.push(answer);
        }
        let mut tx = tx(&world);
        let id = gone.registered().unwrap();
        world
            .identity
            .clients()
            .delete(&mut tx, id, None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        for (answer, client, status) in [(&tokens[0], &gone, 401), (&tokens[1], &kept, 200)] {
            let bearer = format!("Bearer {}", answer.field("access_token"));
            let who = world.who("/whoami", &[&bearer]).await;
            assert_eq!(who.status, status, "{who:?}");
            let refresh = answer.field("refresh_token");
            let form = [
                ("grant_type", "refresh_token"),
                ("client_id", &client.id),
                ("refresh_token", &refresh),
            ];
            let again = world.token(Some(&world.acme), &form).await;
            assert_eq!(again.status, status, "{again:?}");
        }
        // Whoever registers it again asks people again.
        let consents = world.identity.consents();
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let user = browser.session.as_ref().unwrap().user;
        let left = consents.list(&mut tx, user).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].client, kept.id);
    }
}

#[tokio::test]
async fn a_client_that_needs_no_secret_has_none_to_change() {
    let world = World::on(Dialect::Sqlite).await;
    let client = partner(&world, &world.acme).await;
    let id = client.registered().unwrap();
    let error = world
        .identity
        .clients()
        .rotate_secret(&mut tx(&world), id)
        .await;
    assert!(matches!(error, Err(Error::Client { .. })));
    let unknown: Id<Client> = Id::generate();
    let error = world
        .identity
        .clients()
        .rotate_secret(&mut tx(&world), unknown)
        .await;
    assert!(matches!(error, Err(Error::Storage(_))));
    assert_eq!(
        client.grants,
        [GrantType::AuthorizationCode, GrantType::RefreshToken]
    );
}

#[tokio::test]
async fn a_tenant_registers_a_bounded_number() {
    let world = World::on(Dialect::Sqlite).await;
    let clients = world.identity.clients();
    let mut tx = tx(&world);
    for number in 0..200 {
        let mut new = NewClient::new(format!("Number {number}"));
        new.redirect_uris = vec![CALLBACK.to_owned()];
        clients.create(&mut tx, new).await.unwrap();
    }
    let one_more = clients.create(&mut tx, confidential()).await;
    assert!(matches!(one_more, Err(Error::TooManyClients)));
    // The others are not the less for it.
    let mut other = world.db.database().read(&world.db.scope(&world.beta));
    assert!(clients.list(&mut other).await.unwrap().is_empty());
}

#[tokio::test]
async fn oau_07_only_an_installed_public_program_has_any_port() {
    let world = World::on(Dialect::Sqlite).await;
    for (native, auth_method, any) in [
        (true, AuthMethod::None, true),
        (false, AuthMethod::None, false),
        (true, AuthMethod::SecretBasic, false),
    ] {
        let mut new = NewClient::new("A program");
        new.native = native;
        new.auth_method = auth_method;
        new.redirect_uris = vec!["http://127.0.0.1:8080/cb".to_owned()];
        let made = register(&world, &world.acme, new).await;
        let client = made.client();
        assert!(client.redirects_to("http://127.0.0.1:8080/cb"));
        assert_eq!(client.redirects_to("http://127.0.0.1:51004/cb"), any);
        assert!(!client.redirects_to("http://127.0.0.1:51004/other"));
    }
}
