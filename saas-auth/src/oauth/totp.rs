//! Apps for codes for programs of our own that sign people in themselves, where the tenant wants a second factor that the
//! person does not have: the key, and the grant that its first code is given for.
//!
//! They are those that may take passwords.

use saas_core::Id;
use serde::Serialize;

use super::{
    client::{Client, GrantType},
    error::{OAuthError, Refusal},
    grant::{SECOND_FACTOR, TokenEndpoint, Tokens},
    posted::Posted,
};
use crate::{
    Error,
    mfa::{Factor, TotpEnrolment},
};

/// Where a program gets a key.
pub(super) const PATH: &str = "/oauth/totp";
/// What an app is called that nobody has named.
const NAME: &str = "App for codes";

/// What the app is told, once.
#[derive(Serialize)]
pub(super) struct Told {
    /// Has to come back with the first code.
    factor: Id<Factor>,
    /// The key in base32, for typing.
    secret: String,
    /// The address for a QR code.
    otpauth_uri: String,
    expires_in: u64,
}

impl TokenEndpoint<'_> {
    /// Gives the person who was answered `mfa_enrolment_required` a key for an app. Whoever has a second factor proves
    /// that one.
    pub(super) async fn totp_asks(&self, posted: &Posted) -> Result<Told, Refusal> {
        let client = posted.client(self.0).await?;
        self.may_sign_in(&client)?;
        let form = &posted.form;
        let token = form.required("mfa_token", "`mfa_token` is missing")?;
        let name = form.get("name").map_or(NAME, |name| name.expose().trim());
        let doors = self.0.sign_ins();
        let pending = doors.waiting(posted.tenant()?, token).await?;
        let told = doors.begin_totp(&pending, name).await?;
        Ok(Told {
            factor: told.factor(),
            secret: told.secret().expose().clone(),
            otpauth_uri: told.uri().expose().clone(),
            expires_in: TotpEnrolment::LIFETIME.as_secs(),
        })
    }

    /// Answers the grant that the first code of an app is given for, with the recovery codes besides: none when it is
    /// another.
    pub(super) async fn by_totp(
        &self,
        grant: &str,
        posted: &Posted,
        client: &Client,
    ) -> Result<Option<Tokens>, Refusal> {
        let form = &posted.form;
        let Some(factor) = form.get("factor").filter(|_| grant == SECOND_FACTOR) else {
            return Ok(None);
        };
        self.may_sign_in(client)?;
        let asked = self.scopes(form)?;
        let token = form.required("mfa_token", "`mfa_token` is missing")?;
        let code = form.required("otp", "`otp` is missing")?;
        if ["passkey", "recovery_code", "email_code"]
            .iter()
            .any(|name| form.get(name).is_some())
        {
            let description = "`otp` confirms a `factor`, and nothing else does";
            return Err(OAuthError::invalid_request(description).into());
        }
        let factor = factor.expose().parse().map_err(|_| Error::SecondFactor)?;
        let doors = self.0.sign_ins();
        let pending = doors.waiting(posted.tenant()?, token).await?;
        let (who, codes) = doors
            .by_enrolment(&pending, factor, code, &posted.device)
            .await?;
        let granted = client.grant(&asked);
        let given = self.begin_for(&who, client, &granted, &asked).await?;
        let mut tokens = self.tokens(given, &posted.issuer).await?;
        tokens.recovery_codes = codes.map(|codes| codes.expose()).unwrap_or_default();
        Ok(Some(tokens))
    }

    /// Makes sure that a client is one that people tell their password.
    pub(super) fn may_sign_in(&self, client: &Client) -> Result<(), OAuthError> {
        let may =
            self.0.config().allows(GrantType::Password) && client.may_use(GrantType::Password);
        may.then_some(())
            .ok_or_else(OAuthError::unauthorized_client)
    }
}
