//! Asking for a link to set a forgotten password.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::Problem;
use serde::Deserialize;

use super::{
    answer::{Page, Said},
    form::PageForm,
    visitor::{Frame, Visitor},
};
use crate::{Email, FormToken};

#[derive(Template)]
#[template(path = "forgot.html")]
struct ForgotPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    email: &'a str,
    wrong: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Forgot {
    email: String,
}

/// `GET /forgot`
pub(super) async fn show(visitor: Visitor) -> Result<Response, Problem> {
    form(&visitor, "", false)
}

fn form(visitor: &Visitor, email: &str, wrong: bool) -> Result<Response, Problem> {
    let page = Page::new(&ForgotPage {
        frame: &visitor.frame,
        token: &visitor.token,
        email,
        wrong,
    })?;
    let status = match wrong {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok(visitor.show(page.status(status)))
}

/// `POST /forgot` says the same whether there is such an account or not.
pub(super) async fn ask(form: PageForm<Forgot>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let Ok(email) = fields.email.parse::<Email>() else {
        return self::form(&visitor, &fields.email, true);
    };
    let (identity, tenant) = (&visitor.identity, &visitor.tenant);
    identity
        .password_changes()
        .ask(tenant, &email, &visitor.device)
        .await?;
    let page = Page::new(&Said {
        frame: &visitor.frame,
        title: "Look at your mail",
        text: "If you have an account with this address here, a letter with a link is on its way to you.",
        link: ("/login", "Back to the sign-in"),
    })?;
    Ok(visitor.show(page))
}
