//! What has to hold of where people are sent.

use url::{Position, Url};

use super::onward::Onward;

/// What is a destination is a path of this host to a browser, as it is written.
///
/// # Panics
///
/// When it does not hold.
pub fn onward(text: &str) {
    for (prefix, page) in [
        ("", "https://acme.test/login"),
        ("/t/acme", "https://acme.test/t/acme/login"),
    ] {
        let (Some(found), Ok(base)) = (Onward::parse(text, prefix), Url::parse(page)) else {
            continue;
        };
        let address = format!("{prefix}{}", found.as_str());
        let url = base.join(&address).ok();
        let url = url.as_ref();
        assert_eq!(url.map(Url::origin), Some(base.origin()), "{address:?}");
        let read = url.map(|url| &url[Position::BeforePath..]);
        assert_eq!(read, Some(&*address));
        assert_eq!(Onward::parse(&address, prefix).as_ref(), Some(&found));
    }
}
