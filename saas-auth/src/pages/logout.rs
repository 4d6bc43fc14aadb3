//! Signing out.

use askama::Template;
use axum::response::Response;
use http::header;
use saas_core::Problem;
use serde::Deserialize;

use super::{
    answer::Page,
    form::MemberForm,
    member::Member,
    visitor::{Frame, Visitor},
};
use crate::{FormToken, SessionCookie};

#[derive(Template)]
#[template(path = "logout.html")]
struct LogoutPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
}

/// A form without fields.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// `GET /logout` asks, because a link must not sign anybody out.
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    let Member { visitor, .. } = member;
    let page = Page::new(&LogoutPage {
        frame: &visitor.frame,
        token: &visitor.token,
    })?;
    Ok(visitor.show(page))
}

/// `POST /logout`
pub(super) async fn sign_out(form: MemberForm<Nothing>) -> Result<Response, Problem> {
    let Member {
        visitor,
        session,
        scope,
    } = form.member;
    let mut tx = visitor.identity.database().write(&scope);
    let sessions = visitor.identity.sessions();
    sessions.end(&mut tx, session.user, session.id).await?;
    tx.commit().await.map_err(crate::Error::from)?;
    Ok(signed_out(&visitor))
}

/// Takes the cookie away and shows the sign-in.
pub(super) fn signed_out(visitor: &Visitor) -> Response {
    let mut response = visitor.redirect("/login?signed_out=1");
    if let Some(cookie) = SessionCookie::of(visitor.tenant.id()).clear() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}
