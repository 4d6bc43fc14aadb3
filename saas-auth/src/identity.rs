//! Everything of this crate, put together.

use std::{fmt, sync::Arc};

use saas_tenancy::{Database, Registry};

use crate::{
    Accounts, ApiKeys, AuthConfig, Error, Issuer, Keys, Passwords, RefreshTokens, Revocations,
    Sessions, SignIns, TokenConfig, Verifier,
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
}

impl Identity {
    /// Reads the keys and what has been revoked, and puts the services together.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] and [`Error::Client`] when the configuration cannot be used, [`Error::Crypto`] when a stored key cannot be
    /// opened with the master key, [`Error::Storage`].
    pub async fn load(
        database: &Database,
        registry: &Registry,
        config: &AuthConfig,
    ) -> Result<Self, Error> {
        let (token, clock) = (&config.token, database.clock());
        let passwords = Passwords::new(&config.password, database.keys())?;
        let keys = Keys::load_or_create(database, token.key_overlap()).await?;
        let revocations = Revocations::load(database, token.longest()).await?;
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
        Ok(Self {
            clients: Clients::new(sessions.clone(), &config.clients)?,
            parts: Arc::new(Parts {
                config: config.clone(),
                database: database.clone(),
                registry: registry.clone(),
                accounts: Accounts::new(database.clone()),
                issuer: Issuer::new(keys.clone(), token.clone(), Arc::clone(clock)),
                sign_ins: SignIns::new(database.clone(), passwords.clone()),
                api_keys: ApiKeys::new(database.clone(), registry.clone()),
                refresh_tokens: RefreshTokens::new(sessions.clone(), token.clone()),
                passwords,
                keys,
                revocations,
                verifier,
                sessions,
            }),
        })
    }

    /// Says which scopes programs may ask for: the permissions of the application, with words for people. Those
    /// of OpenID Connect are always there.
    ///
    /// ```
    /// use saas_auth::{Identity, oauth::ScopeInfo};
    ///
    /// fn with_scopes(identity: Identity) -> Identity {
    ///     identity.with_scopes([ScopeInfo::new("projects:read", "See projects")])
    /// }
    /// # let _ = with_scopes;
    /// ```
    #[must_use]
    pub fn with_scopes(mut self, scopes: impl IntoIterator<Item = ScopeInfo>) -> Self {
        self.clients = self.clients.with_scopes(Scopes::new(scopes));
        self
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
    /// [`TokenConfig::KEY_RELOAD`], for ever. Run it beside the server.
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

    /// Gives the layer that finds out who is calling, by access token, key or session.
    #[cfg(feature = "axum")]
    #[must_use]
    pub fn layer(&self) -> crate::AuthLayer {
        crate::AuthLayer::new(self.verifier().clone())
            .sessions(self.sessions().clone())
            .api_keys(self.api_keys().clone())
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
    verifier Verifier, "the verifier of access tokens"
    issuer Issuer, "the issuer of access tokens"
    sessions Sessions, "the sessions"
    sign_ins SignIns, "the doors"
    refresh_tokens RefreshTokens, "the refresh tokens"
    api_keys ApiKeys, "the keys of programs"
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
