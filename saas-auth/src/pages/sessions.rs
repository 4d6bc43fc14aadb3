//! Where a person is signed in.

use std::collections::BTreeMap;

use askama::Template;
use axum::response::Response;
use saas_core::{Code, Problem, SessionId};
use serde::Deserialize;

use super::{
    answer::Page,
    form::MemberForm,
    logout,
    member::Member,
    moment::Moment,
    visitor::{Frame, Visitor},
};
use crate::{Error, FormToken, SessionInfo};

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    devices: Vec<Device>,
}

/// A session as it is shown.
struct Device {
    id: SessionId,
    /// Whether it is that of the page.
    own: bool,
    name: String,
    address: String,
    since: Moment,
    seen: Moment,
}

/// Which sessions to end: `others`, `everywhere`, or an id.
#[derive(Debug, Deserialize)]
pub(super) struct End {
    #[serde(default)]
    end: String,
}

/// `GET /account/sessions`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    let Member {
        visitor,
        scope,
        session,
    } = member;
    let mut tx = visitor.identity.database().read(&scope);
    let sessions = visitor
        .identity
        .sessions()
        .list(&mut tx, session.user)
        .await?;
    drop(tx);
    let programs = programs(&visitor, &sessions).await?;
    let page = Page::new(&SessionsPage {
        frame: &visitor.frame,
        token: &visitor.token,
        devices: sessions
            .into_iter()
            .map(|shown| Device {
                id: shown.id,
                own: shown.id == session.id,
                name: name(&shown, &programs),
                since: shown.created_at.into(),
                seen: shown.seen_at.into(),
                address: shown.address,
            })
            .collect(),
    })?;
    Ok(visitor.show(page))
}

/// `POST /account/sessions`
pub(super) async fn end(form: MemberForm<End>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let Member {
        visitor,
        scope,
        session,
    } = member;
    let sessions = visitor.identity.sessions();
    if fields.end == "everywhere" {
        sessions.end_everywhere(session.user, None).await?;
        return logout::signed_out(&visitor, "signed-out").await;
    }
    let mut tx = visitor.identity.database().write(&scope);
    let mut out = false;
    if fields.end == "others" {
        sessions
            .end_all(&mut tx, session.user, Some(session.id))
            .await?;
    } else {
        let id: SessionId = fields
            .end
            .parse()
            .map_err(|_| Problem::new(Code::NOT_FOUND))?;
        // One that has ended meanwhile is what was wanted.
        sessions.end(&mut tx, session.user, id).await?;
        out = id == session.id;
    }
    tx.commit().await.map_err(Error::from)?;
    match out {
        true => logout::signed_out(&visitor, "signed-out").await,
        false => Ok(visitor.redirect("/account/sessions")),
    }
}

/// Finds the names of the programs among sessions, by their `client_id`.
async fn programs(
    visitor: &Visitor,
    sessions: &[SessionInfo],
) -> Result<BTreeMap<String, String>, Error> {
    let clients = visitor.identity.clients();
    let mut names = BTreeMap::new();
    for id in sessions
        .iter()
        .filter_map(|session| session.client.as_ref())
    {
        if names.contains_key(id) {
            continue;
        }
        if let Some(client) = clients.find(Some(&visitor.tenant), id).await? {
            names.insert(id.clone(), client.name);
        }
    }
    Ok(names)
}

/// Names a browser or program as people know it. What it sends is its own claim, and is shown as text.
fn name(session: &SessionInfo, programs: &BTreeMap<String, String>) -> String {
    match &session.client {
        Some(client) => programs.get(client).unwrap_or(client).clone(),
        None => browser(&session.device),
    }
}

fn browser(agent: &str) -> String {
    // The first that fits: browsers name those that they want to be taken for as well.
    let find = |names: &[(&'static str, &'static str)]| {
        names
            .iter()
            .find(|(mark, _)| agent.contains(mark))
            .map(|(_, name)| *name)
    };
    let browser = find(&[
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    ]);
    let system = find(&[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ]);
    match (browser, system) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(browser), None) => browser.to_owned(),
        _ if agent.is_empty() => "Unknown browser".to_owned(),
        _ => agent.chars().take(60).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_as_people_know_it() {
        let named = |agent: &str| browser(agent);
        let chrome = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
        assert_eq!(named(chrome), "Chrome on Linux");
        assert_eq!(named(&format!("{chrome} Edg/142.0")), "Edge on Linux");
        assert_eq!(
            named(
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1"
            ),
            "Safari on iPhone"
        );
        assert_eq!(
            named(
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:144.0) Gecko/20100101 Firefox/144.0"
            ),
            "Firefox on Windows"
        );
        assert_eq!(named(""), "Unknown browser");
        assert_eq!(named("curl/8.17"), "curl/8.17");
        assert_eq!(named(&"x".repeat(200)).len(), 60);
    }
}
