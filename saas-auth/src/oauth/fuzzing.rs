//! What has to hold of what programs send.

#[cfg(feature = "axum")]
use std::collections::BTreeMap;

use url::{Host, Position, Url};

pub use super::{client::fuzzing::*, device::fuzzing::*};
use super::{
    redirect_uri,
    scope::{ScopeInfo, Scopes},
};

/// Nobody is sent to another address than the registered one, but for the port of the loopback interface.
///
/// What can be registered reads in one way, and what is added on the way back changes nothing in it.
///
/// # Panics
///
/// When it does not hold.
pub fn redirect(registered: &str, named: &str, state: &str) {
    for native in [false, true] {
        if redirect_uri::check(registered, native).is_err() {
            continue;
        }
        let url = Url::parse(registered).ok();
        assert!(url.as_ref().is_some_and(|url| {
            let safe =
                ["https", "http"].contains(&url.scheme()) || native && url.scheme().contains('.');
            let written = url.as_str() == registered || url.as_str() == format!("{registered}/");
            safe && written && url.fragment().is_none() && url.username().is_empty()
        }));
        #[cfg(feature = "axum")]
        way_back(registered, state);
        for any_port in [false, true] {
            if redirect_uri::matches(registered, named, any_port) && registered != named {
                let (Some(url), Ok(to)) = (&url, Url::parse(named)) else {
                    return assert_eq!(registered, named, "no address");
                };
                assert!(any_port && is_loopback(url) && is_loopback(&to), "{named}");
                assert_eq!(url.host(), to.host());
                assert_eq!(&url[Position::BeforePath..], &to[Position::BeforePath..]);
                #[cfg(feature = "axum")]
                way_back(named, state);
            }
        }
    }
    let _ = state;
}

fn is_loopback(url: &Url) -> bool {
    let literal = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        _ => false,
    };
    literal && url.scheme() == "http" && url.username().is_empty() && url.password().is_none()
}

/// The answer stands behind what is registered, letter by letter.
#[cfg(feature = "axum")]
fn way_back(uri: &str, state: &str) {
    let answer = [
        ("code", "c"),
        ("state", state),
        ("iss", "https://id.example"),
    ];
    let back = super::Destination::back(uri, "https://id.example", Some(state), &[("code", "c")]);
    assert!(http::HeaderValue::from_str(back.as_str()).is_ok());
    let (Ok(before), Ok(after)) = (Url::parse(uri), Url::parse(back.as_str())) else {
        return assert_eq!(uri, back.as_str(), "no address");
    };
    assert_eq!(
        &before[..Position::AfterPath],
        &after[..Position::AfterPath]
    );
    assert_eq!(after.fragment(), None);
    let pairs = before.query_pairs().into_owned();
    let added = answer.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let expected: Vec<_> = pairs.chain(added).collect();
    assert_eq!(
        after.query_pairs().into_owned().collect::<Vec<_>>(),
        expected
    );
}

/// What is asked for is what there is, each once.
///
/// # Panics
///
/// When it does not hold.
pub fn scope(text: &str) {
    let scopes = Scopes::new([ScopeInfo::new("projects:read", "See projects")]);
    let Ok(read) = scopes.parse(text) else {
        return;
    };
    for (at, name) in read.iter().enumerate() {
        assert!(scopes.find(name).is_some() && text.split(' ').any(|word| word == name));
        assert!(
            !read.iter().skip(at + 1).any(|other| other == name),
            "{name} twice"
        );
    }
    let words = text.split(' ').filter(|word| !word.is_empty());
    assert!(
        words
            .into_iter()
            .all(|word| read.iter().any(|name| name == word))
    );
    assert_eq!(scopes.parse(&read.join(" ")), Ok(read));
}

/// A form that is read says the same to every reader (URL Standard, section 5.1), and each thing once.
///
/// # Panics
///
/// When it does not hold.
#[cfg(feature = "axum")]
pub fn form(body: &[u8]) {
    let Ok(form) = super::form::Form::parse(body) else {
        return;
    };
    let mut named = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(body) {
        let value = Some(value.into_owned()).filter(|value| !value.is_empty());
        assert_eq!(form.get(&name).map(|value| value.expose().clone()), value);
        assert!(
            named.insert(name, ()).is_none(),
            "a parameter appears twice"
        );
    }
    assert!(named.len() <= 32);
}

/// What was sealed opens for its purpose, and nothing else opens.
///
/// # Panics
///
/// When it does not hold.
#[cfg(feature = "axum")]
pub fn envelope(text: &str, value: &str) {
    use saas_core::Purpose;

    use super::envelope::{open, seal};
    use crate::fuzzing::{keys, tenant};

    let (one, other) = (Purpose::new("fuzz/one"), Purpose::new("fuzz/other"));
    let read = |purpose, text: &str| open::<String>(keys(), purpose, text);
    assert_eq!(read(one, text), None);
    let Ok(sealed) = seal(keys(), one, tenant(1), &value) else {
        return assert!(value.is_empty(), "a text could not be sealed");
    };
    if sealed.len() <= 8 << 10 {
        assert_eq!(read(one, &sealed), Some((tenant(1), value.to_owned())));
    }
    assert_eq!(read(other, &sealed), None);
    let (head, tail) = sealed
        .split_at_checked(sealed.len() / 2)
        .unwrap_or_default();
    for changed in [
        format!("{text}{sealed}"),
        format!("{sealed}{text}"),
        format!("{head}{text}"),
        format!("{text}{tail}"),
    ] {
        assert!(changed == sealed || read(one, &changed).is_none());
    }
}
