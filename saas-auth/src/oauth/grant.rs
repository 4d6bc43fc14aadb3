//! The grants: how a client comes to a token.

use std::sync::Arc;

use saas_core::{TenantId, UserId};
use saas_tenancy::{Database, Registry, Scope, SystemScope, Tenant};
use serde::Serialize;
use uuid::Uuid;

use super::{
    error::{OAuthError, Refusal},
    form::Form,
};
use crate::{
    Account, Accounts, AuthConfig, ClientConfig, Email, Error, Issued, Issuer, Keys, Membership,
    Passwords, RefreshTokens, SignIn,
};

/// What the token endpoint needs; cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenEndpoint {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    database: Database,
    accounts: Accounts,
    passwords: Passwords,
    issuer: Issuer,
    refresh: RefreshTokens,
    keys: Keys,
    clients: Vec<ClientConfig>,
}

/// The answer with tokens (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
}

impl TokenEndpoint {
    /// Puts the endpoint together.
    #[must_use]
    pub fn new(
        database: Database,
        registry: Registry,
        passwords: Passwords,
        keys: Keys,
        config: &AuthConfig,
    ) -> Self {
        let issuer = Issuer::new(
            keys.clone(),
            config.token.clone(),
            Arc::clone(database.clock()),
        );
        let refresh = RefreshTokens::new(
            database.clone(),
            registry,
            config.token.refresh_lifetime.into(),
        );
        let (accounts, clients) = (Accounts::new(database.clone()), config.clients.clone());
        Self {
            inner: Arc::new(Inner {
                database,
                accounts,
                passwords,
                issuer,
                refresh,
                keys,
                clients,
            }),
        }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.inner.keys
    }

    pub(super) async fn answer(
        &self,
        form: &Form,
        tenant: Option<&Tenant>,
    ) -> Result<Tokens, Refusal> {
        let grant = form
            .required("grant_type", "`grant_type` is missing")?
            .expose()
            .as_str();
        let id = form
            .required("client_id", "`client_id` is missing")?
            .expose();
        let client = self
            .inner
            .clients
            .iter()
            .find(|client| client.id == *id)
            .ok_or(OAuthError::invalid_client())?;
        // An answer without `scope` would say that the one asked for was granted (RFC 6749, section 5.1).
        if form.get("scope").is_some() {
            return Err(OAuthError::invalid_scope().into());
        }
        let issued = match grant {
            "password" => self.password(form, tenant, client).await?,
            "refresh_token" => self.refresh(form, tenant.map(Tenant::id), client).await?,
            _ => return Err(OAuthError::unsupported_grant_type().into()),
        };
        self.tokens(&issued, client)
    }

    /// The password grant (RFC 6749, section 4.3). It shows the password to the client, so only our
    /// own may use it.
    async fn password(
        &self,
        form: &Form,
        tenant: Option<&Tenant>,
        client: &ClientConfig,
    ) -> Result<Issued, Refusal> {
        if !client.first_party {
            return Err(OAuthError::unauthorized_client().into());
        }
        let username = form.required("username", "`username` is missing")?;
        let password = form.required("password", "`password` is missing")?;
        let tenant = tenant.ok_or(OAuthError::invalid_request(
            "the tenant is missing: name it by the host, the header `X-Tenant` or the path",
        ))?;
        let scope = SystemScope::<SignIn>::enter().within(tenant);
        let account = match username.expose().parse::<Email>() {
            Ok(email) => self.member(&scope, &email).await?,
            Err(_) => None,
        };
        // The password is checked in any case, so that nobody can tell from the time whether there is
        // such an account, or whether it belongs to this tenant.
        let stored = account.as_ref().map(Account::password);
        let renewed = self.inner.passwords.verify(password, stored).await?;
        let account = account.ok_or(Error::Credentials)?;
        if let Some(hash) = renewed {
            self.inner.accounts.rehash(&account, &hash).await?;
        }
        let refresh = &self.inner.refresh;
        Ok(refresh
            .begin(&scope, account.id(), &client.id, &["pwd"])
            .await?)
    }

    async fn refresh(
        &self,
        form: &Form,
        named: Option<TenantId>,
        client: &ClientConfig,
    ) -> Result<Issued, Refusal> {
        let token = form.required("refresh_token", "`refresh_token` is missing")?;
        Ok(self
            .inner
            .refresh
            .exchange(token.expose(), &client.id, named)
            .await?)
    }

    /// Finds the account with an address, when it may be used and belongs to the tenant. The same is
    /// asked of the database whether there is such an account or not.
    async fn member(&self, scope: &Scope, email: &Email) -> Result<Option<Account>, Error> {
        let account = self.inner.accounts.by_email(email).await?;
        let user = account
            .as_ref()
            .map_or(UserId::from_uuid(Uuid::nil()), Account::id);
        let mut tx = self.inner.database.read(scope);
        let id = Membership::id_of(user);
        let member = tx.repo::<Membership>().find(id).await?.is_some();
        Ok(account.filter(|account| member && account.is_active()))
    }

    fn tokens(&self, issued: &Issued, client: &ClientConfig) -> Result<Tokens, Refusal> {
        let access = self.inner.issuer.issue(
            issued.user(),
            issued.tenant(),
            &client.id,
            issued.authenticated_at(),
            issued.methods(),
        )?;
        Ok(Tokens {
            access_token: access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: access.expires_in().as_secs(),
            refresh_token: issued.expose().to_owned(),
        })
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}
