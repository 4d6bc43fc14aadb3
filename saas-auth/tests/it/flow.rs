//! A browser, and a program that sends it.

use axum::body::Body;
use http::{HeaderMap, Request, header};
use saas_auth::{
    Device, Session, SessionCookie,
    oauth::{Client, NewClient, PendingConsent, Registered},
};
use saas_core::Secret;
use saas_tenancy::{Tenant, resolve::PathPrefix};
use url::Url;

use crate::world::{Answer, PASSWORD, World, encode};

/// RFC 7636, appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const CALLBACK: &str = "https://app.example/callback";
/// A program of our own with an address to come back to.
pub(crate) const OURS: &str = "ours";

/// What a browser shows after an answer: the address it is sent to, if it is.
#[derive(Debug)]
pub(crate) struct Sent(pub Url);

impl Sent {
    /// Reads where an answer leads.
    #[track_caller]
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 303, "{answer:?}");
        let location = answer.headers[header::LOCATION].to_str().unwrap();
        let base = Url::parse("http://localhost").unwrap();
        Self(base.join(location).unwrap())
    }

    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let mut pairs = self.0.query_pairs();
        let pair = pairs.find(|(known, _)| known == name);
        pair.map(|(_, value)| value.into_owned())
    }

    #[track_caller]
    pub(crate) fn code(&self) -> String {
        self.get("code").unwrap_or_else(|| panic!("{self:?}"))
    }

    /// Gives path and query, to go on in the same browser.
    pub(crate) fn path(&self) -> &str {
        &self.0[url::Position::BeforePath..]
    }
}

/// A browser in one tenant.
pub(crate) struct Browser<'a> {
    pub world: &'a World,
    pub tenant: &'a Tenant,
    pub session: Option<Session>,
    cookie: Option<String>,
}

impl<'a> Browser<'a> {
    pub(crate) fn new(world: &'a World, tenant: &'a Tenant) -> Self {
        Self {
            world,
            tenant,
            session: None,
            cookie: None,
        }
    }

    /// Opens one in which somebody has signed in.
    pub(crate) async fn of(world: &'a World, tenant: &'a Tenant, email: &str) -> Self {
        let mut browser = Self::new(world, tenant);
        browser.sign_in(email).await;
        browser
    }

    /// Signs in, again if somebody has.
    pub(crate) async fn sign_in(&mut self, email: &str) {
        let device = Device::new(&HeaderMap::new(), None);
        let identity = &self.world.identity;
        let doors = identity.sign_ins();
        let password = Secret::from(PASSWORD);
        let who = doors.by_password(self.tenant, email, &password, &device);
        let who = who.await.unwrap().authenticated().unwrap();
        let started = match &self.session {
            Some(old) => identity.sessions().renew(old, &who).await.unwrap(),
            None => identity.sessions().begin(&who).await.unwrap(),
        };
        let name = SessionCookie::of(self.tenant.id());
        self.cookie = Some(format!("{}={}", name.name(), started.secret().expose()));
        self.session = Some(started.session().clone());
    }

    /// Gives the cookie of the session.
    pub(crate) fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        let mut request = Request::get(path).header(header::HOST, "localhost");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        self.world.send(request.body(Body::empty()).unwrap()).await
    }

    /// Is sent to the authorization endpoint with a usual request, in which some parameters are others; one with
    /// an empty value is left out.
    pub(crate) async fn authorize(&self, change: &[(&str, &str)]) -> Answer {
        let query = encode(&request(change));
        let slug = self.tenant.slug();
        self.get(&format!("/t/{slug}/oauth/authorize?{query}"))
            .await
    }

    /// Is sent there and comes back with a code at once.
    pub(crate) async fn code(&self, change: &[(&str, &str)]) -> String {
        Sent::of(&self.authorize(change).await).code()
    }

    /// Answers the page that asks for consent.
    pub(crate) async fn consent(&self, asked: &Sent) -> PendingConsent {
        assert!(asked.0.path().ends_with("/consent"), "{asked:?}");
        let sealed = asked.get("request").unwrap();
        let session = self.session.as_ref().unwrap();
        let pending =
            PendingConsent::open(&self.world.identity, self.tenant, session, &sealed).await;
        pending.unwrap()
    }

    /// Allows it, and gives the code.
    pub(crate) async fn allow(&self, asked: &Sent) -> String {
        let pending = self.consent(asked).await;
        let destination = pending.allow(&self.world.identity, None::<&PathPrefix>);
        let destination = destination.await.unwrap();
        Sent(Url::parse(destination.as_str()).unwrap()).code()
    }
}

/// A usual request of [`OURS`], with changes.
pub(crate) fn request<'a>(change: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("client_id", OURS),
        ("redirect_uri", CALLBACK),
        ("response_type", "code"),
        ("state", "a state"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ];
    for (name, value) in change {
        all.retain(|(known, _)| known != name);
        if !value.is_empty() {
            all.push((name, value));
        }
    }
    all
}

/// Redeems a code at the endpoint of a tenant, with changes as above.
pub(crate) async fn redeem(
    world: &World,
    tenant: &Tenant,
    code: &str,
    change: &[(&str, &str)],
) -> Answer {
    world.token(Some(tenant), &redeeming(code, change)).await
}

/// The form that redeems a code.
pub(crate) fn redeeming<'a>(
    code: &'a str,
    change: &[(&'a str, &'a str)],
) -> Vec<(&'a str, &'a str)> {
    let mut form = vec![
        ("grant_type", "authorization_code"),
        ("client_id", OURS),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ];
    for (name, value) in change {
        form.retain(|(known, _)| known != name);
        if !value.is_empty() {
            form.push((name, value));
        }
    }
    form
}

/// Registers a client.
pub(crate) async fn register(world: &World, tenant: &Tenant, new: NewClient) -> Registered {
    let mut tx = world.db.database().write(&world.db.scope(tenant));
    let made = world.identity.clients().create(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
    made
}

/// Registers a public client that may read projects.
pub(crate) async fn partner(world: &World, tenant: &Tenant) -> Client {
    let mut new = NewClient::new("A partner");
    new.redirect_uris = vec![CALLBACK.to_owned()];
    new.scopes = vec!["projects:read".to_owned()];
    register(world, tenant, new).await.client().clone()
}
