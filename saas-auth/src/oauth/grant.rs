//! The grants: how a client comes to a token.

use saas_core::{Granted, Secret};
use saas_tenancy::Tenant;
use serde::{Serialize, Serializer};

use super::{
    client::{Client, GrantType},
    code,
    error::{OAuthError, Refusal},
    exchange,
    form::Form,
    person::Person,
    posted::Posted,
};
use crate::{
    AccessToken, Authenticated, Entry, Error, Identity, Session,
    mfa::Proof,
    token::{Introduction, PersonClaims},
};

/// The name of the grant of a second factor.
pub(super) const SECOND_FACTOR: &str = "urn:saas:grant-type:second-factor";

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
    /// Who the person is (OpenID Connect Core, section 3.1.3.3).
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    /// What was given for another token (RFC 8693, section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_token_type: Option<&'static str>,
    /// Shown once, to who has enrolled the first second factor just now.
    #[serde(skip_serializing_if = "Vec::is_empty", serialize_with = "expose")]
    pub(super) recovery_codes: Vec<Secret<String>>,
}

fn expose<S: Serializer>(codes: &[Secret<String>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(codes.iter().map(Secret::expose))
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
            id_token: None,
            issued_token_type: None,
            recovery_codes: Vec::new(),
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

impl Introduced {
    /// Reads the wish from the scopes that were asked for. Without `openid` there is none.
    pub(super) fn of(scopes: &[String]) -> Option<Self> {
        let asked = scopes.iter().any(|scope| scope == "openid");
        asked.then_some(Self { nonce: None })
    }
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
        if grant.expose() == exchange::GRANT {
            return self.exchange(posted, &client).await;
        }
        if let Some(tokens) = self.by_totp(grant.expose(), posted, &client).await? {
            return Ok(tokens);
        }
        #[cfg(feature = "passkeys")]
        if let Some(given) = self.by_passkey(grant.expose(), posted, &client).await? {
            return self.tokens(given, &posted.issuer).await;
        }
        if grant.expose() == SECOND_FACTOR {
            let given = self.second_factor(posted, &client).await?;
            return self.tokens(given, &posted.issuer).await;
        }
        let grant: GrantType = grant
            .expose()
            .parse()
            .ok()
            .filter(|grant| self.0.config().allows(*grant))
            .ok_or(OAuthError::unsupported_grant_type())?;
        if !client.may_use(grant) {
            return Err(OAuthError::unauthorized_client().into());
        }
        let given = match grant {
            GrantType::AuthorizationCode => code::redeem(self.0, posted, &client).await?,
            GrantType::Password => self.password(posted, &client).await?,
            GrantType::RefreshToken => self.refresh(posted, &client).await?,
            GrantType::DeviceCode => self.device(posted, &client).await?,
            GrantType::ClientCredentials => return self.client_credentials(posted, &client),
        };
        self.tokens(given, &posted.issuer).await
    }

    /// The password grant (RFC 6749, section 4.3). It shows the password to the client, so only our
    /// own may use it.
    async fn password(&self, posted: &Posted, client: &Client) -> Result<Given, Refusal> {
        let form = &posted.form;
        let asked = self.scopes(form)?;
        let username = form.required("username", "`username` is missing")?;
        let password = form.required("password", "`password` is missing")?;
        let tenant = posted.tenant()?;
        let granted = client.grant(&asked);
        let doors = self.0.sign_ins();
        let entry = doors
            .by_password(tenant, username.expose(), password, &posted.device)
            .await?;
        let who = self.entered(entry)?;
        self.begin_for(&who, client, &granted, &asked).await
    }

    /// The grant of a second factor, for who was answered `mfa_required`: what was proven first is in `mfa_token`. The
    /// first factor was a password, so it is for clients that may take those.
    async fn second_factor(&self, posted: &Posted, client: &Client) -> Result<Given, Refusal> {
        self.may_sign_in(client)?;
        let form = &posted.form;
        let asked = self.scopes(form)?;
        let pending = form.required("mfa_token", "`mfa_token` is missing")?;
        let given = ["otp", "recovery_code", "email_code"].map(|name| form.get(name).cloned());
        let proof = match given {
            [Some(code), None, None] => Proof::Totp(code),
            [None, Some(code), None] => Proof::Recovery(code),
            [None, None, Some(code)] => Proof::Mailed(code),
            _ => {
                return Err(OAuthError::invalid_request(
                    "one of `otp`, `recovery_code` and `email_code` is the second factor",
                )
                .into());
            }
        };
        let tenant = posted.tenant()?;
        let granted = client.grant(&asked);
        let doors = self.0.sign_ins();
        let entry = doors.by_second_factor(tenant, pending, &proof, &posted.device);
        let who = self.entered(entry.await?)?;
        self.begin_for(&who, client, &granted, &asked).await
    }

    /// Gives who is in, or refuses with what is wanted first.
    pub(super) fn entered(&self, entry: Entry) -> Result<Authenticated, Refusal> {
        match entry {
            Entry::Authenticated(who) => Ok(*who),
            Entry::Pending(pending) => {
                let token = pending.token(self.0.database().keys())?;
                Err(Refusal::Pending(pending.wanted(), token))
            }
        }
    }

    pub(super) async fn begin_for(
        &self,
        who: &Authenticated,
        client: &Client,
        granted: &Granted,
        asked: &[String],
    ) -> Result<Given, Refusal> {
        let tokens = self.0.refresh_tokens();
        let issued = tokens.begin(who, &client.id, granted).await?;
        Ok(Given {
            session: issued.session().clone(),
            refresh_token: Some(issued.expose().to_owned()),
            introduced: Introduced::of(asked),
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
        // Before the token is used up.
        if !asked.is_empty() || named.is_none() && self.0.networks().is_some() {
            let (_, session) = tokens.session_of(token, &client.id, named).await?;
            if named.is_none() {
                let checked = self
                    .0
                    .check_network(session.tenant, posted.device.address());
                checked.await.map_err(Refusal::Service)?;
            }
            if !asked.iter().all(|scope| session.granted.covers(scope)) {
                return Err(OAuthError::invalid_scope().into());
            }
        }
        let issued = tokens.exchange(token, &client.id, named).await?;
        let mut granted = client.narrow(&issued.session().granted);
        if !asked.is_empty() {
            let kept = asked.into_iter().filter(|scope| granted.covers(scope));
            granted = Granted::Only(kept.collect());
        }
        let session = issued.session().clone().narrowed(granted);
        let introduced = match &session.granted {
            Granted::Only(scopes) => Introduced::of(scopes),
            // What it was asked for is not known any more.
            _ => None,
        };
        Ok(Given {
            session,
            refresh_token: Some(issued.expose().to_owned()),
            introduced,
        })
    }

    /// Reads the parameter `scope`.
    pub(super) fn scopes(&self, form: &Form) -> Result<Vec<String>, OAuthError> {
        let text = form
            .get("scope")
            .map_or("", |scope| scope.expose().as_str());
        let scopes = self.0.clients().scopes();
        scopes.parse(text).map_err(|_| OAuthError::invalid_scope())
    }

    pub(super) async fn tokens(&self, given: Given, issuer: &str) -> Result<Tokens, Refusal> {
        let session = &given.session;
        let access = self.0.issuer().issue(session, issuer)?;
        let mut tokens = Tokens::new(&access, &session.granted);
        tokens.refresh_token = given.refresh_token;
        if let Some(introduced) = given.introduced {
            let introduction = Introduction {
                issuer,
                client: session.client.as_deref().unwrap_or_default(),
                session,
                nonce: introduced.nonce.as_deref(),
                access_token: access.expose(),
                person: self.person(session).await?,
            };
            let token = self.0.issuer().introduce(introduction)?;
            tokens.id_token = Some(token.expose().clone());
        }
        Ok(tokens)
    }

    async fn person(&self, session: &Session) -> Result<PersonClaims, Error> {
        let granted = &session.granted;
        if !granted.covers("profile") && !granted.covers("email") {
            return Ok(PersonClaims::default());
        }
        let tenant = self.0.registry().by_id(session.tenant).await?;
        let tenant = tenant.ok_or(Error::Credentials)?;
        let person = Person::find(self.0, &tenant, session.user).await?;
        Ok(person.ok_or(Error::Credentials)?.claims(granted))
    }
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(…)")
    }
}
