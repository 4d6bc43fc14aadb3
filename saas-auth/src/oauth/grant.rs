//! The grants: how a client comes to a token.

use saas_core::Granted;
use saas_tenancy::Tenant;
use serde::Serialize;

use super::{
    client::{Client, GrantType},
    code,
    error::{OAuthError, Refusal},
    form::Form,
    posted::Posted,
};
use crate::{AccessToken, Identity, Session};

/// The answer with tokens (RFC 6749, section 5.1).
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// What the token is good for; left out when it is good for everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    scope: Option<String>,
}

impl Tokens {
    pub(super) fn new(access: &AccessToken, granted: &Granted) -> Self {
        Self {
            access_token: access.expose().to_owned(),
            token_type: "Bearer",
            expires_in: access.expires_in().as_secs(),
            refresh_token: None,
            scope: match granted {
                Granted::Only(scopes) => Some(scopes.join(" ")),
                _ => None,
            },
        }
    }
}

/// What a person has given to a client.
pub(super) struct Given {
    pub(super) session: Session,
    /// Goes to a client that may go on without the person.
    pub(super) refresh_token: Option<String>,
    /// What the client is told of the person, where it asked (OpenID Connect Core, section 3.1.3.3).
    pub(super) introduced: Option<Introduced>,
}

/// What an id token is to say besides.
pub(super) struct Introduced {
    /// By which the client finds its own request again.
    pub(super) nonce: Option<String>,
}

/// The token endpoint.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenEndpoint<'a>(pub(super) &'a Identity);

impl TokenEndpoint<'_> {
    pub(super) async fn answer(&self, posted: &Posted) -> Result<Tokens, Refusal> {
        let grant = posted
            .form
            .required("grant_type", "`grant_type` is missing")?;
        let client = posted.client(self.0).await?;
        let grant: GrantType = grant
            .expose()
            .parse()
            .ok()
            .filter(|grant| self.0.clients().supports(*grant))
            .ok_or(OAuthError::unsupported_grant_type())?;
        if !client.may_use(grant) {
            return Err(OAuthError::unauthorized_client().into());
        }
        let given = match grant {
            GrantType::AuthorizationCode => code::redeem(self.0, posted, &client).await?,
            GrantType::Password => self.password(posted, &client).await?,
            GrantType::RefreshToken => self.refresh(posted, &client).await?,
            _ => return Err(OAuthError::unsupported_grant_type().into()),
        };
        self.tokens(given, &posted.issuer)
    }

    /// The password grant (RFC 6749, section 4.3). It shows the password to the client, so only our
    /// own may use it.
    async fn password(&self, posted: &Posted, client: &Client) -> Result<Given, Refusal> {
        let form = &posted.form;
        let username = form.required("username", "`username` is missing")?;
        let password = form.required("password", "`password` is missing")?;
        let tenant = posted.tenant()?;
        let granted = client.grant(&self.scopes(form)?);
        let doors = self.0.sign_ins();
        let who = doors
            .by_password(tenant, username.expose(), password, &posted.device)
            .await?;
        let tokens = self.0.refresh_tokens();
        let issued = tokens.begin(&who, &client.id, &granted).await?;
        Ok(Given {
            session: issued.session().clone(),
            refresh_token: Some(issued.expose().to_owned()),
            introduced: None,
        })
    }

    /// The refresh grant (RFC 6749, section 6). A scope can make the access token less, for this time; what the
    /// client may have no more is left out.
    async fn refresh(&self, posted: &Posted, client: &Client) -> Result<Given, Refusal> {
        let token = posted
            .form
            .required("refresh_token", "`refresh_token` is missing")?
            .expose();
        let named = posted.named().map(Tenant::id);
        let asked = self.scopes(&posted.form)?;
        let tokens = self.0.refresh_tokens();
        if !asked.is_empty() {
            // Before the token is used up.
            let (_, session) = tokens.session_of(token, &client.id, named).await?;
            if !asked.iter().all(|scope| session.granted.covers(scope)) {
                return Err(OAuthError::invalid_scope().into());
            }
        }
        let issued = tokens.exchange(token, &client.id, named).await?;
        let mut session = issued.session().clone();
        session.granted = client.narrow(&session.granted);
        if !asked.is_empty() {
            let kept = asked
                .into_iter()
                .filter(|scope| session.granted.covers(scope));
            session.granted = Granted::Only(kept.collect());
        }
        Ok(Given {
            session,
            refresh_token: Some(issued.expose().to_owned()),
            introduced: None,
        })
    }

    /// Reads the parameter `scope`.
    fn scopes(&self, form: &Form) -> Result<Vec<String>, OAuthError> {
        let text = form
            .get("scope")
            .map_or("", |scope| scope.expose().as_str());
        let scopes = self.0.clients().scopes();
        scopes.parse(text).map_err(|_| OAuthError::invalid_scope())
    }

    fn tokens(&self, given: Given, issuer: &str) -> Result<Tokens, Refusal> {
        let access = self.0.issuer().issue(&given.session, issuer)?;
        let mut tokens = Tokens::new(&access, &given.session.granted);
        tokens.refresh_token = given.refresh_token;
        Ok(tokens)
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}
