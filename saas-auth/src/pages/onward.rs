//! Where somebody goes after a page, as the address of the page says.

/// A path of this service, with its parameters, as it is routed: without the prefix of a tenant.
///
/// Its letters are those that every program reads alike. A path that begins with `//` or `/\`, that hides either
/// behind an encoding, a tab or dots, or that is a whole address, names another host to somebody, and is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Onward(String);

/// A request for authorization travels in it.
const MAX_LENGTH: usize = 8 << 10;

impl Onward {
    /// Gives the page on which people are at home.
    pub(super) fn home() -> Self {
        Self("/account".to_owned())
    }

    /// Reads what an address or a form names. `prefix` is that of the tenant, which may stand before it.
    pub(super) fn parse(text: &str, prefix: &str) -> Option<Self> {
        let text = match text.strip_prefix(prefix) {
            Some(rest) if rest.starts_with('/') => rest,
            _ => text,
        };
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let mut segments = path.split('/');
        let rooted = text.len() <= MAX_LENGTH && segments.next() == Some("");
        let mut named = segments.clone().rev();
        // Of `/` and `/account/` the last segment is empty.
        let last = named.next().unwrap_or_default();
        let named = (last.is_empty() || is_segment(last)) && named.all(is_segment);
        let asked = query
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/?%".contains(&byte));
        (rooted && path.starts_with('/') && named && asked).then(|| Self(text.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether it may lead to another host, through the endpoint that sends people back to programs.
    pub(super) fn leads_away(&self) -> bool {
        self.0.starts_with("/oauth/")
    }
}

fn is_segment(segment: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    !segment.is_empty() && segment.bytes().all(plain) && segment != "." && segment != ".."
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn soc_11_only_a_path_of_this_service_is_a_destination() {
        let authorize =
            "/oauth/authorize?client_id=a&redirect_uri=https%3A%2F%2Fapp.example%2Fcb&state=%22";
        for good in [
            "/",
            "/account",
            "/account/",
            "/account/sessions?x=1",
            authorize,
        ] {
            assert_eq!(Onward::parse(good, "").unwrap().as_str(), good);
        }
        for wrong in [
            "",
            " ",
            "account",
            "//evil.test",
            "///evil.test",
            "/\\evil.test",
            "\\\\evil.test",
            "/\t/evil.test",
            "\t//evil.test",
            "/ /evil.test",
            "https:evil.test",
            "https://evil.test",
            "javascript:alert(1)",
            "/%2fevil.test",
            "/%5cevil.test",
            "/%09/evil.test",
            "%2f%2fevil.test",
            "/..//evil.test",
            "/.//evil.test",
            "/account/../..//evil.test",
            "/a//evil.test",
            "/account#@evil.test",
            "/account?\\",
            "/account?a\tb",
            "/account?<",
            "/account?'",
            "/account?\"",
            "/account\r\nSet-Cookie: a=b",
            "/account?\0",
            "/ä",
            "/account?ä",
            "?x",
            "/;@evil.test",
            "/@evil.test",
            "/:80",
            "data:text/html,x",
            "./account",
            "../account",
        ] {
            assert_eq!(Onward::parse(wrong, ""), None, "{wrong:?}");
        }
        assert_eq!(Onward::parse(&format!("/{}", "a".repeat(9000)), ""), None);
    }

    #[test]
    fn the_prefix_of_the_tenant_may_stand_before_it() {
        let read = |text| Onward::parse(text, "/t/acme").map(|found| found.0);
        assert_eq!(read("/t/acme/account").as_deref(), Some("/account"));
        assert_eq!(read("/account").as_deref(), Some("/account"));
        // They stay below the prefix of this tenant.
        assert_eq!(
            read("/t/acme-2/account").as_deref(),
            Some("/t/acme-2/account")
        );
        assert_eq!(read("/t/acme//evil.test"), None);
    }

    proptest! {
        #[test]
        fn whatever_is_accepted_stays_on_the_host(text in "(/|/t/acme|//|/\\\\|\\PC{0,4}|%2f|\\.\\.|[a-z:@?#;.]{0,4}|\t|\n){0,8}") {
            super::super::fuzzing::onward(&text);
        }
    }
}
