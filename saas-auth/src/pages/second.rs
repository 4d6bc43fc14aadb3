//! The second factor of a sign-in: proven, or enrolled where the tenant wants one.
//!
//! What was proven first is in a sealed text that the form carries. It opens nothing but these pages.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Id, Problem, Secret};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, PageForm},
    login,
    onward::Onward,
    qr::QrCode,
    visitor::{Frame, Visitor},
};
use crate::{
    Error, FormToken,
    mfa::{Factor, Pending, Proof, RecoveryCodes, TotpEnrolment, Wanted},
};

#[derive(Template)]
#[template(path = "second.html")]
struct SecondPage<'a> {
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
    #[serde(default)]
    factor: String,
    #[serde(default, rename = "continue")]
    onward: String,
}

/// Asks for what is wanted of somebody whose first factor was right.
pub(super) async fn ask(
    visitor: &Visitor,
    pending: &Pending,
    onward: &Onward,
) -> Result<Response, Problem> {
    let token = pending.token(visitor.identity.database().keys())?;
    match pending.wanted() {
        Wanted::Proof(_) => proof(visitor, &token, onward.as_str(), false),
        Wanted::Enrolment(_) => {
            let factors = visitor.identity.second_factors();
            let enrolment = factors.enrol(pending.user(), &visitor.tenant, "App for codes");
            enrol(visitor, &token, onward.as_str(), &enrolment.await?)
        }
    }
}

fn proof(
    visitor: &Visitor,
    pending: &Secret<String>,
    onward: &str,
    wrong: bool,
) -> Result<Response, Problem> {
    let page = Page::new(&SecondPage {
        frame: &visitor.frame,
        token: &visitor.token,
        pending: pending.expose(),
        onward,
        wrong,
    })?;
    let status = match wrong {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok(visitor.show(page.status(status)))
}

fn enrol(
    visitor: &Visitor,
    pending: &Secret<String>,
    onward: &str,
    enrolment: &TotpEnrolment,
) -> Result<Response, Problem> {
    let page = Page::new(&EnrolPage {
        frame: &visitor.frame,
        token: &visitor.token,
        pending: pending.expose(),
        onward,
        factor: enrolment.factor(),
        secret: enrolment.secret().expose(),
        code: QrCode::of(enrolment.uri().expose())?,
    })?;
    Ok(visitor.show(page))
}

/// `POST /login/second`
pub(super) async fn prove(form: PageForm<Second>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let onward = visitor.onward(&fields.onward).unwrap_or_else(Onward::home);
    let typed = fields.code.expose().trim();
    // Six digits are a code of an app; a recovery code is longer.
    let proof = match typed.len() {
        ..=8 => Proof::Totp(Secret::from(typed)),
        _ => Proof::Recovery(Secret::from(typed)),
    };
    let doors = visitor.identity.sign_ins();
    let entry = doors.by_second_factor(&visitor.tenant, &fields.pending, &proof, &visitor.device);
    match entry.await {
        Ok(entry) => login::enter(&visitor, entry, &onward).await,
        Err(Error::SecondFactor) => self::proof(&visitor, &fields.pending, onward.as_str(), true),
        // It was begun too long ago.
        Err(Error::Credentials) => Ok(visitor.redirect("/login")),
        Err(error) => Err(error.into()),
    }
}

/// `POST /login/enrol`: the first code of an app that was just set up.
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
    let code = Secret::from(fields.code.expose().trim());
    let enrolled = doors.by_enrolment(&pending, factor, &code, &visitor.device);
    match enrolled.await {
        Ok((who, codes)) => {
            let page = codes_page(&visitor, codes.as_ref(), &onward)?;
            login::with_session(&visitor, &who, page).await
        }
        // With a new secret: the old one may have been typed wrongly.
        Err(Error::SecondFactor) => ask(&visitor, &pending, &onward).await,
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
