//! The grants of those who are no person at a browser: programs that act for themselves, and devices.

use saas_core::Granted;
use serde_json::{Value, json};

use super::{
    authorize::Fault,
    client::{Client, GrantType},
    device::{LIFETIME, PAUSE, Poll},
    error::{OAuthError, Refusal},
    grant::{Given, TokenEndpoint, Tokens},
    posted::Posted,
    scope,
};
use crate::token::Holder;

impl TokenEndpoint<'_> {
    /// The grant of a program that acts for itself (RFC 6749, section 4.4; RFC 9068, section 2.2). There is no
    /// person, so there is nothing to know of one and nothing to go on with: it can ask again at any time.
    pub(super) fn client_credentials(
        &self,
        posted: &Posted,
        client: &Client,
    ) -> Result<Tokens, Refusal> {
        let (Some(subject), true) = (client.service_account(), client.is_confidential()) else {
            return Err(OAuthError::unauthorized_client().into());
        };
        let mut scopes = self.scopes(&posted.form)?;
        let permitted = |name: &String| client.may_have(name) && !scope::is_openid(name);
        if !scopes.iter().all(permitted) {
            return Err(OAuthError::invalid_scope().into());
        }
        if scopes.is_empty() {
            scopes.clone_from(&client.scopes);
            scopes.retain(permitted);
        }
        let granted = Granted::Only(scopes.into());
        let access = self.0.issuer().sign(&Holder {
            issuer: &posted.issuer,
            subject,
            tenant: posted.tenant()?.id(),
            client: &client.id,
            session: None,
            authenticated_at: self.0.database().clock().now(),
            methods: &[],
            granted: &granted,
        })?;
        Ok(Tokens::new(&access, &granted))
    }

    /// A device asks to be let in (RFC 8628, section 3.1).
    pub(super) async fn device_asks(&self, posted: &Posted) -> Result<Value, Refusal> {
        let client = posted.client(self.0).await?;
        if !client.may_use(GrantType::DeviceCode) {
            return Err(OAuthError::unauthorized_client().into());
        }
        let tenant = posted.tenant()?;
        let scopes = self.scopes(&posted.form)?;
        if !scopes.iter().all(|scope| client.may_have(scope)) {
            return Err(OAuthError::invalid_scope().into());
        }
        let asked = self.0.devices().ask(tenant, &client, &scopes).await?;
        let page = format!("{}/device", posted.issuer);
        Ok(json!({
            "device_code": asked.device_code.expose(),
            "user_code": asked.user_code,
            "verification_uri": page,
            "verification_uri_complete": format!("{page}?user_code={}", asked.user_code),
            "expires_in": LIFETIME.as_secs(),
            "interval": PAUSE,
        }))
    }

    /// A device asks what has become of it (RFC 8628, section 3.4).
    pub(super) async fn device(&self, posted: &Posted, client: &Client) -> Result<Given, Refusal> {
        let code = posted
            .form
            .required("device_code", "`device_code` is missing")?
            .expose();
        let tenant = posted.tenant()?;
        let devices = self.0.devices();
        let poll = devices
            .poll(self.0, tenant, client, code, &posted.device)
            .await?;
        let (error, description) = match poll {
            Poll::Allowed(given) => return Ok(*given),
            Poll::Pending => (
                "authorization_pending",
                "nobody has answered yet; ask again",
            ),
            Poll::TooSoon => ("slow_down", "wait five seconds longer from now on"),
            Poll::Denied => ("access_denied", "the person has refused"),
            Poll::Expired => ("expired_token", "nobody has answered in time"),
            Poll::Unknown => return Err(OAuthError::invalid_code().into()),
        };
        Err(OAuthError::of(Fault { error, description }).into())
    }
}
