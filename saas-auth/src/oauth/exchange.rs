//! From one tenant to another (RFC 8693, in one case only).
//!
//! Somebody who is signed in to one tenant with a program of our own goes on in another tenant of theirs without
//! a password: the program gives the refresh token of the one, at the address of the other, and gets tokens of a
//! new session there. The old session stays. No other tokens are exchanged, and nobody acts for anybody else.

use saas_core::{Code, Granted};
use saas_tenancy::AuditEvent;
use serde_json::json;

use super::{
    client::Client,
    error::{OAuthError, Refusal},
    grant::{Given, TokenEndpoint, Tokens},
    posted::Posted,
};
use crate::{Authenticated, Error, Issued};

/// The name of the grant.
pub(super) const GRANT: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const REFRESH_TOKEN: &str = "urn:ietf:params:oauth:token-type:refresh_token";
const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";

impl TokenEndpoint<'_> {
    pub(super) async fn exchange(
        &self,
        posted: &Posted,
        client: &Client,
    ) -> Result<Tokens, Refusal> {
        if !client.first_party {
            return Err(OAuthError::unauthorized_client().into());
        }
        let form = &posted.form;
        let token = form.required("subject_token", "`subject_token` is missing")?;
        let kind = form.required("subject_token_type", "`subject_token_type` is missing")?;
        let wanted = form.get("requested_token_type");
        if kind.expose() != REFRESH_TOKEN
            || wanted.is_some_and(|wanted| wanted.expose() != ACCESS_TOKEN)
        {
            return Err(OAuthError::invalid_request(
                "only a refresh token is exchanged, for an access token",
            )
            .into());
        }
        let foreign = [
            "actor_token",
            "actor_token_type",
            "audience",
            "resource",
            "scope",
        ];
        if foreign.iter().any(|name| form.get(name).is_some()) {
            return Err(OAuthError::invalid_request(
                "the address alone names the tenant that the tokens are for, and the old token what they are good for",
            )
            .into());
        }
        let tenant = posted.tenant()?;
        let tokens = self.0.refresh_tokens();
        let (held, _) = tokens.unused(token.expose(), &client.id, None).await?;
        if held.tenant == tenant.id() {
            return Err(OAuthError::invalid_request("the token is for this tenant already").into());
        }
        // A layer saw the tenant of the address only, and the token is good from where its own tenant is used.
        let checked = self.0.check_network(held.tenant, posted.device.address());
        checked.await.map_err(Refusal::Service)?;
        let doors = self.0.sign_ins();
        let who = match doors.by_switch(tenant, &held, &posted.device).await {
            Err(Error::Credentials) => {
                let description = "the person may not go on in this tenant";
                return Err(OAuthError::invalid_grant(Code::FORBIDDEN, description).into());
            }
            who => who?,
        };
        let granted = client.narrow(&held.granted);
        let issued = self.begin(&who, client, &granted).await?;
        // Who has ended the old session meanwhile may have missed the new one.
        if let Err(error) = tokens.unused(token.expose(), &client.id, None).await {
            self.0.sessions().end_now(issued.session()).await?;
            return Err(error.into());
        }
        let given = Given {
            session: issued.session().clone(),
            refresh_token: Some(issued.expose().to_owned()),
            introduced: None,
        };
        let mut tokens = self.tokens(given, &posted.issuer).await?;
        tokens.issued_token_type = Some(ACCESS_TOKEN);
        Ok(tokens)
    }

    async fn begin(
        &self,
        who: &Authenticated,
        client: &Client,
        granted: &Granted,
    ) -> Result<Issued, Error> {
        let mut tx = self.0.sessions().entered(who).await?;
        let tokens = self.0.refresh_tokens();
        let issued = tokens.begin_in(&mut tx, who, &client.id, granted).await?;
        let session = issued.session();
        // Where they came from is not for the owners of this tenant to know.
        let event = AuditEvent::new("session.switched", format!("user:{}", session.user))
            .after(&json!({ "session": session.id, "client": client.id }))?;
        tx.record(event).await?;
        tx.commit().await?;
        Ok(issued)
    }
}
