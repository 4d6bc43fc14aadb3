//! Setting a forgotten password, with the link of a letter.

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Problem, Secret, edge::Query};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, PageForm},
    logout,
    visitor::{Frame, Visitor},
};
use crate::{Error, FormToken};

#[derive(Template)]
#[template(path = "reset.html")]
struct ResetPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    proof: &'a str,
    /// What is wrong with the password, in words that continue "it …".
    wrong: &'a str,
}

/// The token of a link.
#[derive(Debug, Deserialize)]
pub(super) struct Link {
    #[serde(default = "form::empty")]
    pub(super) token: Secret<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reset {
    #[serde(default = "form::empty")]
    token: Secret<String>,
    #[serde(default = "form::empty")]
    password: Secret<String>,
}

/// `GET /reset?token=…`, which uses nothing up: programs that look through mail open links, too.
pub(super) async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Problem> {
    let changes = visitor.identity.password_changes();
    changes.look(&visitor.tenant, &link.token).await?;
    form(&visitor, &link.token, "")
}

fn form(visitor: &Visitor, proof: &Secret<String>, wrong: &str) -> Result<Response, Problem> {
    let page = Page::new(&ResetPage {
        frame: &visitor.frame,
        token: &visitor.token,
        proof: proof.expose(),
        wrong,
    })?;
    let status = match wrong {
        "" => StatusCode::OK,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    Ok(visitor.show(page.status(status)))
}

/// `POST /reset`. Nobody is signed in by it: the sign-in asks for whatever else it asks for.
pub(super) async fn set(form: PageForm<Reset>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let changes = visitor.identity.password_changes();
    let set = changes.reset(&visitor.tenant, &fields.token, &fields.password);
    match set.await {
        Ok(_) => logout::signed_out(&visitor, "password").await,
        Err(Error::InvalidPassword(why)) => self::form(&visitor, &fields.token, &why.to_string()),
        Err(error) => Err(error.into()),
    }
}
