//! Changing the password.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Problem, Secret};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, MemberForm},
    logout,
    member::Member,
    visitor::{Frame, Visitor},
};
use crate::{Error, FormToken};

#[derive(Template)]
#[template(path = "password.html")]
struct PasswordPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    /// Whether the current password is wrong.
    unknown: bool,
    /// What is wrong with the new one, in words that continue "it …".
    wrong: &'a str,
}

#[derive(Debug, Deserialize)]
pub(super) struct Change {
    #[serde(default = "form::empty")]
    current: Secret<String>,
    #[serde(default = "form::empty")]
    password: Secret<String>,
}

/// `GET /account/password`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    form(&member.visitor, false, "")
}

fn form(visitor: &Visitor, unknown: bool, wrong: &str) -> Result<Response, Problem> {
    let page = Page::new(&PasswordPage {
        frame: &visitor.frame,
        token: &visitor.token,
        unknown,
        wrong,
    })?;
    let status = match (unknown, wrong) {
        (false, "") => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(visitor.show(page.status(status)))
}

/// `POST /account/password`. Every sign-in ends with it, this one too.
pub(super) async fn change(form: MemberForm<Change>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let Member { visitor, scope, .. } = member;
    let changes = visitor.identity.password_changes();
    let changed = changes.change(&scope, &fields.current, &fields.password, &visitor.device);
    match changed.await {
        Ok(()) => logout::signed_out(&visitor, "password").await,
        Err(Error::Credentials) => self::form(&visitor, true, ""),
        Err(Error::InvalidPassword(why)) => self::form(&visitor, false, &why.to_string()),
        Err(error) => Err(error.into()),
    }
}
