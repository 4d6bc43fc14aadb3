//! The authorization endpoint.

use axum::{
    body::Body,
    extract::{Extension, RawQuery},
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::{
    Code, Problem,
    edge::{Limits, read_body},
};
use saas_tenancy::{Tenant, resolve::PathPrefix};

use super::{
    PATH,
    asked::Asked,
    decision::{self, Next},
    destination::Destination,
    fault::{Fault, Refused},
    pending::Waiting,
    pushed,
};
use crate::{
    BrowserSession, Identity, Session,
    oauth::{
        form::{Form, MAX_FORM},
        posted::is_form,
    },
};

/// `GET /oauth/authorize` (RFC 6749, section 3.1).
///
/// Who is not signed in is sent to `/login?continue=…`, who has to consent to `/consent?request=…`, both below
/// the prefix of the tenant; see [`PendingConsent`](super::PendingConsent). A request by which nobody knows
/// whether the client asks is refused with a problem and leads nowhere.
///
/// It takes its [`Identity`] from the request's extensions.
pub async fn authorize(
    Extension(identity): Extension<Identity>,
    tenant: Option<Extension<Tenant>>,
    prefix: Option<Extension<PathPrefix>>,
    session: Option<BrowserSession>,
    RawQuery(query): RawQuery,
) -> Response {
    let endpoint = match Endpoint::new(&identity, tenant.as_deref(), prefix.as_deref()) {
        Ok(endpoint) => endpoint,
        Err(problem) => return problem.into_response(),
    };
    let session = session.as_ref().map(|BrowserSession(session)| session);
    let query = query.unwrap_or_default();
    let next = async {
        let form = parse(query.as_bytes())?;
        let text = |name: &str| form.get(name).map(|value| value.expose().as_str());
        let asked = match (text("pending"), text("request_uri")) {
            (Some(sealed), _) => Waiting::open(&identity, endpoint.tenant, sealed)
                .map(|waiting| waiting.asked)
                .ok_or_else(|| {
                    Refused::here("the request is too old; begin again at the application")
                })?,
            (None, Some(uri)) if pushed::is_pushed(uri) => {
                pushed::open(&identity, endpoint.tenant, text("client_id"), uri).await?
            }
            _ => {
                Asked::read(&identity, endpoint.tenant, &form, None)
                    .await?
                    .0
            }
        };
        endpoint.follow(asked, session).await
    };
    endpoint.respond(next.await)
}

/// `POST /oauth/authorize` (OpenID Connect Core, section 3.1.2.1).
///
/// Browsers send no session along with a form of another site, so the request is only checked, and then goes on
/// as a `GET`.
pub async fn authorize_by_form(
    Extension(identity): Extension<Identity>,
    tenant: Option<Extension<Tenant>>,
    prefix: Option<Extension<PathPrefix>>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    limits.set_body(MAX_FORM);
    let endpoint = match Endpoint::new(&identity, tenant.as_deref(), prefix.as_deref()) {
        Ok(endpoint) => endpoint,
        Err(problem) => return problem.into_response(),
    };
    let next = async {
        if !is_form(request.headers()) {
            return Err(Refused::here("the body has to be a form"));
        }
        let body = read_body(request.into_body())
            .await
            .map_err(Refused::Here)?;
        let form = parse(&body)?;
        let (asked, _) = Asked::read(&identity, endpoint.tenant, &form, None).await?;
        let sealed = Waiting::for_sign_in(asked).seal(&identity, endpoint.tenant)?;
        Ok(endpoint.again(&sealed))
    };
    endpoint.respond(next.await)
}

fn parse(text: &[u8]) -> Result<Form, Refused> {
    Form::parse(text).map_err(|error| Refused::here(error.description()))
}

/// The endpoint in one tenant.
struct Endpoint<'a> {
    identity: &'a Identity,
    tenant: &'a Tenant,
    prefix: Option<&'a PathPrefix>,
}

impl<'a> Endpoint<'a> {
    fn new(
        identity: &'a Identity,
        tenant: Option<&'a Tenant>,
        prefix: Option<&'a PathPrefix>,
    ) -> Result<Self, Problem> {
        Ok(Self {
            identity,
            tenant: tenant.ok_or_else(|| Problem::new(Code::TENANT_REQUIRED))?,
            prefix,
        })
    }

    /// Does what has to be done next.
    async fn follow(
        &self,
        asked: Asked,
        session: Option<&Session>,
    ) -> Result<Destination, Refused> {
        let Self {
            identity, tenant, ..
        } = self;
        let client = asked.client(identity, tenant).await?;
        let allowed = match session {
            Some(session) => asked.is_allowed(identity, tenant, &client, session).await?,
            None => false,
        };
        let now = identity.database().clock().now();
        match (decision::next(&asked, session, allowed, now), session) {
            (Next::Refuse(fault), _) => Err(asked.refused(fault)),
            (Next::Code, Some(session)) => {
                Ok(asked.answer(identity, tenant, self.prefix, session)?)
            }
            (Next::Consent, Some(session)) => {
                let sealed = Waiting::for_consent(asked, session).seal(identity, tenant)?;
                Ok(self.page("/consent", &[("request", &sealed)]))
            }
            (_, session) => {
                let hint = asked.login_hint.clone();
                let sealed = Waiting::for_sign_in(asked).seal(identity, tenant)?;
                let onward = self.again(&sealed);
                let mut parameters = vec![("continue", onward.as_str())];
                // Without that, the page would send who is signed in right back.
                parameters.extend(session.map(|_| ("prompt", "login")));
                parameters.extend(hint.as_deref().map(|hint| ("login_hint", hint)));
                Ok(self.page("/login", &parameters))
            }
        }
    }

    /// Gives the way to this endpoint, with a request that waits.
    fn again(&self, sealed: &str) -> Destination {
        self.page(PATH, &[("pending", sealed)])
    }

    fn page(&self, path: &str, parameters: &[(&str, &str)]) -> Destination {
        let prefix = self.prefix.map(PathPrefix::as_str).unwrap_or_default();
        Destination::page(prefix, path, parameters)
    }

    fn respond(&self, next: Result<Destination, Refused>) -> Response {
        match next {
            Ok(destination) => destination.into_response(),
            Err(Refused::Here(problem)) => problem.into_response(),
            Err(Refused::Back {
                redirect_uri,
                state,
                fault: Fault { error, description },
            }) => {
                let issuer = self.identity.config().token.issuer_at(self.prefix);
                let answer = [("error", error), ("error_description", description)];
                Destination::back(&redirect_uri, &issuer, state.as_deref(), &answer).into_response()
            }
        }
    }
}
