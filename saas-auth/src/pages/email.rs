//! Asking for another address.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Problem, Secret};
use serde::Deserialize;

use super::{
    answer::{Page, Said},
    form::{self, MemberForm},
    member::Member,
    visitor::{Frame, Visitor},
};
use crate::{Email, Error, FormToken};

#[derive(Template)]
#[template(path = "email.html")]
struct EmailPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    email: &'a str,
    wrong: Wrong,
}

/// What is wrong with the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    Nothing,
    Email,
    Password,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    email: String,
    #[serde(default = "form::empty")]
    password: Secret<String>,
}

/// `GET /account/email`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    form(&member.visitor, "", Wrong::Nothing)
}

fn form(visitor: &Visitor, email: &str, wrong: Wrong) -> Result<Response, Problem> {
    let page = Page::new(&EmailPage {
        frame: &visitor.frame,
        token: &visitor.token,
        email,
        wrong,
    })?;
    let status = match wrong {
        Wrong::Nothing => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(visitor.show(page.status(status)))
}

/// `POST /account/email` says the same whether another account has the address or not.
pub(super) async fn ask(form: MemberForm<Change>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let Member { visitor, scope, .. } = member;
    let Ok(email) = fields.email.parse::<Email>() else {
        return self::form(&visitor, &fields.email, Wrong::Email);
    };
    let addresses = visitor.identity.addresses();
    match addresses
        .ask_change(&scope, &fields.password, &email, &visitor.device)
        .await
    {
        Ok(()) => {}
        Err(Error::Credentials) => {
            return self::form(&visitor, &fields.email, Wrong::Password);
        }
        Err(Error::StepUp { .. }) => return Ok(visitor.sign_in_anew("/account/email")),
        Err(error) => return Err(error.into()),
    }
    let page = Page::new(&Said {
        frame: &visitor.frame,
        title: "Look at your mail",
        text: "A letter with a link is on its way to the new address. Until you have followed it, the old one stays.",
        link: ("/account", "Back to your account"),
    })?;
    Ok(visitor.show(page))
}
