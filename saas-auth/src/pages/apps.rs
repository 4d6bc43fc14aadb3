//! What a person has let in.

use askama::Template;
use axum::response::Response;
use saas_core::Problem;
use serde::Deserialize;

use super::{answer::Page, form::MemberForm, member::Member, moment::Moment, visitor::Frame};
use crate::{Error, FormToken};

#[derive(Template)]
#[template(path = "apps.html")]
struct AppsPage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    apps: &'a [App],
}

/// A program that was let in.
struct App {
    client: String,
    name: String,
    since: Moment,
    /// What it may do, in words.
    may: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Withdraw {
    client: String,
}

/// `GET /account/apps`
pub(super) async fn show(member: Member) -> Result<Response, Problem> {
    let Member {
        visitor,
        scope,
        session,
    } = member;
    let identity = &visitor.identity;
    let mut tx = identity.database().read(&scope);
    let consents = identity.consents().list(&mut tx, session.user).await?;
    drop(tx);
    let clients = identity.clients();
    let mut apps = Vec::with_capacity(consents.len());
    for consent in consents {
        let client = clients.find(Some(&visitor.tenant), &consent.client).await?;
        let words = |scope: &String| {
            let known = clients.scopes().find(scope);
            known.map_or_else(|| scope.clone(), |known| known.description.to_string())
        };
        apps.push(App {
            name: client.map_or_else(|| consent.client.clone(), |client| client.name),
            since: consent.created_at.into(),
            may: consent.scopes.iter().map(words).collect(),
            client: consent.client,
        });
    }
    let page = Page::new(&AppsPage {
        frame: &visitor.frame,
        token: &visitor.token,
        apps: &apps,
    })?;
    Ok(visitor.show(page))
}

/// `POST /account/apps`
pub(super) async fn withdraw(form: MemberForm<Withdraw>) -> Result<Response, Problem> {
    let MemberForm { member, fields } = form;
    let Member {
        visitor,
        scope,
        session,
    } = member;
    let identity = &visitor.identity;
    let mut tx = identity.database().write(&scope);
    // One that was withdrawn meanwhile is what was wanted.
    let consents = identity.consents();
    consents
        .withdraw(&mut tx, session.user, &fields.client)
        .await?;
    tx.commit().await.map_err(Error::from)?;
    Ok(visitor.redirect("/account/apps"))
}
