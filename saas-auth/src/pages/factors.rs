//! The second factors of whoever is signed in.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Code, Id, Problem, Secret};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, MemberForm},
    member::Member,
    moment::Moment,
    onward::Onward,
    passkey::{self, Make},
    qr::QrCode,
    second,
    visitor::Frame,
};
use crate::{
    Error, FormToken,
    mfa::{Factor, FactorKind, RememberedDevice, SteppedUp, TotpEnrolment},
};

#[derive(Template)]
#[template(path = "factors.html")]
struct FactorsPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    factors: Vec<Shown>,
    left: usize,
    enrolment: Option<Enrolment<'a>>,
    passkey: Option<Make>,
    /// Whether there can be passkeys.
    passkeys: bool,
    devices: Vec<Remembered>,
    wrong: bool,
}

/// A device in the list.
struct Remembered {
    id: Id<RememberedDevice>,
    name: String,
    since: Moment,
    seen: Moment,
}

impl From<RememberedDevice> for Remembered {
    fn from(device: RememberedDevice) -> Self {
        Self {
            id: device.id,
            name: match device.device {
                name if name.is_empty() => "A device without a name".to_owned(),
                name => name,
            },
            since: device.created_at.into(),
            seen: device.seen_at.into(),
        }
    }
}

/// A factor in the list.
struct Shown {
    id: Id<Factor>,
    kind: &'static str,
    name: String,
    added: Moment,
    seen: Option<Moment>,
}

impl From<Factor> for Shown {
    fn from(factor: Factor) -> Self {
        Self {
            id: factor.id,
            kind: match factor.kind {
                FactorKind::Passkey => "Passkey",
                _ => "App for codes",
            },
            name: factor.name,
            added: factor.created_at.into(),
            seen: factor.seen_at.map(Moment::from),
        }
    }
}

/// What is being set up.
#[derive(Default)]
struct Begun<'a> {
    app: Option<&'a TotpEnrolment>,
    passkey: Option<Make>,
}

/// An app that is being set up.
struct Enrolment<'a> {
    factor: Id<Factor>,
    secret: &'a str,
    code: QrCode,
}

/// What the forms of the page ask for.
#[derive(Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    act: String,
    #[serde(default)]
    factor: String,
    #[serde(default)]
    name: String,
    #[serde(default = "form::empty")]
    code: Secret<String>,
    #[serde(default)]
    answer: String,
}

/// `GET /account/factors`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    page(&member, Begun::default(), false).await
}

async fn page(member: &Member, begun: Begun<'_>, wrong: bool) -> Result<Response, Problem> {
    let visitor = &member.visitor;
    let factors = visitor.identity.second_factors();
    let mut all = factors.list(member.session.user).await?;
    all.retain(|factor| factor.confirmed_at.is_some());
    let enrolment = match begun.app {
        Some(enrolment) => Some(Enrolment {
            factor: enrolment.factor(),
            secret: enrolment.secret().expose(),
            code: QrCode::of(enrolment.uri().expose())?,
        }),
        None => None,
    };
    let mut devices = factors.remembered(member.session.user).await?;
    devices.retain(|device| device.tenant == visitor.tenant.id());
    let scripted = begun.passkey.is_some();
    let page = Page::new(&FactorsPage {
        frame: &visitor.frame,
        token: &visitor.token,
        factors: all.into_iter().map(Shown::from).collect(),
        left: factors.codes_left(member.session.user).await?,
        enrolment,
        passkey: begun.passkey,
        passkeys: factors.has_passkeys(),
        devices: devices.into_iter().map(Remembered::from).collect(),
        wrong,
    })?;
    let status = match wrong {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok(visitor.show(page.scripted(scripted, &visitor.frame).status(status)))
}

/// `POST /account/factors`. Whoever has not signed in just now does so first.
pub(super) async fn change(form: MemberForm<Change>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let factors = member.visitor.identity.second_factors();
    if fields.act == "forget" {
        // Nobody has to prove anything to be asked for more from now on.
        if let Ok(device) = fields.factor.parse() {
            factors.forget(&member.scope, device).await?;
        }
        return Ok(member.visitor.redirect("/account/factors"));
    }
    let who = match factors.stepped_up(&member.scope).await {
        Ok(who) => who,
        Err(Error::StepUp { .. }) => return Ok(member.visitor.sign_in_anew("/account/factors")),
        Err(error) => return Err(error.into()),
    };
    act(&member, &who, fields).await
}

async fn act(member: &Member, who: &SteppedUp, fields: Change) -> Result<Response, Problem> {
    let visitor = &member.visitor;
    let factors = visitor.identity.second_factors();
    let here = "/account/factors";
    let factor: Option<Id<Factor>> = fields.factor.parse().ok();
    match (fields.act.as_str(), factor) {
        ("enrol", _) => {
            let enrolment = factors.enrol_totp(who, fields.name.trim()).await?;
            let app = Some(&enrolment);
            page(member, Begun { app, passkey: None }, false).await
        }
        ("enrol-passkey", _) => {
            let passkey = Some(passkey::make(member, who, fields.name.trim()).await?);
            page(member, Begun { app: None, passkey }, false).await
        }
        ("confirm-passkey", Some(factor)) => {
            match passkey::confirm(member, who, factor, &fields.answer).await {
                Ok(Some(codes)) => {
                    let back = visitor.onward(&format!("{}{here}", visitor.frame.prefix));
                    let back = back.unwrap_or_else(Onward::home);
                    second::codes_page(visitor, Some(&codes), &back)
                }
                Ok(None) => Ok(visitor.redirect(here)),
                Err(Error::Passkey) => page(member, Begun::default(), true).await,
                Err(error) => Err(error.into()),
            }
        }
        ("rename", Some(factor)) => {
            factors.rename(who, factor, fields.name.trim()).await?;
            Ok(visitor.redirect(here))
        }
        ("confirm", Some(factor)) => {
            let code = Secret::from(fields.code.expose().trim());
            match factors.confirm_totp(who, factor, &code).await {
                Ok(codes) => {
                    let back = visitor.onward(&format!("{}{here}", visitor.frame.prefix));
                    second::codes_page(visitor, codes.as_ref(), &back.unwrap_or_else(Onward::home))
                }
                Err(Error::SecondFactor) => page(member, Begun::default(), true).await,
                Err(error) => Err(error.into()),
            }
        }
        ("remove", Some(factor)) => {
            factors.remove(who, factor).await?;
            Ok(visitor.redirect(here))
        }
        ("codes", _) => {
            let codes = factors.renew_codes(who).await?;
            let back = visitor.onward(&format!("{}{here}", visitor.frame.prefix));
            second::codes_page(visitor, Some(&codes), &back.unwrap_or_else(Onward::home))
        }
        _ => Err(Problem::new(Code::BAD_REQUEST)),
    }
}
