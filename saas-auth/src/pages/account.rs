//! What a person is here.

use askama::Template;
use axum::response::Response;
use saas_core::{Problem, edge::Query};
use serde::Deserialize;

use super::{
    answer::Page,
    form::{MemberForm, Nothing},
    member::Member,
    visitor::Frame,
};
use crate::{Error, FormToken, Membership};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    name: &'a str,
    email: &'a str,
    verified: bool,
    /// Whether a letter has just been asked for.
    sent: bool,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    sent: String,
}

/// `GET /account`
pub(super) async fn show(member: Member, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let Member {
        visitor,
        scope,
        session,
    } = member;
    let mut tx = visitor.identity.database().read(&scope);
    let id = Membership::id_of(session.user);
    let membership = tx.repo::<Membership>().get(id).await.map_err(Error::from)?;
    drop(tx);
    let account = visitor.identity.accounts().by_id(session.user).await?;
    let page = Page::new(&AccountPage {
        frame: &visitor.frame,
        token: &visitor.token,
        name: &membership.name,
        email: account.as_ref().map_or("", |account| account.email()),
        verified: account
            .as_ref()
            .is_some_and(|account| account.is_verified()),
        sent: !asked.sent.is_empty(),
    })?;
    Ok(visitor.show(page))
}

/// `POST /account` asks for another letter that verifies the address. How many a person gets is bounded where they
/// are sent.
pub(super) async fn verify(form: MemberForm<Nothing>) -> Result<Response, Problem> {
    let Member {
        visitor,
        scope,
        session,
    } = form.member;
    let mut tx = visitor.identity.database().write(&scope);
    let addresses = visitor.identity.addresses();
    addresses.ask_verification(&mut tx, session.user).await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(visitor.redirect("/account?sent=1"))
}
