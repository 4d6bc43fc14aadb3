//! From which networks requests are let in.

use std::{convert::Infallible, net::SocketAddr};

use axum::{
    body::Body,
    extract::ConnectInfo,
    response::{IntoResponse as _, Response},
};
use http::{Request, StatusCode};
use proptest::prelude::*;
use saas_core::{ClientAddress, Problem};
use saas_edge::{
    CacheConfig,
    network::{NetworkLayer, Networks, TenantNetworkLayer},
    settings::{self, Settings},
};
use saas_tenancy::{Admission, resolve::ResolveConfig};
use saas_testkit::TestDatabase;
use tower::{Layer as _, ServiceExt as _, service_fn};

async fn answer(_: Request<Body>) -> Result<Response, Infallible> {
    Ok(StatusCode::OK.into_response())
}

fn networks(allow: &[&str], deny: &[&str]) -> Networks {
    let value = serde_json::json!({"allow": allow, "deny": deny});
    serde_json::from_value(value).unwrap()
}

fn code(response: &Response) -> Option<&'static str> {
    let problem = response.extensions().get::<Problem>();
    problem.map(|problem| problem.code().name())
}

#[tokio::test]
async fn the_service_lets_in_whom_its_configuration_names() {
    let resolve: ResolveConfig =
        serde_json::from_str(r#"{"trusted_proxies": ["10.0.0.1/32"]}"#).unwrap();
    let networks = networks(
        &["192.0.2.0/24", "2001:db8::/32"],
        &["192.0.2.7/32", "::ffff:192.0.2.8/128"],
    );
    let layer = NetworkLayer::new(networks, resolve);
    for (peer, forwarded, passes) in [
        ("192.0.2.1:1", None, true),
        ("192.0.2.7:1", None, false),
        ("[::ffff:192.0.2.1]:1", None, true),
        ("[2001:db8::1]:1", None, true),
        ("198.51.100.1:1", None, false),
        // As a log of both versions of IP has it.
        ("192.0.2.8:1", None, false),
        // What a proxy says counts, and what anybody says does not.
        ("198.51.100.1:1", Some("192.0.2.1"), false),
        ("10.0.0.1:1", Some("192.0.2.1"), true),
        ("10.0.0.1:1", Some("192.0.2.7"), false),
        ("10.0.0.1:1", Some("192.0.2.1, 198.51.100.1"), false),
    ] {
        let mut request = Request::new(Body::empty());
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        if let Some(forwarded) = forwarded {
            let value = forwarded.parse().unwrap();
            request.headers_mut().insert("x-forwarded-for", value);
        }
        let service = layer.layer(service_fn(answer));
        let response = service.oneshot(request).await.unwrap();
        let refused = (!passes).then_some("network-refused");
        assert_eq!(code(&response), refused, "{peer} {forwarded:?}");
    }
}

#[tokio::test]
async fn a_tenant_lets_in_whom_it_has_named_and_nobody_elses_list_holds() {
    let db = TestDatabase::sqlite(&[&saas_tenancy::MODULE, &settings::MODULE]).await;
    let (acme, beta) = (db.tenant("acme").await, db.tenant("beta").await);
    let settings = Settings::new(db.database(), &CacheConfig::default());
    let mut tx = db.database().write(&db.scope(&acme));
    let only = networks(&["192.0.2.0/24"], &[]);
    settings.set(&mut tx, &only).await.unwrap();
    tx.commit().await.unwrap();
    let layer = TenantNetworkLayer::new(settings);
    let ask = async |address: &str, tenant: Option<&saas_tenancy::Tenant>, member: bool| {
        let mut request = Request::new(Body::empty());
        let client = ClientAddress::new(address.parse().unwrap());
        request.extensions_mut().insert(client);
        match tenant {
            Some(tenant) if member => {
                let admitted = Admission::Admitted(db.scope(tenant));
                request.extensions_mut().insert(admitted);
            }
            Some(tenant) => drop(request.extensions_mut().insert(tenant.clone())),
            None => {}
        }
        let service = layer.layer(service_fn(answer));
        code(&service.oneshot(request).await.unwrap())
    };
    for member in [true, false] {
        assert_eq!(ask("192.0.2.1", Some(&acme), member).await, None);
        let refused = ask("198.51.100.1", Some(&acme), member).await;
        assert_eq!(refused, Some("network-refused"));
        assert_eq!(ask("198.51.100.1", Some(&beta), member).await, None);
    }
    assert_eq!(ask("198.51.100.1", None, false).await, None);
}

proptest! {
    /// Whoever is denied is not let in, and where somebody is allowed nobody else is.
    #[test]
    fn a_decision_is_that_of_the_prefixes(
        client in any::<u32>(),
        allow in proptest::collection::vec((any::<u32>(), 0_u8..=32), 0..4),
        deny in proptest::collection::vec((any::<u32>(), 0_u8..=32), 0..4),
    ) {
        let within = |list: &[(u32, u8)]| list.iter().any(|(net, length)| {
            let mask = u32::MAX.checked_shl(32 - u32::from(*length)).unwrap_or(0);
            net & mask == client & mask
        });
        let texts = |list: &[(u32, u8)]| -> Vec<String> {
            list.iter()
                .map(|(net, length)| format!("{}/{length}", std::net::Ipv4Addr::from_bits(*net)))
                .collect()
        };
        let value = serde_json::json!({"allow": texts(&allow), "deny": texts(&deny)});
        let networks: Networks = serde_json::from_value(value).unwrap();
        let address = ClientAddress::new(std::net::Ipv4Addr::from_bits(client).into());
        let expected = !within(&deny) && (allow.is_empty() || within(&allow));
        prop_assert_eq!(networks.permits(address), expected);
    }
}
