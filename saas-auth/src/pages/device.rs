//! Letting a device in that shows a code (RFC 8628, section 3.3).

use askama::Template;
use axum::response::Response;
use http::StatusCode;
use saas_core::{Problem, edge::Query};
use serde::Deserialize;

use super::{answer::Page, form::MemberForm, member::Member, visitor::Frame};
use crate::{
    FormToken,
    oauth::{DeviceRequest, ScopeInfo},
};

/// The longest code that is shown again; those that are right are shorter.
const MAX_CODE: usize = 20;

#[derive(Template)]
#[template(path = "device_code.html")]
struct CodePage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    code: &'a str,
    wrong: bool,
}

#[derive(Template)]
#[template(path = "device_ask.html")]
struct AskPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    code: &'a str,
    asking: &'a DeviceRequest,
    scopes: Vec<&'a ScopeInfo>,
}

#[derive(Template)]
#[template(path = "device_done.html")]
struct DonePage<'a> {
    frame: &'a Frame,
    allowed: bool,
}

/// What the address that a device shows says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Shown {
    user_code: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    user_code: String,
    /// `allow`, `deny`, or nothing as long as only the code was typed.
    answer: String,
}

/// `GET /device`, which looks nothing up: wrong codes count, and looking must change nothing.
pub(super) async fn show(member: Member, Query(shown): Query<Shown>) -> Result<Response, Problem> {
    let visitor = &member.visitor;
    let code: String = shown.user_code.chars().take(MAX_CODE).collect();
    let page = Page::new(&CodePage {
        frame: &visitor.frame,
        token: &visitor.token,
        code: &code,
        wrong: false,
    })?;
    Ok(visitor.show(page))
}

/// `POST /device`: first the code, then the answer.
pub(super) async fn answer(form: MemberForm<Typed>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let Member {
        visitor, session, ..
    } = &member;
    let devices = visitor.identity.devices();
    let (tenant, code) = (&visitor.tenant, fields.user_code.as_str());
    let answered = match fields.answer.as_str() {
        "allow" => devices.allow(tenant, session, code).await?,
        "deny" => devices.deny(tenant, session, code).await?,
        _ => {
            return match devices.find(tenant, session, code).await? {
                Some(asking) => ask(&member, code, &asking),
                None => wrong(&member, code),
            };
        }
    };
    if !answered {
        return wrong(&member, code);
    }
    let page = Page::new(&DonePage {
        frame: &visitor.frame,
        allowed: fields.answer == "allow",
    })?;
    Ok(visitor.show(page))
}

fn ask(member: &Member, code: &str, asking: &DeviceRequest) -> Result<Response, Problem> {
    let visitor = &member.visitor;
    let known = visitor.identity.clients().scopes();
    let page = Page::new(&AskPage {
        frame: &visitor.frame,
        token: &visitor.token,
        code,
        asking,
        scopes: asking
            .scopes
            .iter()
            .filter_map(|name| known.find(name))
            .collect(),
    })?;
    Ok(visitor.show(page))
}

fn wrong(member: &Member, code: &str) -> Result<Response, Problem> {
    let visitor = &member.visitor;
    let code: String = code.chars().take(MAX_CODE).collect();
    let page = Page::new(&CodePage {
        frame: &visitor.frame,
        token: &visitor.token,
        code: &code,
        wrong: true,
    })?;
    Ok(visitor.show(page.status(StatusCode::UNPROCESSABLE_ENTITY)))
}
