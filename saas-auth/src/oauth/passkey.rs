//! Passkeys for programs of our own that sign people in themselves: a challenge, and the grant that answers it.
//!
//! They are those that may take passwords. A page of theirs that asks the device has to be on an origin of
//! [`PasskeyConfig`](crate::PasskeyConfig).

use serde::Serialize;
use serde_json::Value;

use super::{
    client::Client,
    error::{OAuthError, Refusal},
    grant::{Given, SECOND_FACTOR, TokenEndpoint},
    posted::Posted,
};
use crate::{
    Error,
    mfa::{PasskeyChallenge, PasskeyProof},
};

/// Where a program gets a challenge.
pub(super) const PATH: &str = "/oauth/passkey";
/// The name of the grant of a passkey alone.
const GRANT: &str = "urn:saas:grant-type:passkey";

/// What a program asks the device for.
#[derive(Serialize)]
pub(super) struct Asked {
    /// Has to come back with the answer.
    passkey_challenge: String,
    /// For `PublicKeyCredential.parseRequestOptionsFromJSON` and `navigator.credentials.get`.
    options: Value,
    expires_in: u64,
}

impl TokenEndpoint<'_> {
    /// Gives a challenge: for the person who was answered `mfa_required`, when `mfa_token` says so, and otherwise for
    /// whoever it may be.
    pub(super) async fn passkey_asks(&self, posted: &Posted) -> Result<Asked, Refusal> {
        let client = posted.client(self.0).await?;
        self.may_sign_in(&client)?;
        let (tenant, doors) = (posted.tenant()?, self.0.sign_ins());
        let asked = match posted.form.get("mfa_token") {
            Some(token) => {
                let pending = doors.waiting(tenant, token).await?;
                doors.second_passkey_challenge(&pending).await?
            }
            None => doors.passkey_challenge(tenant, &client.id).await?,
        };
        let asked = asked.ok_or(OAuthError::invalid_request(
            "there is no passkey to ask for",
        ))?;
        let options = serde_json::from_str(asked.options());
        Ok(Asked {
            passkey_challenge: asked.token().expose().clone(),
            options: options.map_err(|_| Error::Crypto("a value could not be read"))?,
            expires_in: PasskeyChallenge::LIFETIME.as_secs(),
        })
    }

    /// Answers the grants that a passkey is given for: none when it is another.
    pub(super) async fn by_passkey(
        &self,
        grant: &str,
        posted: &Posted,
        client: &Client,
    ) -> Result<Option<Given>, Refusal> {
        let form = &posted.form;
        let alone = match grant {
            GRANT => true,
            SECOND_FACTOR if form.get("passkey").is_some() => false,
            _ => return Ok(None),
        };
        self.may_sign_in(client)?;
        let asked = self.scopes(form)?;
        let answer = form.required("passkey", "`passkey` is missing")?;
        let challenge = form.required("passkey_challenge", "`passkey_challenge` is missing")?;
        if ["otp", "recovery_code", "email_code"]
            .iter()
            .any(|name| form.get(name).is_some())
        {
            let description = "one of `passkey`, `otp` and `recovery_code` is the second factor";
            return Err(OAuthError::invalid_request(description).into());
        }
        let wrong = match alone {
            true => Error::Credentials,
            false => Error::SecondFactor,
        };
        let answer = answer.expose().parse().map_err(|_| wrong)?;
        let proof = PasskeyProof::new(challenge.clone(), answer);
        let (tenant, doors) = (posted.tenant()?, self.0.sign_ins());
        let entry = match alone {
            true => {
                doors
                    .by_passkey(tenant, &client.id, &proof, &posted.device)
                    .await?
            }
            false => {
                let pending = form.required("mfa_token", "`mfa_token` is missing")?;
                doors
                    .by_second_passkey(tenant, pending, &proof, &posted.device)
                    .await?
            }
        };
        let who = self.entered(entry)?;
        let granted = client.grant(&asked);
        self.begin_for(&who, client, &granted, &asked)
            .await
            .map(Some)
    }
}
