//! Signing out.

use askama::Template;
use axum::response::Response;
use http::header;
use saas_core::Problem;

use super::{
    answer::Page,
    form::{MemberForm, Nothing},
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
    signed_out(&visitor, "signed-out").await
}

/// Ends the session that the browser is still in, takes the cookie away and shows the sign-in, with a word for what
/// has happened.
pub(super) async fn signed_out(visitor: &Visitor, notice: &str) -> Result<Response, Problem> {
    if let Some(session) = &visitor.session {
        visitor.identity.sessions().end_now(session).await?;
    }
    let mut response = visitor.redirect(&format!("/login?notice={notice}"));
    if let Some(cookie) = SessionCookie::of(visitor.tenant.id()).clear() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
