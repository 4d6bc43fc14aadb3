//! Letting a program in.

use askama::Template;
use axum::response::{IntoResponse as _, Response};
use saas_core::{Problem, edge::Query};
use serde::Deserialize;

use super::{answer::Page, form::MemberForm, member::Member, visitor::Frame};
use crate::{FormToken, oauth::PendingConsent};

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    pending: &'a PendingConsent,
    request: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Asked {
    /// What the authorization endpoint has sealed.
    request: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Answer {
    request: String,
    /// `allow`; anything else is a refusal.
    answer: String,
}

async fn open(member: &Member, request: &str) -> Result<PendingConsent, Problem> {
    let Member {
        visitor, session, ..
    } = member;
    let opened = PendingConsent::open(&visitor.identity, &visitor.tenant, session, request);
    Ok(opened.await?)
}

/// `GET /consent?request=…`
pub(super) async fn show(member: Member, Query(asked): Query<Asked>) -> Result<Response, Problem> {
    let pending = open(&member, &asked.request).await?;
    let visitor = &member.visitor;
    let page = Page::new(&ConsentPage {
        frame: &visitor.frame,
        token: &visitor.token,
        pending: &pending,
        request: &asked.request,
    })?;
    Ok(visitor.show(page.leads_to(pending.redirect_uri())))
}

/// `POST /consent`
pub(super) async fn answer(form: MemberForm<Answer>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let pending = open(&member, &fields.request).await?;
    let visitor = &member.visitor;
    let destination = match fields.answer.as_str() {
        "allow" => {
            let allowed = pending.allow(&visitor.identity, visitor.prefix.as_ref());
            allowed.await?
        }
        _ => pending.deny(&visitor.identity, visitor.prefix.as_ref()),
    };
    Ok(destination.into_response())
}
