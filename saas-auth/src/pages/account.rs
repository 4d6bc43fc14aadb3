//! What a person is here.

use askama::Template;
use axum::response::Response;
use saas_core::Problem;

use super::{answer::Page, member::Member, visitor::Frame};
use crate::{Error, Membership};

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage<'a> {
    frame: &'a Frame,
    membership: &'a Membership,
    email: &'a str,
}

/// `GET /account`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
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
    let email = account.as_ref().map_or("", |account| account.email());
    let page = Page::new(&AccountPage {
        frame: &visitor.frame,
        membership: &membership,
        email,
    })?;
    Ok(visitor.show(page))
}
