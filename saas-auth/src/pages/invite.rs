//! Accepting an invitation.

use std::{fmt, sync::Arc};

use askama::Template;
use async_trait::async_trait;
use axum::{Extension, response::Response};
use http::StatusCode;
use saas_core::{Problem, Secret, edge::Query};
use saas_tenancy::TenantTx;
use serde::Deserialize;

use super::{
    answer::Page,
    form::{self, PageForm},
    logout,
    reset::Link,
    visitor::{Frame, Visitor},
};
use crate::{Accepted, Email, Error, FormToken, Invitation, Joining};

/// Receives people who have accepted an invitation. Roles are the application's.
///
/// # Contract
///
/// The person is a member in the transaction, which is committed afterwards. With an error nothing has happened,
/// and the invitation is still good. It may be called again for one invitation when a commit has failed.
#[async_trait]
pub trait Welcome: Send + Sync + 'static {
    /// Makes the person what they were invited to be.
    ///
    /// # Errors
    ///
    /// The problem that the person is shown.
    async fn welcome(&self, tx: &mut TenantTx, accepted: &Accepted) -> Result<(), Problem>;
}

/// Who receives people here.
#[derive(Clone)]
pub(super) struct Host(pub(super) Arc<dyn Welcome>);

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Host(…)")
    }
}

#[derive(Template)]
#[template(path = "invite.html")]
struct InvitePage<'a> {
    frame: &'a Frame,
    token: &'a FormToken,
    proof: &'a str,
    email: &'a str,
    /// Whether there is an account with the address already, whose password is asked for.
    known: bool,
    name: &'a str,
    wrong: &'a Wrong,
}

/// What is wrong with the form.
#[derive(Debug, Default)]
struct Wrong {
    name: bool,
    /// In words that continue "it …".
    password: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Accept {
    #[serde(default = "form::empty")]
    token: Secret<String>,
    #[serde(default)]
    name: String,
    #[serde(default = "form::empty")]
    password: Secret<String>,
}

const MAX_NAME: usize = 200;

/// `GET /invite?token=…`, which uses nothing up: programs that look through mail open links, too.
pub(super) async fn show(visitor: Visitor, Query(link): Query<Link>) -> Result<Response, Problem> {
    form(&visitor, &link.token, "", &Wrong::default()).await
}

async fn form(
    visitor: &Visitor,
    proof: &Secret<String>,
    name: &str,
    wrong: &Wrong,
) -> Result<Response, Problem> {
    let identity = &visitor.identity;
    let invitation = identity.invitations().look(&visitor.tenant, proof).await?;
    let page = Page::new(&InvitePage {
        frame: &visitor.frame,
        token: &visitor.token,
        proof: proof.expose(),
        known: is_known(visitor, &invitation).await?,
        email: &invitation.email,
        name,
        wrong,
    })?;
    let status = match wrong.name || !wrong.password.is_empty() {
        true => StatusCode::UNPROCESSABLE_ENTITY,
        false => StatusCode::OK,
    };
    Ok(visitor.show(page.status(status)))
}

/// Tells whether somebody has proven before to hold the invited address. Whoever has the token reads mail to it, and may know.
async fn is_known(visitor: &Visitor, invitation: &Invitation) -> Result<bool, Error> {
    let email: Email = invitation.email.parse().map_err(|_| Error::Link)?;
    let account = visitor.identity.accounts().by_email(&email).await?;
    // Of the others the letter is the first proof, so they choose a password like anybody new.
    Ok(account.is_some_and(|account| account.is_verified() && !account.is_provisional()))
}

/// `POST /invite`
pub(super) async fn accept(
    Extension(Host(host)): Extension<Host>,
    form: PageForm<Accept>,
) -> Result<Response, Problem> {
    let PageForm { visitor, fields } = form;
    let name = fields.name.trim();
    let mut wrong = Wrong {
        name: name.is_empty()
            || name.chars().count() > MAX_NAME
            || name.chars().any(char::is_control),
        password: String::new(),
    };
    if wrong.name {
        return self::form(&visitor, &fields.token, &fields.name, &wrong).await;
    }
    let joining = Joining::Password {
        name,
        password: &fields.password,
    };
    let invitations = visitor.identity.invitations();
    let accepted = invitations.accept(&visitor.tenant, &fields.token, joining, &visitor.device);
    let (mut tx, accepted) = match accepted.await {
        Ok(accepted) => accepted,
        Err(error) => {
            wrong.password = match error {
                Error::InvalidPassword(why) => why.to_string(),
                Error::Credentials => "is not that of your account".to_owned(),
                error => return Err(error.into()),
            };
            return self::form(&visitor, &fields.token, &fields.name, &wrong).await;
        }
    };
    host.welcome(&mut tx, &accepted).await?;
    tx.commit().await.map_err(Error::from)?;
    // The sign-in asks for whatever else it asks for.
    logout::signed_out(&visitor, "joined").await
}
