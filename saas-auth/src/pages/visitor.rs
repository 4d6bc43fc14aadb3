//! Who looks at a page, and from where.

use std::sync::OnceLock;

use axum::{
    extract::{FromRequestParts, OptionalFromRequestParts},
    response::Response,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use http::{Extensions, HeaderMap, request::Parts};
use saas_core::{Code, Problem, Secret};
use saas_tenancy::{Tenant, resolve::PathPrefix};

use super::{
    answer::{self, Page},
    assets,
    onward::Onward,
};
use crate::{BrowserSession, Device, Error, FormToken, Identity, Session, SessionCookie, Theme};

/// Somebody who asks for a page of a tenant, signed in or not.
#[derive(Debug)]
pub(super) struct Visitor {
    pub(super) identity: Identity,
    pub(super) tenant: Tenant,
    pub(super) session: Option<Session>,
    pub(super) device: Device,
    /// What forms on the page carry.
    pub(super) token: FormToken,
    pub(super) frame: Frame,
    /// What the path of the request began with.
    pub(super) prefix: Option<PathPrefix>,
    visit: Option<Secret<String>>,
    /// What a browser keeps that is remembered. Whoever is signed in and signs in anew is asked for everything.
    pub(super) remembered: Option<Secret<String>>,
}

/// What stands around every page.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// What every link begins with.
    pub(super) prefix: String,
    /// Whose pages they are.
    pub(super) name: String,
    pub(super) welcome: String,
    /// The colour of the tenant, without the `#`.
    pub(super) accent: Option<String>,
    pub(super) signed_in: bool,
    /// By which browsers know our script; made when a page has it.
    nonce: OnceLock<String>,
}

impl Frame {
    pub(super) fn of(extensions: &Extensions) -> Self {
        let prefix = extensions.get::<PathPrefix>();
        let tenant = extensions.get::<Tenant>();
        Self {
            prefix: prefix
                .map(|prefix| prefix.as_str().to_owned())
                .unwrap_or_default(),
            name: tenant
                .map(|tenant| tenant.slug().to_string())
                .unwrap_or_default(),
            ..Self::default()
        }
    }

    fn themed(mut self, theme: Option<Theme>) -> Self {
        if let Some(theme) = theme {
            self.accent = Some(theme.accent().to_string().replace('#', ""));
            self.name = theme.name().to_owned();
            self.welcome = theme.welcome().to_owned();
        }
        self
    }

    #[expect(
        clippy::unused_self,
        reason = "templates ask the frame for whatever stands around them"
    )]
    pub(super) fn style(&self) -> &'static str {
        &assets::VERSION
    }

    #[expect(
        clippy::unused_self,
        reason = "templates ask the frame for whatever stands around them"
    )]
    pub(super) fn script(&self) -> &'static str {
        &assets::SCRIPT_VERSION
    }

    /// Gives what the script of this page is marked with (CSP Level 3, section 2.3.1): 128 random bits. Without them it
    /// is not run.
    pub(super) fn nonce(&self) -> &str {
        self.nonce.get_or_init(|| {
            let mut bytes = [0; 16];
            match getrandom::fill(&mut bytes) {
                Ok(()) => URL_SAFE_NO_PAD.encode(bytes),
                Err(_) => String::new(),
            }
        })
    }
}

impl Visitor {
    /// Gives a page as the answer. A browser without a session gets the cookie that its forms are bound to.
    pub(super) fn show(&self, page: Page) -> Response {
        let visit = self.visit.as_ref();
        page.cookie(visit.and_then(|visit| visit_cookie().set_for(visit, VISIT_SECONDS)))
            .answer()
    }

    /// Sends the browser to another page of the tenant.
    pub(super) fn redirect(&self, path: &str) -> Response {
        answer::redirect(&self.frame.prefix, path)
    }

    /// Sends the browser to sign in once more, with all that its holder has, and then back to a page of the tenant.
    pub(super) fn sign_in_anew(&self, page: &str) -> Response {
        let here = format!("{}{page}", self.frame.prefix).replace('/', "%2F");
        self.redirect(&format!("/login?prompt=login&continue={here}"))
    }

    /// Reads where the visitor wants to go next.
    pub(super) fn onward(&self, text: &str) -> Option<Onward> {
        Onward::parse(text, &self.frame.prefix)
    }
}

/// How long a form before the sign-in may stay open.
const VISIT_SECONDS: u32 = 3600;

/// Gives the cookie that binds forms to a browser where there is no session.
pub(super) fn visit_cookie() -> SessionCookie {
    SessionCookie::of_visit()
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let identity = parts.extensions.get::<Identity>().cloned();
        let identity = identity.ok_or_else(|| Problem::new(Code::INTERNAL))?;
        let tenant = <Tenant as FromRequestParts<S>>::from_request_parts(parts, state).await?;
        let theme = identity.themes().of(&tenant).await?;
        let session = parts.extensions.get::<BrowserSession>();
        let session = session.map(|BrowserSession(session)| session.clone());
        let keys = identity.database().keys();
        let (token, visit) = match &session {
            Some(session) => (FormToken::of(keys, session), None),
            None => {
                let secret = visit(&parts.headers)?;
                (token_of(&identity, &tenant, &secret), Some(secret))
            }
        };
        // One of two was planted.
        let cookie = SessionCookie::of_device(tenant.id()).read(&parts.headers);
        let remembered = cookie.ok().flatten().filter(|_| session.is_none());
        let mut frame = Frame::of(&parts.extensions).themed(theme);
        frame.signed_in = session.is_some();
        Ok(Self {
            device: Device::of(&parts.headers, &parts.extensions),
            identity,
            tenant,
            session,
            token,
            frame,
            prefix: parts.extensions.get::<PathPrefix>().cloned(),
            visit,
            remembered,
        })
    }
}

/// None where the address names no tenant.
impl<S: Send + Sync> OptionalFromRequestParts<S> for Visitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Problem> {
        if parts.extensions.get::<Tenant>().is_none() {
            return Ok(None);
        }
        <Self as FromRequestParts<S>>::from_request_parts(parts, state)
            .await
            .map(Some)
    }
}

const SECRET: usize = 32;

/// Reads the secret of a browser without a session, or draws one.
fn visit(headers: &HeaderMap) -> Result<Secret<String>, Problem> {
    let sent = visit_cookie().read(headers).map_err(|_| {
        Problem::new(Code::HEADER_INVALID).field("cookie", "the visit appears more than once")
    })?;
    if let Some(sent) = sent
        && URL_SAFE_NO_PAD
            .decode(sent.expose())
            .is_ok_and(|bytes| bytes.len() == SECRET)
    {
        return Ok(sent);
    }
    let mut secret = [0; SECRET];
    getrandom::fill(&mut secret).map_err(|_| Error::Crypto("no random bytes"))?;
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(secret)))
}

/// Gives the token of forms for a browser without a session. It is for one tenant; and what it is bound to is
/// longer than the id of a session, so that no cookie makes it the token of one.
fn token_of(identity: &Identity, tenant: &Tenant, secret: &Secret<String>) -> FormToken {
    let tenant = tenant.id().as_uuid();
    let bound = Secret::new([tenant.as_bytes(), secret.expose().as_bytes()].concat());
    FormToken::bound_to(identity.database().keys(), bound.expose())
}
