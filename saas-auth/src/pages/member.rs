//! Somebody who is signed in, on a page.

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse as _, Response},
};
use http::request::Parts;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use saas_core::Problem;
use saas_tenancy::Scope;

use super::visitor::Visitor;
use crate::{Session, scheme};

/// Somebody who is signed in to the tenant, and may look and act there. Anybody else is sent to the sign-in, and
/// back afterwards.
///
/// Where something is to be changed, take a [`MemberForm`](super::form::MemberForm).
#[derive(Debug)]
pub(super) struct Member {
    pub(super) visitor: Visitor,
    pub(super) session: Session,
    pub(super) scope: Scope,
}

impl Member {
    /// Admits a visitor who has a session.
    pub(super) async fn admit(visitor: Visitor) -> Result<Result<Self, Visitor>, Problem> {
        let Some(session) = visitor.session.clone() else {
            return Ok(Err(visitor));
        };
        let registry = visitor.identity.registry();
        let scope = registry.admit(scheme::principal(&session)).await?;
        Ok(Ok(Self {
            visitor,
            session,
            scope,
        }))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Member {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        let refused = Problem::into_response;
        let visitor = <Visitor as FromRequestParts<S>>::from_request_parts(parts, state).await;
        match Self::admit(visitor.map_err(refused)?)
            .await
            .map_err(refused)?
        {
            Ok(member) => Ok(member),
            Err(visitor) => {
                let here = parts.uri.path_and_query().map_or("", |here| here.as_str());
                let here = utf8_percent_encode(here, NON_ALPHANUMERIC);
                Err(visitor.redirect(&format!("/login?continue={here}")))
            }
        }
    }
}
