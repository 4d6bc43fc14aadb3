//! Everything of this crate, put together.

use std::{fmt, sync::Arc, time::Duration};

use saas_tenancy::{Database, Registry};

use crate::{
    Accounts, Addresses, ApiKeys, AuthConfig, Closures, Error, Invitations, Issuer, Keys,
    LinkConfig, PasswordChanges, Passwords, RefreshTokens, Revocations, Sessions, SignIns,
    TokenConfig, Verifier,
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
    invitations: Invitations,
    password_changes: PasswordChanges,
    addresses: Addresses,
    closures: Closures,
}

impl Identity {
    /// Reads the keys and what has been revoked, and puts the services together.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when the configuration cannot be used, [`Error::Crypto`] when a stored key cannot be
    /// opened with the master key, [`Error::Storage`].
    pub async fn load(
        database: &Database,
        registry: &Registry,
        config: &AuthConfig,
    ) -> Result<Self, Error> {
        let (token, clock) = (&config.token, database.clock());
        if Duration::from(config.link.reset) > LinkConfig::MAX_RESET {
            return Err(Error::Config {
                key: "auth.link.reset",
                message: "must be at most an hour",
            });
        }
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
        let accounts = Accounts::new(database.clone());
        Ok(Self {
            parts: Arc::new(Parts {
                config: config.clone(),
                database: database.clone(),
                registry: registry.clone(),
                issuer: Issuer::new(keys.clone(), token.clone(), Arc::clone(clock)),
                sign_ins: SignIns::new(database.clone(), passwords.clone()),
                api_keys: ApiKeys::new(database.clone(), registry.clone()),
                refresh_tokens: RefreshTokens::new(sessions.clone(), token.clone()),
                invitations: Invitations::new(
                    &accounts,
                    &passwords,
                    &sessions,
                    config.link.clone(),
                ),
                password_changes: PasswordChanges::new(&accounts, &passwords, &sessions),
                addresses: Addresses::new(&accounts, &passwords, &sessions),
                closures: Closures::new(&accounts, &passwords, &sessions),
                accounts,
                passwords,
                keys,
                revocations,
                verifier,
                sessions,
            }),
        })
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
    invitations Invitations, "the invitations"
    password_changes PasswordChanges, "the changes of passwords"
    addresses Addresses, "the addresses"
    closures Closures, "the ends of accounts"
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}
