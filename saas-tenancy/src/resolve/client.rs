//! The address of whoever sent a request through proxies.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;
use saas_core::ClientAddress;

use super::ResolveConfig;

const X_FORWARDED_FOR: &str = "x-forwarded-for";

/// How many proxies of ours a request passes at most. No service has a longer chain of them.
const MAX_HOPS: usize = 16;

/// Finds the client behind a peer: the last address of `X-Forwarded-For` that is no trusted proxy, where the peer is
/// one.
///
/// Each proxy appends whom it was asked by. So the list is read from the end, for as long as who wrote an entry is
/// trusted; what stands before the first address that is not, anybody may have made up. Where the list does not say
/// who it was, the peer is all that is known.
pub(super) fn address(config: &ResolveConfig, headers: &HeaderMap, peer: IpAddr) -> ClientAddress {
    let peer = peer.to_canonical();
    let named = config.trusts(Some(peer)).then(|| named(config, headers));
    ClientAddress::new(named.flatten().unwrap_or(peer))
}

fn named(config: &ResolveConfig, headers: &HeaderMap) -> Option<IpAddr> {
    // Several headers are one list, in their order (RFC 9110, section 5.3).
    let lists = headers.get_all(X_FORWARDED_FOR).iter().rev();
    let mut hops = lists.flat_map(|list| list.as_bytes().rsplit(|byte| *byte == b','));
    let mut first = None;
    for hop in hops.by_ref().take(MAX_HOPS) {
        let address = parse(hop)?;
        if !config.trusts(Some(address)) {
            return Some(address);
        }
        first = Some(address);
    }
    // When all of them are proxies of ours, one of these has asked itself.
    first.filter(|_| hops.next().is_none())
}

/// Reads an address. Some proxies write the port behind it.
fn parse(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = || hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || Some(hop.parse::<SocketAddr>().ok()?.ip());
    hop.parse().ok().or_else(bare).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, lists: &[&str]) -> String {
        let config = ResolveConfig {
            trusted_proxies: vec!["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()],
            ..ResolveConfig::default()
        };
        let mut headers = HeaderMap::new();
        for list in lists {
            let list = http::HeaderValue::from_bytes(list.as_bytes()).unwrap();
            headers.append(X_FORWARDED_FOR, list);
        }
        let client = address(&config, &headers, peer.parse().unwrap());
        client.ip().to_string()
    }

    #[test]
    fn rat_03_a_client_is_the_last_one_whom_no_proxy_of_ours_vouches_for() {
        for (lists, expected) in [
            (&["192.0.2.7"][..], "192.0.2.7"),
            (&["192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            (&["192.0.2.7", "10.0.0.2,10.0.0.3"], "192.0.2.7"),
            // What the client itself has sent stands before it.
            (&["198.51.100.9, 192.0.2.7, 10.0.0.2"], "192.0.2.7"),
            (&["198.51.100.9", "192.0.2.7"], "192.0.2.7"),
            (&["10.9.9.9, 192.0.2.7"], "192.0.2.7"),
            (&["127.0.0.1, nonsense,, 192.0.2.7"], "192.0.2.7"),
            // Other spellings.
            (&[" 192.0.2.7 "], "192.0.2.7"),
            (&["192.0.2.7:50123"], "192.0.2.7"),
            (&["::ffff:192.0.2.7"], "192.0.2.7"),
            (&["2001:DB8::7, fd00::1"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["[2001:db8::7]:443"], "2001:db8::7"),
            // Somebody inside.
            (&["10.0.0.8, 10.0.0.2"], "10.0.0.8"),
        ] {
            for peer in ["10.0.0.1", "::ffff:10.0.0.1"] {
                assert_eq!(client(peer, lists), expected, "{lists:?}");
            }
        }
    }

    #[test]
    fn rat_03_a_list_that_does_not_say_who_it_was_leaves_the_peer() {
        let long = vec!["10.0.0.2"; 100_000].join(",");
        let hidden = format!("192.0.2.7,{long}");
        for lists in [
            &[][..],
            &[""],
            &["unknown"],
            &["192.0.2.7, unknown"],
            &["192.0.2.7,"],
            &["192.0.2.7", ""],
            &["192.0.2"],
            &["0300.0.2.7"],
            &["192.0.2.7:99999"],
            &["[192.0.2.7]x"],
            &["fe80::1%eth0"],
            &["192.0.2.7 10.0.0.2"],
            &["192.0.2.7;10.0.0.2"],
            &["ünknown"],
            &[&long],
            &[&hidden],
        ] {
            assert_eq!(client("10.0.0.1", lists), "10.0.0.1", "{:.80?}", lists);
        }
    }

    #[test]
    fn rat_03_who_is_no_trusted_proxy_speaks_for_nobody() {
        for peer in ["192.0.2.1", "11.0.0.1", "2001:db8::1"] {
            for list in ["198.51.100.9", "10.0.0.2", "198.51.100.9, 10.0.0.2"] {
                assert_eq!(client(peer, &[list]), peer, "{list}");
            }
        }
        for last in 0..10_000_u32 {
            let made_up = std::net::Ipv4Addr::from(0xC633_0000 + last).to_string();
            assert_eq!(client("192.0.2.1", &[&made_up]), "192.0.2.1");
        }
    }

    proptest::proptest! {
        #[test]
        fn rat_03_nothing_that_a_client_sends_makes_it_somebody_else(sent in "[0-9a-f:.,\\[\\] ]{0,60}") {
            proptest::prop_assert_eq!(client("10.0.0.1", &[&sent, "192.0.2.7"]), "192.0.2.7");
            proptest::prop_assert_eq!(client("192.0.2.7", &[&sent]), "192.0.2.7");
        }
    }
}
