//! The grants: how a client comes to a token.

use saas_core::{Granted, TenantId};
use saas_tenancy::{Tenant, resolve::PathPrefix};
use serde::Serialize;

use super::{
    error::{OAuthError, Refusal},
    form::Form,
};
use crate::{ClientConfig, Device, Identity, Issued};

/// The answer with tokens (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    refresh_token: String,
}

/// The token endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenEndpoint<'a>(pub(super) &'a Identity);

impl TokenEndpoint<'_> {
    pub(super) async fn answer(
        &self,
        form: &Form,
        tenant: Option<&Tenant>,
        prefix: Option<&PathPrefix>,
        device: &Device,
    ) -> Result<Tokens, Refusal> {
        let grant = form
            .required("grant_type", "`grant_type` is missing")?
            .expose()
            .as_str();
        let id = form
            .required("client_id", "`client_id` is missing")?
            .expose();
        let client = self
            .0
            .config()
            .clients
            .iter()
            .find(|client| client.id == *id)
            .ok_or(OAuthError::invalid_client())?;
        // An answer without `scope` would say that the one asked for was granted (RFC 6749, section 5.1).
        if form.get("scope").is_some() {
            return Err(OAuthError::invalid_scope().into());
        }
        let issued = match grant {
            "password" => self.password(form, tenant, client, device).await?,
            "refresh_token" => self.refresh(form, tenant.map(Tenant::id), client).await?,
            _ => return Err(OAuthError::unsupported_grant_type().into()),
        };
        self.tokens(&issued, prefix)
    }

    /// The password grant (RFC 6749, section 4.3). It shows the password to the client, so only our
    /// own may use it.
    async fn password(
        &self,
        form: &Form,
        tenant: Option<&Tenant>,
        client: &ClientConfig,
        device: &Device,
    ) -> Result<Issued, Refusal> {
        if !client.first_party {
            return Err(OAuthError::unauthorized_client().into());
        }
        let username = form.required("username", "`username` is missing")?;
        let password = form.required("password", "`password` is missing")?;
        let tenant = tenant.ok_or(OAuthError::invalid_request(
            "the tenant is missing: name it by the host, the header `X-Tenant` or the path",
        ))?;
        let username = username.expose();
        let doors = self.0.sign_ins();
        let who = doors
            .by_password(tenant, username, password, device)
            .await?;
        let tokens = self.0.refresh_tokens();
        Ok(tokens.begin(&who, &client.id, &Granted::All).await?)
    }

    async fn refresh(
        &self,
        form: &Form,
        named: Option<TenantId>,
        client: &ClientConfig,
    ) -> Result<Issued, Refusal> {
        let token = form.required("refresh_token", "`refresh_token` is missing")?;
        Ok(self
            .0
            .refresh_tokens()
            .exchange(token.expose(), &client.id, named)
            .await?)
    }

    fn tokens(&self, issued: &Issued, prefix: Option<&PathPrefix>) -> Result<Tokens, Refusal> {
        let issuer = self.0.config().token.issuer_at(prefix);
        let access = self.0.issuer().issue(issued.session(), &issuer)?;
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
