//! Programs send people here to sign out (OpenID Connect RP-Initiated Logout 1.0).
//!
//! A program that hands back the id token of the person who is signed in here ends the session of the browser at
//! once, and what it was given itself. Any other request could be made by anybody, so the person is asked. People
//! are sent back to an address only when their client is registered with it, letter by letter; everything that is
//! wrong in a request shows an error, and sends nobody anywhere.

mod page;

use axum::{
    Extension,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, Request, StatusCode, header};
use saas_core::{
    Code, Problem,
    edge::{Limits, read_body},
};
use saas_tenancy::{Tenant, resolve::PathPrefix};
use url::Url;

use super::{
    client::Client,
    form::{Form, MAX_FORM},
    metadata::LOGOUT,
    posted::is_form,
};
use crate::{
    BrowserSession, Error, FormToken, Identity, Session, SessionCookie,
    session::{self, Statements as _},
    token::Hint,
};

/// The parameters that are understood (section 2).
const PARAMETERS: [&str; 4] = [
    "id_token_hint",
    "client_id",
    "post_logout_redirect_uri",
    "state",
];

/// `GET /oauth/logout`.
pub(super) async fn show(
    Extension(identity): Extension<Identity>,
    tenant: Option<Extension<Tenant>>,
    held: Option<BrowserSession>,
    request: Request<Body>,
) -> Response {
    let query = request.uri().query().unwrap_or_default();
    let answer = async {
        let form = Form::parse(query.as_bytes()).map_err(|error| wrong(error.description()))?;
        let visit = Visit::new(&identity, tenant.as_deref(), held, &form).await?;
        match visit.session {
            Some(_) if !visit.is_hinted() => visit.ask(),
            _ => visit.end().await,
        }
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

/// `POST /oauth/logout`: the answer of the person, or the request of a program.
pub(super) async fn answer(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    tenant: Option<Extension<Tenant>>,
    held: Option<BrowserSession>,
    request: Request<Body>,
) -> Response {
    limits.set_body(MAX_FORM);
    let answer = async {
        let (parts, body) = request.into_parts();
        if !is_form(&parts.headers) {
            return Err(Problem::new(Code::MEDIA_TYPE));
        }
        let form = Form::parse(&read_body(body).await?);
        let form = form.map_err(|error| wrong(error.description()))?;
        let Some(token) = form.get(FormToken::FIELD) else {
            // A page of another origin has sent this, and the browser has kept its cookie back; it sends it when
            // it is led here.
            return Ok(lead_on(parts.extensions.get(), &form));
        };
        let visit = Visit::new(&identity, tenant.as_deref(), held, &form).await?;
        if let Some(session) = &visit.session
            && !FormToken::of(identity.database().keys(), session).matches(token.expose())
        {
            return Err(Problem::new(Code::REQUEST_FORGED));
        }
        visit.end().await
    };
    answer.await.unwrap_or_else(Problem::into_response)
}

/// Somebody who is to be signed out.
struct Visit<'a> {
    identity: &'a Identity,
    tenant: &'a Tenant,
    session: Option<Session>,
    hint: Option<Hint>,
    client: Option<Client>,
    /// Where they go afterwards.
    back: Option<Url>,
    form: &'a Form,
}

impl<'a> Visit<'a> {
    async fn new(
        identity: &'a Identity,
        tenant: Option<&'a Tenant>,
        held: Option<BrowserSession>,
        form: &'a Form,
    ) -> Result<Self, Problem> {
        let tenant = tenant.ok_or_else(|| Problem::new(Code::TENANT_REQUIRED))?;
        let hint = match form.get("id_token_hint") {
            None => None,
            Some(token) => {
                let hint = identity.verifier().hint(token.expose()).ok();
                let hint = hint.filter(|hint| hint.tenant == tenant.id());
                Some(hint.ok_or_else(|| wrong("`id_token_hint` is not valid"))?)
            }
        };
        let named = form.get("client_id").map(|id| id.expose().as_str());
        let hinted = hint.as_ref().map(|hint| hint.client.as_str());
        if named.is_some() && hinted.is_some() && named != hinted {
            return Err(wrong("`client_id` and `id_token_hint` name two clients"));
        }
        let client = match named.or(hinted) {
            None => None,
            Some(id) => {
                let client = identity.clients().find(Some(tenant), id).await?;
                Some(client.ok_or_else(|| wrong("the client is unknown"))?)
            }
        };
        let back = way_back(client.as_ref(), form)?;
        Ok(Self {
            identity,
            tenant,
            session: held.map(|BrowserSession(session)| session),
            hint,
            client,
            back,
            form,
        })
    }

    /// Tells whether the program knows who is signed in, so that it need not be asked again.
    fn is_hinted(&self) -> bool {
        match (&self.hint, &self.session) {
            (Some(hint), Some(session)) => hint.user == session.user,
            _ => false,
        }
    }

    fn ask(&self) -> Result<Response, Problem> {
        let Some(session) = &self.session else {
            return Ok(page::done());
        };
        let token = FormToken::of(self.identity.database().keys(), session);
        let client = self.client.as_ref();
        let mut fields = vec![(FormToken::FIELD, token.as_str())];
        if let Some(client) = client {
            fields.push(("client_id", &client.id));
        }
        for name in ["post_logout_redirect_uri", "state"] {
            if let Some(value) = self.form.get(name) {
                fields.push((name, value.expose()));
            }
        }
        let name = client.map(|client| client.name.as_str());
        Ok(page::question(name, &fields, self.back.as_ref()))
    }

    /// Ends the session of the browser, and what the program was given, and leads on.
    async fn end(&self) -> Result<Response, Problem> {
        self.end_sessions().await?;
        let mut response = match &self.back {
            Some(back) => lead_to(back.as_str()).ok_or_else(|| wrong("the address is too long"))?,
            None => page::done(),
        };
        if self.session.is_some() {
            let clear = SessionCookie::of(self.tenant.id()).clear();
            response
                .headers_mut()
                .extend(clear.map(|clear| (header::SET_COOKIE, clear)));
        }
        Ok(response)
    }

    async fn end_sessions(&self) -> Result<(), Error> {
        let sessions = self.identity.sessions();
        let mut tx = self
            .identity
            .database()
            .write(&session::entering(self.tenant));
        if let Some(held) = &self.session {
            sessions.end(&mut tx, held.user, held.id).await?;
            if let Some(client) = &self.client {
                let given = tx.sessions_of_client(held.user, client.id.clone()).await?;
                for row in given
                    .into_iter()
                    .filter(|row| row.origin_id == Some(held.id))
                {
                    let id = Session::from(row).id;
                    sessions.end(&mut tx, held.user, id).await?;
                }
            }
        }
        // The hint may speak of somebody else than who is signed in now; it ends what was theirs.
        if let Some(hint) = &self.hint {
            sessions.end(&mut tx, hint.user, hint.session).await?;
        }
        Ok(tx.commit().await?)
    }
}

/// Gives the address to go back to, when the client is registered with it.
fn way_back(client: Option<&Client>, form: &Form) -> Result<Option<Url>, Problem> {
    let Some(uri) = form.get("post_logout_redirect_uri") else {
        return Ok(None);
    };
    let client =
        client.ok_or_else(|| wrong("`post_logout_redirect_uri` needs a client or a hint"))?;
    if !client.post_logout_redirect_uris.contains(uri.expose()) {
        return Err(wrong("`post_logout_redirect_uri` is not registered"));
    }
    let mut uri = Url::parse(uri.expose())
        .map_err(|_| wrong("`post_logout_redirect_uri` is not an address"))?;
    if let Some(state) = form.get("state") {
        uri.query_pairs_mut().append_pair("state", state.expose());
    }
    Ok(Some(uri))
}

/// Leads a browser to this endpoint again, with the parameters of a form.
fn lead_on(prefix: Option<&PathPrefix>, form: &Form) -> Response {
    let prefix = prefix.map(PathPrefix::as_str).unwrap_or_default();
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in PARAMETERS {
        if let Some(value) = form.get(name) {
            query.append_pair(name, value.expose());
        }
    }
    lead_to(&format!("{prefix}{LOGOUT}?{}", query.finish()))
        .unwrap_or_else(|| wrong("the request is too long").into_response())
}

fn lead_to(address: &str) -> Option<Response> {
    let location = HeaderValue::from_str(address).ok()?;
    Some((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
}

fn wrong(detail: &'static str) -> Problem {
    Problem::new(Code::BAD_REQUEST).detail(detail)
}
