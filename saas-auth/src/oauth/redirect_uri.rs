//! Where people may be sent back to.
//!
//! An address that an attacker can bend sends him the codes of others, so two rules hold. What is registered is
//! written exactly as a browser would write it, so that nothing is read in two ways. And what a request names is
//! compared with it letter by letter (RFC 9700, section 4.1.3), but for the port of the loopback interface, which
//! an installed program is only given when it starts (RFC 8252, section 7.3).

use url::{Host, Url};

/// The longest that is registered, in bytes.
pub(crate) const MAX_LENGTH: usize = 500;

/// The addresses of the loopback interface for which the port is free. The name `localhost` is not among them,
/// as others can make it mean something else (RFC 8252, section 8.3).
const LOOPBACK: [&str; 2] = ["http://127.0.0.1", "http://[::1]"];

/// Checks an address at its registration; `native` for a program on the devices of people.
///
/// # Errors
///
/// What is wrong, in words that continue "the address …".
pub(crate) fn check(uri: &str, native: bool) -> Result<(), &'static str> {
    if uri.len() > MAX_LENGTH {
        return Err("is longer than 500 bytes");
    }
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) || uri.contains(['*', '"', '<', '>']) {
        return Err("has a character that has to be encoded, or a wildcard");
    }
    let parsed = Url::parse(uri).map_err(|_| "is no absolute address")?;
    if parsed.fragment().is_some() {
        return Err("has a fragment");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() || uri.contains('@') {
        return Err("has a user in it");
    }
    // The parser writes what a browser would. `https://app.example` is the one other spelling that everybody uses.
    if parsed.as_str() != uri && parsed.as_str().strip_suffix('/') != Some(uri) {
        return Err("is not written as a browser would write it");
    }
    match (parsed.scheme(), parsed.host()) {
        ("https", Some(_)) => Ok(()),
        ("http", Some(Host::Domain("localhost"))) => Ok(()),
        ("http", Some(Host::Ipv4(address))) if address.is_loopback() => Ok(()),
        ("http", Some(Host::Ipv6(address))) if address.is_loopback() => Ok(()),
        ("https" | "http", _) => Err("has to begin with `https`"),
        // The reversed name of a domain that somebody owns (RFC 8252, section 7.1). No scheme that a browser
        // acts upon by itself has a dot.
        (scheme, _) if native && scheme.contains('.') => Ok(()),
        _ => Err(
            "has to begin with `https`, or with a scheme of a native program such as `com.example.app`",
        ),
    }
}

/// Compares a registered address with that of a request. With `any_port`, the port of the loopback interface is
/// left out.
pub(crate) fn matches(registered: &str, named: &str, any_port: bool) -> bool {
    if registered == named {
        return true;
    }
    any_port
        && LOOPBACK.iter().any(|host| {
            let rests = (without_port(registered, host), without_port(named, host));
            matches!(rests, (Some(registered), Some(named)) if registered == named)
        })
}

/// Gives what follows host and port, when the address is on that host.
fn without_port<'a>(uri: &'a str, host: &str) -> Option<&'a str> {
    let rest = uri.strip_prefix(host)?;
    let Some(port) = rest.strip_prefix(':') else {
        // What follows the host of a longer name is not a path.
        return (rest.is_empty() || rest.starts_with(['/', '?'])).then_some(rest);
    };
    let end = port.find(['/', '?']).unwrap_or(port.len());
    let (digits, rest) = port.split_at_checked(end)?;
    let canonical = digits
        .parse::<u16>()
        .is_ok_and(|port| port != 0 && port.to_string() == digits);
    canonical.then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    const KNOWN: &str = "https://app.example/callback?from=login";

    #[test]
    fn oau_06_only_the_very_same_address_matches() {
        assert!(matches(KNOWN, KNOWN, false));
        let mutants = [
            "https://app.example/callback?from=login&x=1",
            "https://app.example/callback?x=1&from=login",
            "https://app.example/callback?from=login&",
            "https://app.example/callback?from=login#x",
            "https://app.example/callback?from=login#",
            "https://app.example/callback?from=",
            "https://app.example/callback?from=Login",
            "https://app.example/callback?from=%6cogin",
            "https://app.example/callback?",
            "https://app.example/callback",
            "https://app.example/callback/?from=login",
            "https://app.example//callback?from=login",
            "https://app.example/Callback?from=login",
            "https://app.example/callbac%6b?from=login",
            "https://app.example/callback/../callback?from=login",
            "https://app.example/x/../callback?from=login",
            "https://app.example/./callback?from=login",
            "https://app.example/callback/x?from=login",
            "https://app.example/?from=login",
            "https://app.example",
            "https://app.example:443/callback?from=login",
            "https://app.example:8443/callback?from=login",
            "https://app.example:/callback?from=login",
            "http://app.example/callback?from=login",
            "HTTPS://app.example/callback?from=login",
            "https://APP.example/callback?from=login",
            "https://app.example./callback?from=login",
            "https://evil.example/callback?from=login",
            "https://app.example.evil.example/callback?from=login",
            "https://evil.example/https://app.example/callback?from=login",
            "https://app.example@evil.example/callback?from=login",
            "https://user@app.example/callback?from=login",
            "https://user:x@app.example/callback?from=login",
            "https:\\\\app.example\\callback?from=login",
            "https://app.example\\@evil.example/callback?from=login",
            "https:/app.example/callback?from=login",
            "https:app.example/callback?from=login",
            "//evil.example/callback?from=login",
            "/callback?from=login",
            " https://app.example/callback?from=login",
            "https://app.example/callback?from=login ",
            "https://app.example/callback?from=login\t",
            "https://app.example/call\tback?from=login",
            "https://app.example/callback?from=login\n",
            "https://app.example/callback?from=login%00",
            "https://app.example/callback?from=login\0",
            "https://аpp.example/callback?from=login",
            "https://xn--pp-6ra.example/callback?from=login",
            "https://app.example/callback;x?from=login",
            "javascript://app.example/callback?from=login",
            "data:text/html,https://app.example/callback?from=login",
            "",
        ];
        assert!(mutants.len() >= 40);
        for mutant in mutants {
            for any_port in [false, true] {
                assert!(!matches(KNOWN, mutant, any_port), "{mutant:?}");
            }
        }
    }

    #[test]
    fn oau_07_an_installed_program_may_have_any_port_of_the_loopback_interface() {
        for (registered, named, same) in [
            ("http://127.0.0.1/cb", "http://127.0.0.1:51004/cb", true),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1:1/cb", true),
            ("http://127.0.0.1:8080/cb", "http://127.0.0.1/cb", true),
            ("http://127.0.0.1:8080", "http://127.0.0.1:9", true),
            ("http://[::1]/cb", "http://[::1]:65535/cb", true),
            ("http://127.0.0.1/cb?x=1", "http://127.0.0.1:9/cb?x=1", true),
            ("http://127.0.0.1/cb", "http://[::1]:9/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/cb?x=1", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/other", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9/cb#x", false),
            ("http://127.0.0.1/cb", "https://127.0.0.1:9/cb", false),
            ("http://127.0.0.1/cb", "http://localhost:9/cb", false),
            ("http://localhost/cb", "http://localhost:9/cb", false),
            ("http://localhost/cb", "http://localhost.evil:9/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1.evil/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9@evil/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9.evil/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1@evil/cb", false),
            ("http://127.0.0.1/cb", "http://0.0.0.0:9/cb", false),
            ("http://127.0.0.1/cb", "http://127.1:9/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.2:9/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:0/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:09/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:+9/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:65536/cb", false),
            ("http://127.0.0.1/cb", "http://127.0.0.1:9\\cb", false),
            ("https://a.example/cb", "https://a.example:9/cb", false),
        ] {
            assert_eq!(
                matches(registered, named, true),
                same,
                "{registered} {named}"
            );
            assert!(!matches(registered, named, false), "{registered} {named}");
        }
    }

    #[test]
    fn oau_08_what_may_be_registered() {
        for good in [
            "https://app.example/callback",
            "https://app.example",
            "https://app.example/",
            "https://app.example:8443/cb?x=1",
            "https://xn--bcher-kva.example/cb",
            "http://127.0.0.1/cb",
            "http://127.0.0.1:8080/cb",
            "http://[::1]:8080/cb",
            "http://localhost:3000/cb",
        ] {
            assert_eq!(check(good, false), Ok(()), "{good}");
        }
        for native in ["com.example.app:/callback", "com.example.app://callback"] {
            assert_eq!(check(native, true), Ok(()), "{native}");
            assert!(check(native, false).is_err(), "{native}");
        }
        let long = format!("https://app.example/{}", "x".repeat(500));
        for wrong in [
            "javascript:alert(1)",
            "javascript://app.example/%0aalert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example/x",
            "about:blank",
            "ftp://app.example/",
            "ws://app.example/",
            "myapp:/callback",
            "mailto:a@b.example",
            "http://app.example/cb",
            "http://0.0.0.0/cb",
            "http://10.0.0.1/cb",
            "http://127.1/cb",
            "http://0x7f000001/cb",
            "http://localhost.evil/cb",
            "http://localhost./cb",
            "http://[::]/cb",
            "https://*.app.example/cb",
            "https://app.example/*",
            "https://app.example/cb#x",
            "https://app.example/cb#",
            "https://user@app.example/cb",
            "https://user:x@app.example/cb",
            "https://@app.example/cb",
            "https://APP.example/cb",
            "HTTPS://app.example/cb",
            "https://app.example:443/cb",
            "https://app.example/a/../cb",
            "https://app.example\\cb",
            "https:app.example/cb",
            "https:///cb",
            "https://bücher.example/cb",
            "https://app.example/c b",
            "https://app.example/cb\n",
            "https://app.example/\"><script>",
            " https://app.example/cb",
            "//app.example/cb",
            "/cb",
            "",
            &long,
        ] {
            for native in [false, true] {
                assert!(check(wrong, native).is_err(), "{wrong:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn oau_06_anything_else_does_not_match(named in "https?://[a-z.:@/\\\\?#%0-9]{0,40}|\\PC{0,60}") {
            fuzzing::redirect(KNOWN, &named, "");
            for any_port in [false, true] {
                prop_assert_eq!(matches(KNOWN, &named, any_port), named == KNOWN);
            }
        }

        #[test]
        fn oau_07_what_matches_is_on_the_loopback_interface(named in "http://(127\\.0\\.0\\.1|\\[::1\\])[a-z.:@/0-9]{0,20}") {
            fuzzing::redirect("http://127.0.0.1:1/cb", &named, "");
        }

        #[test]
        fn oau_15_what_may_be_registered_reads_in_one_way_and_leads_back(
            uri in "(https?|com\\.example|javascript):/{0,3}[a-z0-9.:@/\\\\?#%\\[\\]]{0,30}",
            state in "\\PC{0,40}|[<>\"'&#?=\r\n\t \\\\%]{0,20}",
        ) {
            fuzzing::redirect(&uri, &uri, &state);
        }
    }
}
