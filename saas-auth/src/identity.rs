//! Everything of this crate, put together.

use std::{fmt, sync::Arc, time::Duration};

use saas_core::limit::{ProcessLimiter, RateLimiter};
use saas_tenancy::{Database, Registry};

#[cfg(feature = "passkeys")]
use crate::mfa::RelyingParty;
#[cfg(feature = "axum")]
use crate::oauth::TenantNetworks;
use crate::{
    Accounts, Addresses, ApiKeys, AuthConfig, BreachedPasswords, Closures, Error, Invitations,
    Issuer, Keys, LinkConfig, Members, PasswordChanges, Passwords, RefreshTokens, Revocations,
    Sessions, SignIns, Themes, TokenConfig, Verifier,
    mfa::{MemberRoles, SecondFactors},
    oauth::{Clients, Consents, ScopeInfo, Scopes},
};

/// The services of this crate over one database; cheap to clone.
///
/// ```
/// use saas_auth::{AuthConfig, Error, Identity, oauth};
/// use saas_tenancy::{AdmitLayer, Database, Registry, TenantLayer, resolve::ResolveConfig};
/// use tower::{Layer as _, Service};
///
/// async fn service(
///     database: &Database,
///     registry: &Registry,
///     config: &AuthConfig,
/// ) -> Result<impl Service<http::Request<axum::body::Body>>, Error> {
///     let identity = Identity::load(database, registry, config).await?;
///     // Every instance hears of what ends before its time, and of new keys.
///     tokio::spawn(identity.clone().watch());
///     let service = oauth::router(&identity);
///     // From the inside out: the scope, who is calling, and before that, which tenant the address names.
///     let service = AdmitLayer::new(registry.clone()).layer(service);
///     let service = identity.layer().layer(service);
///     Ok(TenantLayer::new(registry.clone(), ResolveConfig::default()).layer(service))
/// }
/// # let _ = service;
/// ```
#[derive(Clone)]
pub struct Identity {
    parts: Arc<Parts>,
    clients: Clients,
}

struct Parts {
    config: AuthConfig,
    database: Database,
    registry: Registry,
    accounts: Accounts,
    passwords: Passwords,
    keys: Keys,
    revocations: Revocations,
    verifier: Verifier,
    issuer: Issuer,
    sessions: Sessions,
    sign_ins: SignIns,
    refresh_tokens: RefreshTokens,
    api_keys: ApiKeys,
    members: Members,
    invitations: Invitations,
    password_changes: PasswordChanges,
    addresses: Addresses,
    closures: Closures,
    themes: Themes,
    second_factors: SecondFactors,
    #[cfg(feature = "axum")]
    networks: Option<Arc<dyn TenantNetworks>>,
}

impl Identity {
    /// Reads the keys and what has been revoked, and puts the services together.
    ///
    /// # Errors
    ///
    /// As [`IdentityBuilder::load`].
    pub async fn load(
        database: &Database,
        registry: &Registry,
        config: &AuthConfig,
    ) -> Result<Self, Error> {
        Self::builder(database, registry, config).load().await
    }

    /// Begins with what a program brings itself.
    pub fn builder(
        database: &Database,
        registry: &Registry,
        config: &AuthConfig,
    ) -> IdentityBuilder {
        IdentityBuilder {
            database: database.clone(),
            registry: registry.clone(),
            config: config.clone(),
            limiter: None,
            breached: None,
            roles: None,
            #[cfg(feature = "axum")]
            networks: None,
            scopes: Vec::new(),
        }
    }

    /// Gives the clients, and the scopes that they may ask for.
    #[must_use]
    pub const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Gives what people have allowed clients.
    #[must_use]
    pub fn consents(&self) -> Consents {
        Consents::new(self.sessions().clone())
    }

    /// Gives the devices that ask to be let in, for the page on which people answer.
    #[must_use]
    pub fn devices(&self) -> crate::oauth::Devices {
        crate::oauth::Devices::new(self.clients.clone())
    }

    /// Follows what other instances revoke, within a second, and reads the signing keys again every
    /// [`TokenConfig::KEY_RELOAD`], for ever. Run it beside the server, end the server when it ends, which only a
    /// panic brings about, and let [`Identity::revocations`] be among the checks of its health.
    ///
    /// # Cancel safety
    ///
    /// It changes nothing in the database.
    pub async fn watch(self) {
        let keys = async {
            loop {
                tokio::time::sleep(TokenConfig::KEY_RELOAD).await;
                if let Err(error) = self.keys().reload().await {
                    tracing::warn!(%error, "the signing keys could not be read");
                }
            }
        };
        tokio::join!(self.parts.revocations.clone().watch(), keys);
    }

    #[cfg(feature = "axum")]
    pub(crate) fn networks(&self) -> Option<&dyn TenantNetworks> {
        self.parts.networks.as_deref()
    }

    /// Gives the layer that finds out who is calling, by access token, key or session.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn layer(&self) -> crate::AuthLayer {
        crate::AuthLayer::new(self.verifier().clone())
            .sessions(self.sessions().clone())
            .api_keys(self.api_keys().clone())
    }
}

/// Made by [`Identity::builder`].
#[derive(Debug)]
#[must_use = "it does nothing until it is loaded"]
pub struct IdentityBuilder {
    database: Database,
    registry: Registry,
    config: AuthConfig,
    limiter: Option<Arc<dyn RateLimiter>>,
    breached: Option<Arc<dyn BreachedPasswords>>,
    roles: Option<Arc<dyn MemberRoles>>,
    #[cfg(feature = "axum")]
    networks: Option<Arc<dyn TenantNetworks>>,
    scopes: Vec<ScopeInfo>,
}

impl IdentityBuilder {
    /// Counts tries in this limiter, which several instances can share. Otherwise each counts for itself.
    pub fn limiter(mut self, limiter: Arc<dyn RateLimiter>) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// Refuses new passwords that are in this list of breached ones.
    pub fn breached_passwords(mut self, list: Arc<dyn BreachedPasswords>) -> Self {
        self.breached = Some(list);
        self
    }

    /// Says which roles members have, for [rules](crate::mfa::MfaRule) about roles. Without, such a rule holds for
    /// every member.
    pub fn roles(mut self, roles: Arc<dyn MemberRoles>) -> Self {
        self.roles = Some(roles);
        self
    }

    /// Says from where tenants are used, for what a layer cannot see. Without, everything is let in that the layers let in.
    #[cfg(feature = "axum")]
    pub fn networks(mut self, networks: Arc<dyn TenantNetworks>) -> Self {
        self.networks = Some(networks);
        self
    }

    /// Says which scopes programs may ask for: the permissions of the application, with words for people. Those
    /// of OpenID Connect are always there.
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = ScopeInfo>) -> Self {
        self.scopes.extend(scopes);
        self
    }

    /// Reads the keys and what has been revoked, and puts the services together.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] and [`Error::Client`] when the configuration cannot be used, [`Error::Crypto`] when a stored key cannot be
    /// opened with the master key, [`Error::Storage`].
    pub async fn load(self) -> Result<Identity, Error> {
        let Self {
            database,
            registry,
            config,
            limiter,
            breached,
            roles,
            #[cfg(feature = "axum")]
            networks,
            scopes,
        } = self;
        let (token, clock) = (&config.token, database.clock());
        if Duration::from(config.link.reset) > LinkConfig::MAX_RESET {
            return Err(Error::Config {
                key: "auth.link.reset",
                message: "must be at most an hour",
            });
        }
        let mut passwords = Passwords::new(&config.password, database.keys())?;
        if let Some(list) = breached {
            passwords = passwords.with_breached(list);
        }
        let limiter = limiter.unwrap_or_else(|| Arc::new(ProcessLimiter::new(Arc::clone(clock))));
        let keys = Keys::load_or_create(&database, token.key_overlap()).await?;
        let revocations = Revocations::load(&database, token.longest()).await?;
        let verifier = Verifier::new(
            keys.clone(),
            revocations.clone(),
            token.clone(),
            Arc::clone(clock),
        )?;
        let sessions = Sessions::new(
            database.clone(),
            registry.clone(),
            revocations.clone(),
            config.session.clone(),
        );
        let clients = Clients::new(sessions.clone(), &config.clients)?;
        let accounts = Accounts::new(database.clone());
        let factors = SecondFactors::new(
            database.clone(),
            registry.clone(),
            roles,
            config.mfa.clone(),
            #[cfg(feature = "passkeys")]
            RelyingParty::of(&config)?,
        );
        let sign_ins = SignIns::new(
            database.clone(),
            passwords.clone(),
            limiter,
            config.limits,
            factors.clone(),
        );
        Ok(Identity {
            clients: clients.with_scopes(Scopes::new(scopes)),
            parts: Arc::new(Parts {
                issuer: Issuer::new(keys.clone(), token.clone(), Arc::clone(clock)),
                members: Members::new(sessions.clone()),
                invitations: Invitations::new(&sign_ins, &sessions, config.link.clone()),
                password_changes: PasswordChanges::new(&sign_ins, &sessions),
                addresses: Addresses::new(&sign_ins, &sessions),
                closures: Closures::new(&sign_ins, &sessions),
                accounts,
                api_keys: ApiKeys::new(database.clone(), registry.clone()),
                refresh_tokens: RefreshTokens::new(
                    sessions.clone(),
                    sign_ins.clone(),
                    token.clone(),
                ),
                sign_ins,
                second_factors: factors,
                #[cfg(feature = "axum")]
                networks,
                themes: Themes::new(database.clone()),
                config,
                database,
                registry,
                passwords,
                keys,
                revocations,
                verifier,
                sessions,
            }),
        })
    }
}

macro_rules! parts {
    ($($name:ident $type:ty, $what:literal)+) => {
        impl Identity {
            $(
                #[doc = concat!("Gives ", $what, ".")]
                #[must_use]
                pub fn $name(&self) -> &$type {
                    &self.parts.$name
                }
            )+
        }
    };
}

parts! {
    config AuthConfig, "the configuration"
    database Database, "the database"
    registry Registry, "the tenants"
    accounts Accounts, "the accounts"
    passwords Passwords, "the hashing of passwords"
    keys Keys, "the signing keys"
    revocations Revocations, "what has ended before its time, which tells how old it is"
    verifier Verifier, "the verifier of access tokens"
    issuer Issuer, "the issuer of access tokens"
    sessions Sessions, "the sessions"
    sign_ins SignIns, "the doors"
    refresh_tokens RefreshTokens, "the refresh tokens"
    api_keys ApiKeys, "the keys of programs"
    members Members, "the members of tenants"
    invitations Invitations, "the invitations"
    password_changes PasswordChanges, "the changes of passwords"
    addresses Addresses, "the addresses"
    closures Closures, "the ends of accounts"
    themes Themes, "how the pages of tenants look"
    second_factors SecondFactors, "the second factors of people, and the rules about them"
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
