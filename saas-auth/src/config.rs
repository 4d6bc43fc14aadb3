//! Lifetimes, costs and clients.

use std::{path::PathBuf, time::Duration};

use saas_core::{
    config::{Period, positive},
    limit::Quota,
};
use saas_tenancy::{Slug, resolve::PathPrefix};
use serde::{Deserialize, Serialize};

use crate::{
    Algorithm,
    oauth::{AuthMethod, GrantType},
};

/// Configures identity.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct AuthConfig {
    /// Tokens.
    pub token: TokenConfig,
    /// Passwords.
    pub password: PasswordConfig,
    /// How often may be tried.
    pub limits: LimitConfig,
    /// Sessions of browsers.
    pub session: SessionConfig,
    /// Links in mails.
    pub link: LinkConfig,
    /// Pages.
    pub pages: PagesConfig,
    /// Second factors.
    pub mfa: MfaConfig,
    /// Passkeys.
    #[cfg(feature = "passkeys")]
    pub passkeys: PasskeyConfig,
    /// The programs that may ask for tokens.
    pub clients: Vec<ClientConfig>,
    /// Whether programs of our own may see passwords (RFC 6749, section 4.3), those that name it among their
    /// grants. Nobody needs it who can show people the page on which they sign in.
    pub password_grant: bool,
}

impl AuthConfig {
    /// Tells whether tokens are given in that way at all.
    #[cfg(feature = "axum")]
    pub(crate) fn allows(&self, grant: GrantType) -> bool {
        grant != GrantType::Password || self.password_grant
    }
}

/// Configures tokens.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct TokenConfig {
    /// The issuer, as a URL (`iss`).
    pub issuer: String,
    /// The service that tokens are for (`aud`).
    pub audience: String,
    /// How access tokens are signed. Only our own services read them.
    pub algorithm: Algorithm,
    /// How id tokens are signed, which every client verifies with the library that it has.
    pub id_token_algorithm: Algorithm,
    /// How long an access token is good.
    #[serde(deserialize_with = "positive")]
    pub access_lifetime: Period,
    /// How long a sign-in can be kept alive by refresh tokens.
    #[serde(deserialize_with = "positive")]
    pub refresh_lifetime: Period,
    /// How long a program may leave a sign-in unused before it ends.
    #[serde(deserialize_with = "positive")]
    pub refresh_idle: Period,
    /// How long the answer to a refresh may be asked for again, by a client that did not receive it.
    pub refresh_grace: Period,
    /// How far the clocks of two machines may differ; at most a minute.
    pub leeway: Period,
    /// How many verified tokens are remembered.
    pub cache_entries: u32,
}

impl Default for TokenConfig {
    fn default() -> Self {
        let seconds = |seconds| Period::from(Duration::from_secs(seconds));
        Self {
            issuer: "http://127.0.0.1:8080".to_owned(),
            audience: "starter".to_owned(),
            algorithm: Algorithm::EdDsa,
            id_token_algorithm: Algorithm::Es256,
            access_lifetime: seconds(3600),
            refresh_lifetime: seconds(30 * 86_400),
            refresh_idle: seconds(30 * 86_400),
            refresh_grace: seconds(10),
            leeway: seconds(5),
            cache_entries: 10_000,
        }
    }
}

impl TokenConfig {
    /// The longest time until every instance has read the keys again; see
    /// [`Keys::reload`](crate::Keys::reload).
    pub const KEY_RELOAD: Duration = Duration::from_secs(60);

    /// Gives the issuer under which a request has reached the service: the configured one, or, when the path
    /// names the tenant, the one of that tenant, `<issuer>/t/<slug>`. So what a client reads in the metadata is
    /// what it asked, and what its tokens name.
    #[must_use]
    pub fn issuer_at(&self, prefix: Option<&PathPrefix>) -> String {
        let prefix = prefix.map(PathPrefix::as_str).unwrap_or_default();
        format!("{}{prefix}", self.issuer)
    }

    /// Tells whether an issuer is the configured one, or that of a tenant under it.
    pub(crate) fn issues_as(&self, issuer: &str) -> bool {
        match issuer.strip_prefix(self.issuer.as_str()) {
            Some("") => true,
            // Which prefix there is, is a setting of the tenants; that we signed it is what counts.
            Some(rest) => rest
                .strip_prefix('/')
                .and_then(|rest| rest.split_once('/'))
                .is_some_and(|(_, slug)| slug.parse::<Slug>().is_ok()),
            None => false,
        }
    }

    /// Gives the longest time for which an access token can be taken after it was issued.
    #[must_use]
    pub fn longest(&self) -> Duration {
        Duration::from(self.access_lifetime).saturating_add(self.leeway.into())
    }

    /// Gives the time for which a retired key has to verify: as long as the last token that an
    /// instance signed with it, before it heard of the rotation, can be good.
    #[must_use]
    pub fn key_overlap(&self) -> Duration {
        self.longest().saturating_add(Self::KEY_RELOAD)
    }
}

/// How often a password may be guessed, at all doors together, and a letter asked for. Right passwords do not
/// count as guesses.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LimitConfig {
    /// That of one account, or of an address that nobody has.
    pub account: Quota,
    /// Those that come from one address (IPv4) or network (IPv6, /64).
    pub address: Quota,
    /// Those in one tenant, so that a flood there leaves room for the others.
    pub tenant: Quota,
    /// How often a letter may be asked for to one address, whether somebody has it or not. Networks and
    /// tenants have the same quotas for letters as for passwords, counted apart. Codes by mail, which follow right
    /// passwords, have the same quotas once more.
    pub letter: Quota,
}

impl Default for LimitConfig {
    fn default() -> Self {
        Self {
            account: Quota::new(10, Duration::from_secs(30)),
            address: Quota::new(300, Duration::from_secs(1)),
            tenant: Quota::new(1000, Duration::from_millis(50)),
            letter: Quota::new(10, Duration::from_secs(300)),
        }
    }
}

/// Configures second factors.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct MfaConfig {
    /// How long a browser is remembered on which a second factor was proven, when its holder wants that: until then
    /// the password is enough there. With `0s`, which is what this type has by itself, nothing is remembered.
    pub remember: Period,
}

/// Configures the sessions of browsers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct SessionConfig {
    /// After how long without a request a session ends.
    #[serde(deserialize_with = "positive")]
    pub idle: Period,
    /// After how long it ends in any case.
    #[serde(deserialize_with = "positive")]
    pub lifetime: Period,
}

impl Default for SessionConfig {
    fn default() -> Self {
        let minutes = |minutes: u64| Period::from(Duration::from_secs(minutes * 60));
        Self {
            idle: minutes(30),
            lifetime: minutes(12 * 60),
        }
    }
}

/// Configures the links that mails carry.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LinkConfig {
    /// Where the pages of a tenant begin, without a slash at the end: a URL in which `{issuer}` stands for
    /// the issuer and `{tenant}` for the slug, such as `https://{tenant}.app.example`. It is never taken from a
    /// request, whose sender could choose where a link leads.
    pub pages: String,
    /// How long an invitation can be accepted.
    #[serde(deserialize_with = "positive")]
    pub invitation: Period,
    /// How long an address can be verified.
    #[serde(deserialize_with = "positive")]
    pub verification: Period,
    /// How long a forgotten password can be set anew; at most [`LinkConfig::MAX_RESET`].
    #[serde(deserialize_with = "positive")]
    pub reset: Period,
    /// How long a new address can be confirmed.
    #[serde(deserialize_with = "positive")]
    pub email_change: Period,
    /// How many letters of one kind a person gets within an hour, at least one. Who asks for more gets the
    /// same answer, and no letter.
    #[serde(deserialize_with = "positive")]
    pub letters_an_hour: u32,
    /// How many invitations of a tenant can be open at once.
    pub open_invitations: u32,
}

impl LinkConfig {
    /// The longest time for which a forgotten password can be set anew.
    pub const MAX_RESET: Duration = Duration::from_secs(3600);

    /// Gives where the pages of a tenant begin.
    pub(crate) fn pages_of(&self, tenant: &Slug, token: &TokenConfig) -> String {
        let pages = self.pages.replace("{tenant}", tenant.as_str());
        pages.replace("{issuer}", &token.issuer)
    }
}

impl Default for LinkConfig {
    fn default() -> Self {
        let hours = |hours: u64| Period::from(Duration::from_secs(hours * 3600));
        Self {
            pages: "{issuer}/t/{tenant}".to_owned(),
            invitation: hours(7 * 24),
            verification: hours(24),
            reset: hours(1),
            email_change: hours(24),
            letters_an_hour: 5,
            open_invitations: 500,
        }
    }
}

/// Configures the pages.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PagesConfig {
    /// The path segment before the name of a tenant, such as `t` in `/t/acme/login`; as
    /// [`ResolveConfig::path_prefix`](saas_tenancy::resolve::ResolveConfig::path_prefix). Whoever comes to an
    /// address without a tenant is asked for its name and sent there. Empty when hosts alone name tenants.
    pub tenant_path: String,
}

impl Default for PagesConfig {
    fn default() -> Self {
        Self {
            tenant_path: "t".to_owned(),
        }
    }
}

/// Configures passkeys (WebAuthn). Nothing needs to be said where all tenants have their pages on one host.
///
/// ```toml
/// [auth.link]
/// pages = "https://{tenant}.app.example"
///
/// [auth.passkeys]
/// rp_id = "app.example"
/// ```
#[cfg(feature = "passkeys")]
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PasskeyConfig {
    /// The host that devices bind passkeys to, without scheme and port: that of all pages, or a parent of it. Whoever
    /// changes it makes every passkey worthless. That of [`LinkConfig::pages`] when it is empty.
    pub rp_id: String,
    /// Where passkeys may be used besides the pages of the tenant, in every tenant: origins such as
    /// `https://app.example`, exactly as browsers write them.
    pub origins: Vec<String>,
}

/// Configures passwords. The default of the costs is what OWASP recommends for argon2id, and the least
/// that is accepted.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct PasswordConfig {
    /// Memory of one hash, in KiB; at least [`PasswordConfig::MIN_MEMORY_KIB`].
    pub memory_kib: u32,
    /// Passes over the memory; at least [`PasswordConfig::MIN_PASSES`].
    pub passes: u32,
    /// How many passwords are hashed at once; 0 for half the processors.
    pub slots: usize,
    /// How many may wait for a slot before further sign-ins get 503.
    pub queue: usize,
    /// The least score of a new password on the scale of zxcvbn; from [`PasswordConfig::MIN_SCORE`]
    /// to 4. With 3, what zxcvbn advises, it takes more than a hundred million guesses: nine
    /// characters drawn by chance, or three words.
    pub min_score: u8,
    /// Where the list of breached passwords is, sorted by their SHA-1; see
    /// [`BreachedFile`](crate::BreachedFile). Without one, none is looked up.
    pub breached_list: Option<PathBuf>,
    /// What becomes of a new password that could not be looked up among breached ones.
    pub breached_unavailable: Unchecked,
    /// How long that may take.
    pub breached_timeout: Period,
}

/// What becomes of what could not be checked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Unchecked {
    /// It is refused, and the client told to come back: nobody gets past the check by disturbing it.
    #[default]
    Refuse,
    /// It is accepted, and the log says so: a list that is away keeps nobody from signing up.
    Accept,
}

impl PasswordConfig {
    /// The least memory of one hash, in KiB.
    pub const MIN_MEMORY_KIB: u32 = 19_456;
    /// The least number of passes over the memory.
    pub const MIN_PASSES: u32 = 2;
    /// The least score that can be configured. It refuses what guessers try first, such as the ten
    /// thousand passwords that are used most.
    pub const MIN_SCORE: u8 = 2;
}

impl Default for PasswordConfig {
    fn default() -> Self {
        Self {
            memory_kib: Self::MIN_MEMORY_KIB,
            passes: Self::MIN_PASSES,
            slots: 0,
            queue: 64,
            min_score: 3,
            breached_list: None,
            breached_unavailable: Unchecked::Refuse,
            breached_timeout: Duration::from_secs(3).into(),
        }
    }
}

/// A program that may ask for tokens, in every tenant.
///
/// ```toml
/// [[auth.clients]]
/// id = "web"
/// name = "Our web application"
/// first_party = true
/// redirect_uris = ["https://app.example/callback"]
/// ```
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ClientConfig {
    /// Its `client_id`.
    pub id: String,
    /// What people are shown; the id when it is empty.
    #[serde(default)]
    pub name: String,
    /// Whether it is our own: people are not asked for their consent, and it may do all that they may.
    #[serde(default)]
    pub first_party: bool,
    /// Whether it runs on the devices of people (RFC 8252).
    #[serde(default)]
    pub native: bool,
    /// Where people are sent back to.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
    /// Where people may be sent after they have signed out.
    #[serde(default)]
    pub post_logout_redirect_uris: Vec<String>,
    /// How it may come to tokens: by authorization codes and refresh tokens when nothing is said.
    #[serde(default = "GrantType::usual")]
    pub grants: Vec<GrantType>,
    /// The permissions that it may be given. One of our own may be given any.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// How it proves who it is.
    #[serde(default)]
    pub auth_method: AuthMethod,
    /// The SHA-256 of its secret in hexadecimal digits, as `printf %s "$SECRET" | sha256sum` gives it. The
    /// secret has to be random: `openssl rand -hex 32`.
    #[serde(default)]
    pub secret_sha256: Option<String>,
    /// Its public keys (RFC 7517), when it signs.
    #[serde(default)]
    pub jwks: Option<serde_json::Value>,
}

impl ClientConfig {
    /// Names a public program of our own. Give it addresses to send people back to.
    #[must_use]
    pub fn first_party(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: String::new(),
            first_party: true,
            native: false,
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grants: GrantType::usual(),
            scopes: Vec::new(),
            auth_method: AuthMethod::None,
            secret_sha256: None,
            jwks: None,
        }
    }

    /// Lets it see passwords (RFC 6749, section 4.3), for a program of our own that can do no better.
    #[must_use]
    pub fn with_passwords(mut self) -> Self {
        self.grants.push(GrantType::Password);
        self
    }
}
