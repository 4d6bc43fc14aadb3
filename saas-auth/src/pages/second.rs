//! The second factor of a sign-in: proven, or enrolled where the tenant wants one.
//!
//! What was proven first is in a sealed text that the form carries. It opens nothing but these pages.

use askama::Template;
use axum::response::Response;
use http::{StatusCode, header};
use saas_core::{Id, Level, Problem, Secret};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, PageForm},
    login,
    onward::Onward,
    passkey::{self, Ask, Filled, Make},
    qr::QrCode,
    visitor::{Frame, Visitor},
};
use crate::{
    Authenticated, Entry, Error, FormToken, SessionCookie,
    mfa::{Factor, Pending, Proof, RecoveryCodes, Wanted},
};

const DAY: u64 = 86_400;

#[derive(Template)]
#[template(path = "second.html")]
struct SecondPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    pending: &'a str,
    onward: &'a str,
    wrong: bool,
    /// Whether a code is enough.
    code: bool,
    passkey: Option<Ask>,
    /// For how many days a device can be remembered.
    days: u64,
}

#[derive(Template)]
#[template(path = "mailed.html")]
struct MailedPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    pending: &'a str,
    onward: &'a str,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "enrol.html")]
struct EnrolPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    pending: &'a str,
    onward: &'a str,
    wrong: bool,
    app: Option<App<'a>>,
    passkey: Option<Make>,
}

/// An app for codes that is to be set up.
struct App<'a> {
    factor: Id<Factor>,
    secret: &'a str,
    code: QrCode,
}

#[derive(Template)]
#[template(path = "codes.html")]
struct CodesPage<'a> {
    frame: &'a Frame,
    codes: Vec<Secret<String>>,
    onward: &'a str,
}

/// What the forms of these pages say.
#[derive(Deserialize)]
pub(super) struct Second {
    #[serde(default = "form::empty")]
    pending: Secret<String>,
    #[serde(default = "form::empty")]
    code: Secret<String>,
    /// Whether the code was sent by mail.
    #[serde(default)]
    mailed: String,
    /// Of a passkey, in the place of a code.
    #[serde(default = "form::empty")]
    challenge: Secret<String>,
    #[serde(default)]
    answer: String,
    #[serde(default)]
    factor: String,
    /// Whether the device is to be remembered.
    #[serde(default)]
    remember: String,
    #[serde(default, rename = "continue")]
    onward: String,
}

impl Second {
    /// Gives what the script has filled in, when it has.
    fn filled(&self) -> Option<Filled<'_>> {
        (!self.answer.is_empty()).then_some(Filled {
            challenge: &self.challenge,
            answer: &self.answer,
        })
    }
}

/// Asks for what is wanted of somebody whose first factor was right.
pub(super) async fn ask(
    visitor: &Visitor,
    pending: &Pending,
    onward: &Onward,
) -> Result<Response, Problem> {
    ask_again(visitor, pending, onward, false).await
}

async fn ask_again(
    visitor: &Visitor,
    pending: &Pending,
    onward: &Onward,
    wrong: bool,
) -> Result<Response, Problem> {
    let token = pending.token(visitor.identity.database().keys())?;
    match pending.wanted() {
        Wanted::Proof(level) => {
            let passkey = passkey::of_waiting(visitor, pending).await?;
            let view = SecondPage {
                frame: &visitor.frame,
                token: &visitor.token,
                pending: token.expose(),
                onward: onward.as_str(),
                wrong,
                code: level < Level::PhishingResistant || passkey.is_none(),
                passkey,
                days: visitor.identity.second_factors().remembers_for().as_secs() / DAY,
            };
            let scripted = view.passkey.is_some();
            Ok(visitor.show(
                Page::new(&view)?
                    .scripted(scripted, &visitor.frame)
                    .status(status(wrong)),
            ))
        }
        Wanted::Enrolment(level) => enrol(visitor, pending, &token, onward, (level, wrong)).await,
        Wanted::MailedCode => {
            let view = MailedPage {
                frame: &visitor.frame,
                token: &visitor.token,
                pending: token.expose(),
                onward: onward.as_str(),
                wrong,
            };
            Ok(visitor.show(Page::new(&view)?.status(status(wrong))))
        }
    }
}

/// Begins whatever is enough for the level: with a new secret each time, since the last may have been typed wrongly.
async fn enrol(
    visitor: &Visitor,
    pending: &Pending,
    token: &Secret<String>,
    onward: &Onward,
    (level, wrong): (Level, bool),
) -> Result<Response, Problem> {
    let by_app = level < Level::PhishingResistant;
    let passkey = match passkey::make_at_door(visitor, pending).await {
        Ok(passkey) => passkey,
        // An app does not outlive the password that somebody else chose.
        Err(Error::Provisional) if by_app => None,
        Err(error) => return Err(error.into()),
    };
    let doors = visitor.identity.sign_ins();
    let enrolment = match by_app {
        true => Some(doors.begin_totp(pending, "App for codes").await?),
        false if passkey.is_none() => return Err(Error::EnrolmentRequired(level).into()),
        false => None,
    };
    let app = match &enrolment {
        Some(enrolment) => Some(App {
            factor: enrolment.factor(),
            secret: enrolment.secret().expose(),
            code: QrCode::of(enrolment.uri().expose())?,
        }),
        None => None,
    };
    let view = EnrolPage {
        frame: &visitor.frame,
        token: &visitor.token,
        pending: token.expose(),
        onward: onward.as_str(),
        wrong,
        app,
        passkey,
    };
    let scripted = view.passkey.is_some();
    Ok(visitor.show(Page::new(&view)?.scripted(scripted, &visitor.frame)))
}

const fn status(wrong: bool) -> StatusCode {
    match wrong {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    }
}

/// `POST /login/second`
pub(super) async fn prove(form: PageForm<Second>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let onward = visitor.onward(&fields.onward).unwrap_or_else(Onward::home);
    let doors = visitor.identity.sign_ins();
    let entry = match fields.filled() {
        Some(filled) => passkey::by_second(&visitor, &fields.pending, &filled).await,
        None => {
            let typed = fields.code.expose().trim();
            // Six digits are a code of an app; a recovery code is longer.
            let proof = match (fields.mailed.as_str(), typed.len()) {
                ("on", _) => Proof::Mailed(Secret::from(typed)),
                (_, ..=8) => Proof::Totp(Secret::from(typed)),
                _ => Proof::Recovery(Secret::from(typed)),
            };
            doors
                .by_second_factor(&visitor.tenant, &fields.pending, &proof, &visitor.device)
                .await
        }
    };
    match entry {
        Ok(Entry::Authenticated(who)) if fields.remember == "on" => {
            let answer = login::begin(&visitor, &who, &onward).await?;
            remember(&visitor, &who, answer).await
        }
        Ok(entry) => login::enter(&visitor, entry, &onward).await,
        Err(Error::SecondFactor) => match doors.waiting(&visitor.tenant, &fields.pending).await {
            Ok(pending) => ask_again(&visitor, &pending, &onward, true).await,
            Err(Error::Credentials) => Ok(visitor.redirect("/login")),
            Err(error) => Err(error.into()),
        },
        // It was begun too long ago.
        Err(Error::Credentials) => Ok(visitor.redirect("/login")),
        Err(error) => Err(error.into()),
    }
}

/// Gives the browser what it keeps to be remembered.
async fn remember(
    visitor: &Visitor,
    who: &Authenticated,
    mut answer: Response,
) -> Result<Response, Problem> {
    let factors = visitor.identity.second_factors();
    let Some(text) = factors.remember(who).await? else {
        return Ok(answer);
    };
    let seconds = u32::try_from(factors.remembers_for().as_secs()).unwrap_or(u32::MAX);
    let cookie = SessionCookie::of_device(visitor.tenant.id()).set_for(&text, seconds);
    if let Some(cookie) = cookie {
        answer.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(answer)
}

/// `POST /login/enrol`: the first code of an app that was just set up, or a passkey that was just made.
pub(super) async fn confirm(form: PageForm<Second>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let onward = visitor.onward(&fields.onward).unwrap_or_else(Onward::home);
    let doors = visitor.identity.sign_ins();
    let waiting = doors.waiting(&visitor.tenant, &fields.pending).await;
    let factor: Result<Id<Factor>, _> = fields.factor.parse();
    let (pending, factor) = match (waiting, factor) {
        (Ok(pending), Ok(factor)) if matches!(pending.wanted(), Wanted::Enrolment(_)) => {
            (pending, factor)
        }
        (Err(error), _) if !matches!(error, Error::Credentials) => return Err(error.into()),
        _ => return Ok(visitor.redirect("/login")),
    };
    let enrolled = match fields.filled() {
        Some(filled) => passkey::by_enrolment(&visitor, &pending, factor, filled.answer).await,
        None => {
            let code = Secret::from(fields.code.expose().trim());
            doors
                .by_enrolment(&pending, factor, &code, &visitor.device)
                .await
        }
    };
    match enrolled {
        Ok((who, codes)) => {
            let page = codes_page(&visitor, codes.as_ref(), &onward)?;
            login::with_session(&visitor, &who, page).await
        }
        Err(Error::SecondFactor | Error::Passkey) => {
            ask_again(&visitor, &pending, &onward, true).await
        }
        Err(error) => Err(error.into()),
    }
}

/// Shows recovery codes, once.
pub(super) fn codes_page(
    visitor: &Visitor,
    codes: Option<&RecoveryCodes>,
    onward: &Onward,
) -> Result<Response, Problem> {
    let page = Page::new(&CodesPage {
        frame: &visitor.frame,
        codes: codes.map(RecoveryCodes::expose).unwrap_or_default(),
        onward: onward.as_str(),
    })?;
    Ok(visitor.show(page))
}
