//! Confirming an address, with the link of a letter: that of the account, or a new one.

use askama::Template;
use axum::response::Response;
use saas_core::{Problem, edge::Query};

use super::{
    answer::{Page, Said},
    form::PageForm,
    reset::Link,
    visitor::{Frame, Visitor},
};
use crate::{Confirmed, Email, FormToken};

#[derive(Template)]
#[template(path = "confirm.html")]
struct ConfirmPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    email: &'a Email,
    proof: &'a str,
}

/// `GET /verify?token=…` and `GET /email?token=…`, which use nothing up: programs that look through mail open
/// links, too.
pub(super) async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Problem> {
    let addresses = visitor.identity.addresses();
    let email = addresses.look(&visitor.tenant, &link.token).await?;
    let page = Page::new(&ConfirmPage {
        frame: &visitor.frame,
        token: &visitor.token,
        email: &email,
        proof: link.token.expose(),
    })?;
    Ok(visitor.show(page))
}

/// `POST /verify` and `POST /email`
pub(super) async fn confirm(form: PageForm<Link>) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let addresses = visitor.identity.addresses();
    let confirmed = addresses.confirm(&visitor.tenant, &fields.token).await?;
    let text = match confirmed {
        Confirmed::Address => "We know now that the address is yours.",
        Confirmed::Change => "It is the address of your account from now on. Sign in with it.",
    };
    let page = Page::new(&Said {
        frame: &visitor.frame,
        title: "The address is confirmed",
        text,
        link: ("/account", "Go to your account"),
    })?;
    Ok(visitor.show(page))
}
