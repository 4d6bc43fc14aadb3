//! Signing in.

use askama::Template;
use axum::{Extension, response::Response};
use http::{HeaderValue, StatusCode, header, request::Parts};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use saas_core::{Code, Problem, Secret, edge::Query};
use saas_tenancy::Slug;
use serde::Deserialize;

use super::{
    answer::{self, Page},
    form::{self, PageForm},
    onward::Onward,
    passkey::{self, Ask, Filled},
    second,
    visitor::{Frame, Visitor, visit_cookie},
};
use crate::{Authenticated, Email, Entry, Error, FormToken, Identity, SessionCookie};

#[derive(Template)]
#[template(path = "login.html")]
struct LoginPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    /// What was typed before, to be typed no second time.
    username: &'a str,
    onward: &'a str,
    wrong: bool,
    /// What is to be said: of a passkey that did not open, or of what has just happened.
    problem: &'static str,
    notice: &'static str,
    passkey: Option<Ask>,
}

#[derive(Template)]
#[template(path = "organisation.html")]
struct OrganisationPage<'a> {
    frame: Frame,
    organisation: &'a str,
    onward: &'a str,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "onward.html")]
struct OnwardPage<'a> {
    frame: &'a Frame,
    onward: &'a Onward,
}

/// What the address of the page says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// Where to go afterwards.
    #[serde(rename = "continue")]
    onward: String,
    /// `login` for a sign-in in any case, as in OpenID Connect.
    prompt: String,
    /// The name of the tenant, where the address names none.
    organisation: String,
    /// Who will sign in, as a program supposes.
    login_hint: String,
    /// What has just happened, in a word of ours.
    notice: String,
}

#[derive(Deserialize)]
pub(super) struct Login {
    #[serde(default)]
    username: String,
    #[serde(default = "form::empty")]
    password: Secret<String>,
    /// Of a passkey, in the place of both.
    #[serde(default = "form::empty")]
    challenge: Secret<String>,
    #[serde(default)]
    answer: String,
    #[serde(default, rename = "continue")]
    onward: String,
}

/// `GET /login`
pub(super) async fn show(
    visitor: Option<Visitor>,
    Extension(identity): Extension<Identity>,
    Query(asked): Query<Asked>,
    parts: Parts,
) -> Result<Response, Problem> {
    let Some(visitor) = visitor else {
        return which(&identity, &asked, Frame::of(&parts.extensions));
    };
    let onward = visitor.onward(&asked.onward);
    if visitor.session.is_some() && asked.prompt != "login" {
        let onward = onward.unwrap_or_else(Onward::home);
        return Ok(visitor.redirect(onward.as_str()));
    }
    let hint: String = asked.login_hint.chars().take(Email::MAX_LENGTH).collect();
    let view = LoginPage {
        frame: &visitor.frame,
        token: &visitor.token,
        username: &hint,
        onward: onward.as_ref().map_or("", Onward::as_str),
        wrong: false,
        problem: "",
        notice: notice(&asked.notice),
        passkey: passkey::of_anybody(&visitor).await?,
    };
    view.page(&visitor)
}

impl LoginPage<'_> {
    fn page(&self, visitor: &Visitor) -> Result<Response, Problem> {
        let page = Page::new(self)?.scripted(self.passkey.is_some(), &visitor.frame);
        if !self.wrong && self.problem.is_empty() {
            return Ok(visitor.show(page));
        }
        let mut response = visitor.show(page.status(StatusCode::UNAUTHORIZED));
        // A 401 has to name a scheme (RFC 9110, section 15.5.2); browsers show the page for one that they do not know.
        let challenge = HeaderValue::from_static("Form");
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, challenge);
        Ok(response)
    }
}

/// Gives the words for what has just happened. Words that are not ours are not shown.
fn notice(word: &str) -> &'static str {
    match word {
        "signed-out" => "You have signed out.",
        "password" => {
            "Your password is set, and every sign-in has ended. Sign in with the new one."
        }
        "joined" => "You have joined. Sign in to go on.",
        _ => "",
    }
}

/// Asks for the tenant, and sends whoever names one to its own sign-in. Whether there is such a tenant is told
/// there, as to everybody who comes by a link.
fn which(identity: &Identity, asked: &Asked, frame: Frame) -> Result<Response, Problem> {
    let path = &identity.config().pages.tenant_path;
    if path.is_empty() {
        return Err(Problem::new(Code::TENANT_REQUIRED));
    }
    let onward = Onward::parse(&asked.onward, "");
    let onward = onward.as_ref().map_or("", Onward::as_str);
    let named = asked.organisation.trim().to_lowercase();
    if let Ok(slug) = named.parse::<Slug>() {
        let slug = slug.as_str();
        let then = match onward {
            "" => String::new(),
            _ => format!(
                "?continue={}",
                utf8_percent_encode(onward, NON_ALPHANUMERIC)
            ),
        };
        return Ok(answer::redirect("", &format!("/{path}/{slug}/login{then}")));
    }
    let wrong = !named.is_empty();
    let page = Page::new(&OrganisationPage {
        frame,
        organisation: &asked.organisation,
        onward,
        wrong,
    })?;
    let status = if wrong {
        StatusCode::UNPROCESSABLE_ENTITY
    } else {
        StatusCode::OK
    };
    Ok(page.status(status).answer())
}

impl Login {
    fn filled(&self) -> Filled<'_> {
        Filled {
            challenge: &self.challenge,
            answer: &self.answer,
        }
    }
}

/// `POST /login`
pub(super) async fn sign_in(form: PageForm<Login>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let onward = visitor.onward(&fields.onward);
    let doors = visitor.identity.sign_ins();
    let by_passkey = !fields.answer.is_empty();
    let entered = match by_passkey {
        true => passkey::instead_of_password(&visitor, &fields.filled()).await,
        false => {
            let Login {
                username, password, ..
            } = &fields;
            doors
                .by_password_on(
                    &visitor.tenant,
                    username,
                    password,
                    &visitor.device,
                    visitor.remembered.as_ref(),
                )
                .await
        }
    };
    let entry = match entered {
        Ok(entry) => entry,
        Err(Error::Credentials) => {
            let view = LoginPage {
                frame: &visitor.frame,
                token: &visitor.token,
                username: &fields.username,
                onward: onward.as_ref().map_or("", Onward::as_str),
                wrong: !by_passkey,
                problem: match by_passkey {
                    true => {
                        "The passkey does not sign you in here, or it took too long. Try again, or use your password."
                    }
                    false => "The e-mail address or the password is not right.",
                },
                notice: "",
                passkey: passkey::of_anybody(&visitor).await?,
            };
            return view.page(&visitor);
        }
        Err(error) => return Err(error.into()),
    };
    let onward = onward.unwrap_or_else(Onward::home);
    enter(&visitor, entry, &onward).await
}

/// Lets somebody in, or asks for what is wanted first.
pub(super) async fn enter(
    visitor: &Visitor,
    entry: Entry,
    onward: &Onward,
) -> Result<Response, Problem> {
    match entry {
        Entry::Authenticated(who) => begin(visitor, &who, onward).await,
        Entry::Pending(pending) => second::ask(visitor, &pending, onward).await,
    }
}

/// Gives the browser its session, and sends it on.
pub(super) async fn begin(
    visitor: &Visitor,
    who: &Authenticated,
    onward: &Onward,
) -> Result<Response, Problem> {
    let answer = send_on(visitor, onward)?;
    with_session(visitor, who, answer).await
}

/// Gives the browser its session with an answer.
pub(super) async fn with_session(
    visitor: &Visitor,
    who: &Authenticated,
    mut response: Response,
) -> Result<Response, Problem> {
    let sessions = visitor.identity.sessions();
    let started = match &visitor.session {
        Some(old) => sessions.renew(old, who).await?,
        None => sessions.begin(who).await?,
    };
    let cookies = [
        SessionCookie::of(visitor.tenant.id()).set(started.secret()),
        visit_cookie().clear(),
    ];
    for cookie in cookies.into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

/// Sends a browser on after a form. Browsers forbid that the answer to a form leads to a host which the policy of
/// the form's page does not name, and a program's address is not known to it; so the way there begins with a page.
fn send_on(visitor: &Visitor, onward: &Onward) -> Result<Response, Problem> {
    if !onward.leads_away() {
        return Ok(visitor.redirect(onward.as_str()));
    }
    let page = Page::new(&OnwardPage {
        frame: &visitor.frame,
        onward,
    })?;
    Ok(page.answer())
}
