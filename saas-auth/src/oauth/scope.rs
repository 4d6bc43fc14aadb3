//! What tokens are asked for (RFC 6749, section 3.3).
//!
//! A scope is the name of a permission, or one of the four of OpenID Connect. It can only make a token less than
//! its holder: what it may do is what the holder may do at that moment, and of that what the scopes name.

use std::{borrow::Cow, sync::Arc};

use serde::Serialize;

/// The scopes of OpenID Connect Core, sections 5.4 and 11.
const OPENID: [(&str, &str); 4] = [
    ("openid", "Know who you are"),
    ("profile", "Know your name"),
    ("email", "Know your e-mail address"),
    (OFFLINE, "Stay signed in while you are away"),
];

/// The scope of a program that goes on without the person.
pub(crate) const OFFLINE: &str = "offline_access";

/// How many different scopes a request may name.
const MAX: usize = 100;

/// A scope, and what people are told about it.
///
/// ```
/// use saas_auth::oauth::ScopeInfo;
///
/// let scope = ScopeInfo::new("projects:read", "See projects");
/// assert_eq!(scope.name, "projects:read");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ScopeInfo {
    /// The name, which is that of a permission.
    pub name: Cow<'static, str>,
    /// What it lets a program do, in words that continue "it may …".
    pub description: Cow<'static, str>,
}

impl ScopeInfo {
    /// Describes a scope.
    #[must_use]
    pub fn new(
        name: impl Into<Cow<'static, str>>,
        description: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            name: name.into(),
            description: description.into(),
        }
    }
}

/// The scopes that there are; cheap to clone.
#[derive(Debug, Clone)]
pub struct Scopes(Arc<[ScopeInfo]>);

/// Says that a text names a scope that does not exist, names too many, or is no list of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is unknown")]
#[non_exhaustive]
pub struct InvalidScope;

impl Scopes {
    /// Takes the names of permissions. Those of OpenID Connect are always there.
    #[must_use]
    pub fn new(permissions: impl IntoIterator<Item = ScopeInfo>) -> Self {
        let openid = OPENID.map(|(name, description)| ScopeInfo::new(name, description));
        let permissions = permissions
            .into_iter()
            .filter(|scope| !is_openid(&scope.name));
        Self(openid.into_iter().chain(permissions).collect())
    }

    /// Gives all of them.
    #[must_use]
    pub fn all(&self) -> &[ScopeInfo] {
        &self.0
    }

    /// Finds one by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&ScopeInfo> {
        self.0.iter().find(|scope| scope.name == name)
    }

    /// Reads the parameter `scope`: names that exist, separated by spaces. One that is named twice counts once.
    ///
    /// # Errors
    ///
    /// [`InvalidScope`].
    pub fn parse(&self, text: &str) -> Result<Vec<String>, InvalidScope> {
        let mut scopes: Vec<String> = Vec::new();
        // No other white space separates.
        for name in text.split(' ').filter(|name| !name.is_empty()) {
            if scopes.iter().any(|known| known == name) {
                continue;
            }
            if scopes.len() == MAX || self.find(name).is_none() {
                return Err(InvalidScope);
            }
            scopes.push(name.to_owned());
        }
        Ok(scopes)
    }
}

impl Default for Scopes {
    fn default() -> Self {
        Self::new([])
    }
}

/// Tells whether a scope is one of OpenID Connect and no permission.
pub(crate) fn is_openid(scope: &str) -> bool {
    OPENID.iter().any(|(name, _)| *name == scope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oau_34_scopes_are_names_that_exist_separated_by_spaces() {
        let scopes = Scopes::new([
            ScopeInfo::new("projects:read", "See projects"),
            ScopeInfo::new("openid", "something else"),
        ]);
        let read = |text: &str| scopes.parse(text);
        assert_eq!(read(""), Ok(vec![]));
        assert_eq!(read("openid"), Ok(vec!["openid".to_owned()]));
        let both = Ok(vec!["projects:read".to_owned(), "openid".to_owned()]);
        assert_eq!(read("projects:read openid"), both);
        assert_eq!(read("  projects:read  openid openid "), both);
        let many = (0..10_000).map(|n| format!("s{n}")).collect::<Vec<_>>();
        assert_eq!(read(&"openid ".repeat(10_000)), read("openid"));
        for wrong in [
            "projects:write",
            "openid projects:write",
            "OpenID",
            "Projects:read",
            "openid\tprofile",
            "openid\nprofile",
            "openid\u{a0}profile",
            "openid,profile",
            "\"openid\"",
            "openid\0",
            "projects:*",
            &many.join(" "),
        ] {
            assert_eq!(read(wrong), Err(InvalidScope), "{wrong:?}");
        }
        assert_eq!(scopes.all().len(), 5);
    }

    proptest::proptest! {
        #[test]
        fn oau_34_what_is_read_is_what_was_named(text in "((projects:read|openid|email|OpenID|x)[ \t]{0,2}){0,5}") {
            crate::fuzzing::scope(&text);
        }
    }
}
