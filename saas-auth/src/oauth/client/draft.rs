//! What may be registered.

use saas_core::Id;
use serde::Deserialize;
use serde_json::Value;

use super::{AuthMethod, Client, ClientKeys, GrantType, secret};
use crate::{
    ClientConfig, Error,
    oauth::{Scopes, redirect_uri},
};

const MAX_NAME: usize = 100;
const MAX_URIS: usize = 20;
const MAX_SCOPES: usize = 100;

/// A client to be registered.
///
/// ```
/// use saas_auth::oauth::{AuthMethod, GrantType, NewClient};
///
/// let mut app = NewClient::new("Reports");
/// app.redirect_uris = vec!["https://reports.example/callback".to_owned()];
/// app.scopes = vec!["projects:read".to_owned()];
/// app.auth_method = AuthMethod::SecretBasic;
/// assert_eq!(app.grants, [GrantType::AuthorizationCode, GrantType::RefreshToken]);
/// ```
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NewClient {
    /// What people are shown.
    pub name: String,
    /// Whether it runs on the devices of people.
    #[serde(default)]
    pub native: bool,
    /// Where people are sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they have signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it may come to tokens.
    #[serde(default = "GrantType::usual")]
    pub grants: Vec<GrantType>,
    /// The permissions that it may be given.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How it proves who it is.
    #[serde(default)]
    pub auth_method: AuthMethod,
    /// Its public keys (RFC 7517), when it signs.
    #[serde(default)]
    pub jwks: Option<Value>,
}

impl NewClient {
    /// Names a public client that people let in.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            native: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grants: GrantType::usual(),
            scopes: Vec::new(),
            auth_method: AuthMethod::None,
            jwks: None,
        }
    }
}

/// What is to change of a registered client; what is `None` stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientPatch {
    /// What people are shown.
    pub name: Option<String>,
    /// Where people are sent back to.
    pub redirect_uris: Option<Vec<String>>,
    /// Where people may be sent after they have signed out.
    pub post_logout_redirect_uris: Option<Vec<String>>,
    /// How it may come to tokens.
    pub grants: Option<Vec<GrantType>>,
    /// The permissions that it may be given.
    pub scopes: Option<Vec<String>>,
    /// Its public keys, when it signs.
    pub jwks: Option<Value>,
}

impl GrantType {
    pub(crate) fn usual() -> Vec<Self> {
        vec![Self::AuthorizationCode, Self::RefreshToken]
    }
}

/// What is wrong with a field, in words that continue "the field …".
#[derive(Debug, Clone, Copy)]
pub(super) struct Wrong {
    field: &'static str,
    message: &'static str,
}

impl From<Wrong> for Error {
    fn from(wrong: Wrong) -> Self {
        Self::Client {
            field: wrong.field,
            message: wrong.message,
        }
    }
}

const fn wrong(field: &'static str, message: &'static str) -> Wrong {
    Wrong { field, message }
}

impl Client {
    /// Makes a client of what a tenant wants to register.
    pub(super) fn registering(
        id: Id<Self>,
        new: NewClient,
        scopes: &Scopes,
    ) -> Result<Self, Wrong> {
        let client = Self {
            id: id.to_string(),
            name: new.name,
            first_party: false,
            native: new.native,
            redirect_uris: new.redirect_uris,
            post_logout_redirect_uris: new.post_logout_redirect_uris,
            grants: new.grants,
            scopes: new.scopes,
            auth_method: new.auth_method,
            version: 0,
            created_at: None,
            registered: Some(id),
            secret_hash: None,
            keys: read_keys(new.jwks.as_ref())?,
        };
        client.check_registered(scopes)?;
        Ok(client)
    }

    /// Makes the changed client.
    pub(super) fn changed(mut self, patch: ClientPatch, scopes: &Scopes) -> Result<Self, Wrong> {
        if let Some(keys) = &patch.jwks {
            self.keys = read_keys(Some(keys))?;
        }
        self.name = patch.name.unwrap_or(self.name);
        self.redirect_uris = patch.redirect_uris.unwrap_or(self.redirect_uris);
        self.post_logout_redirect_uris = patch
            .post_logout_redirect_uris
            .unwrap_or(self.post_logout_redirect_uris);
        self.grants = patch.grants.unwrap_or(self.grants);
        self.scopes = patch.scopes.unwrap_or(self.scopes);
        self.check_registered(scopes)?;
        Ok(self)
    }

    /// Makes a client of the configuration.
    pub(super) fn configured(config: &ClientConfig) -> Result<Self, Wrong> {
        let named = (1..=MAX_NAME).contains(&config.id.len())
            && config.id.bytes().all(|byte| byte.is_ascii_graphic());
        if !named {
            return Err(wrong("id", "has to be 1 to 100 visible ASCII characters"));
        }
        // A token whose subject is its client would be taken for a program's.
        if config.id.parse::<Id<Self>>().is_ok() {
            return Err(wrong(
                "id",
                "must not look like the id of a registered client",
            ));
        }
        let secret_hash = match config.secret_sha256.as_deref().map(secret::read_hash) {
            None => None,
            Some(Some(hash)) => Some(hash),
            Some(None) => return Err(wrong("secret_sha256", "has to be 64 hexadecimal digits")),
        };
        let client = Self {
            id: config.id.clone(),
            name: if config.name.is_empty() {
                config.id.clone()
            } else {
                config.name.clone()
            },
            first_party: config.first_party,
            native: config.native,
            redirect_uris: config.redirect_uris.clone(),
            post_logout_redirect_uris: config.post_logout_redirect_uris.clone(),
            grants: config.grants.clone(),
            scopes: config.scopes.clone(),
            auth_method: config.auth_method,
            version: 0,
            created_at: None,
            registered: None,
            secret_hash,
            keys: read_keys(config.jwks.as_ref())?,
        };
        client.check()?;
        if client.has_secret() != client.secret_hash.is_some() {
            return Err(wrong(
                "secret_sha256",
                "belongs to a client that proves itself by a secret, and to no other",
            ));
        }
        if client.may_use(GrantType::ClientCredentials) {
            return Err(wrong(
                "grants",
                "a client that acts for itself has to be registered in a tenant",
            ));
        }
        if client.may_use(GrantType::Password) && !client.first_party {
            return Err(wrong("grants", "only our own clients may see passwords"));
        }
        Ok(client)
    }

    /// Tells whether it proves itself by a secret.
    pub(super) fn has_secret(&self) -> bool {
        matches!(
            self.auth_method,
            AuthMethod::SecretBasic | AuthMethod::SecretPost
        )
    }

    fn check_registered(&self, scopes: &Scopes) -> Result<(), Wrong> {
        self.check()?;
        if self.may_use(GrantType::Password) {
            return Err(wrong("grants", "only our own clients may see passwords"));
        }
        if self.may_use(GrantType::AuthorizationCode) && self.redirect_uris.is_empty() {
            return Err(wrong(
                "redirect_uris",
                "is missing; people have to be sent back",
            ));
        }
        if self.scopes.iter().any(|scope| scopes.find(scope).is_none()) {
            return Err(wrong("scopes", "names a scope that there is not"));
        }
        Ok(())
    }

    /// What holds for every client.
    fn check(&self) -> Result<(), Wrong> {
        let length = self.name.chars().count();
        if !(1..=MAX_NAME).contains(&length) || self.name.trim() != self.name {
            return Err(wrong(
                "name",
                "has to be 1 to 100 characters without spaces around them",
            ));
        }
        if self.name.chars().any(is_invisible) {
            return Err(wrong("name", "has a character that cannot be seen"));
        }
        for (field, uris) in [
            ("redirect_uris", &self.redirect_uris),
            ("post_logout_redirect_uris", &self.post_logout_redirect_uris),
        ] {
            if uris.len() > MAX_URIS {
                return Err(wrong(field, "has more than 20 addresses"));
            }
            for uri in uris {
                redirect_uri::check(uri, self.native).map_err(|message| wrong(field, message))?;
            }
        }
        if self.grants.is_empty() || has_twins(&self.grants) {
            return Err(wrong(
                "grants",
                "has to name one way at least, and each once",
            ));
        }
        if self.scopes.len() > MAX_SCOPES || has_twins(&self.scopes) {
            return Err(wrong(
                "scopes",
                "has to name at most 100 scopes, and each once",
            ));
        }
        if self
            .scopes
            .iter()
            .any(|scope| scope.contains(char::is_whitespace))
        {
            return Err(wrong("scopes", "has a scope with a space in it"));
        }
        if self.may_use(GrantType::ClientCredentials) && !self.is_confidential() {
            return Err(wrong(
                "auth_method",
                "a client that acts for itself has to prove who it is",
            ));
        }
        if (self.auth_method == AuthMethod::PrivateKeyJwt) == self.keys.is_empty() {
            return Err(wrong(
                "jwks",
                "belongs to a client that signs, and to no other",
            ));
        }
        Ok(())
    }
}

fn read_keys(set: Option<&Value>) -> Result<ClientKeys, Wrong> {
    match set {
        None => Ok(ClientKeys::default()),
        Some(set) => ClientKeys::read(set).map_err(|message| wrong("jwks", message)),
    }
}

fn has_twins<T: PartialEq>(list: &[T]) -> bool {
    list.iter()
        .enumerate()
        .any(|(at, one)| list.iter().skip(at + 1).any(|other| one == other))
}

/// Characters by which a name can pass for another one on the page where people consent.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oauth::ScopeInfo;

    fn register(json: &str) -> Result<Client, &'static str> {
        let scopes = Scopes::new([ScopeInfo::new("projects:read", "See projects")]);
        let new = serde_json::from_str(json).unwrap();
        Client::registering(Id::generate(), new, &scopes).map_err(|wrong| wrong.field)
    }

    #[test]
    fn oau_08_what_may_not_be_registered_names_its_field() {
        let good = r#"{"name":"App","redirect_uris":["https://a.example/cb"],"scopes":["projects:read","openid"]}"#;
        register(good).unwrap();
        let with = |members: &str| good.replacen('{', &format!("{{{members},"), 1);
        let named = |name: &str| good.replace("App", name);
        let uris = |uris: &str| good.replace(r#""https://a.example/cb""#, uris);
        let many = vec![r#""https://a.example/cb""#; 21].join(",");
        for (json, field) in [
            (named(""), "name"),
            (named(" App"), "name"),
            (named(&"x".repeat(101)), "name"),
            (named(r"A\u202epp"), "name"),
            (named(r"A\npp"), "name"),
            (uris(""), "redirect_uris"),
            (uris(&many), "redirect_uris"),
            (uris(r#""javascript:alert(1)""#), "redirect_uris"),
            (uris(r#""http://a.example/cb""#), "redirect_uris"),
            (uris(r#""com.example.a:/cb""#), "redirect_uris"),
            (
                with(r#""post_logout_redirect_uris":["data:x"]"#),
                "post_logout_redirect_uris",
            ),
            (with(r#""grants":[]"#), "grants"),
            (with(r#""grants":["password"]"#), "grants"),
            (
                with(r#""grants":["refresh_token","refresh_token"]"#),
                "grants",
            ),
            (with(r#""grants":["client_credentials"]"#), "auth_method"),
            (with(r#""auth_method":"private_key_jwt""#), "jwks"),
            (with(r#""jwks":{}"#), "jwks"),
            (good.replace("projects:read", "projects:write"), "scopes"),
            (good.replace("projects:read", "openid"), "scopes"),
        ] {
            assert_eq!(register(&json).unwrap_err(), field, "{json}");
        }
        register(&uris(r#""com.example.a:/cb""#).replacen('{', r#"{"native":true,"#, 1)).unwrap();
        for unknown in [
            with(r#""first_party":true"#),
            with(r#""secret_sha256":"x""#),
            with(r#""jwks_uri":"https://a.example""#),
            with(r#""auth_method":"client_secret_jwt""#),
            with(r#""grants":["implicit"]"#),
        ] {
            assert!(
                serde_json::from_str::<NewClient>(&unknown).is_err(),
                "{unknown}"
            );
        }
    }

    #[test]
    fn what_stands_in_the_configuration_is_checked_too() {
        let read = |json: &str| Client::configured(&serde_json::from_str(json).unwrap());
        let hash = "ab".repeat(32);
        for good in [
            r#"{"id":"web","first_party":true,"grants":["password"]}"#.to_owned(),
            r#"{"id":"web","redirect_uris":["https://a.example/cb"]}"#.to_owned(),
            format!(
                r#"{{"id":"web","auth_method":"client_secret_post","secret_sha256":"{hash}"}}"#
            ),
        ] {
            read(&good).unwrap();
        }
        for (json, field) in [
            (r#"{"id":""}"#.to_owned(), "id"),
            (r#"{"id":"a b"}"#.to_owned(), "id"),
            (format!(r#"{{"id":"{}"}}"#, Id::<Client>::generate()), "id"),
            (r#"{"id":"web","grants":["password"]}"#.to_owned(), "grants"),
            (
                format!(
                    r#"{{"id":"web","grants":["client_credentials"],"auth_method":"client_secret_post","secret_sha256":"{hash}"}}"#
                ),
                "grants",
            ),
            (
                r#"{"id":"web","redirect_uris":["http://a.example/"]}"#.to_owned(),
                "redirect_uris",
            ),
            (
                r#"{"id":"web","auth_method":"client_secret_post"}"#.to_owned(),
                "secret_sha256",
            ),
            (
                format!(r#"{{"id":"web","secret_sha256":"{hash}"}}"#),
                "secret_sha256",
            ),
            (
                r#"{"id":"web","secret_sha256":"x"}"#.to_owned(),
                "secret_sha256",
            ),
        ] {
            assert_eq!(read(&json).unwrap_err().field, field, "{json}");
        }
    }
}
