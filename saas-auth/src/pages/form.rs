//! Forms that a page of ours has sent.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts as _},
    response::{IntoResponse as _, Response},
};
use http::Request;
use saas_core::{
    Code, Problem, Secret,
    edge::{Limits, read_body},
};
use serde::{
    Deserialize,
    de::{DeserializeOwned, value::MapDeserializer},
};

use super::{member::Member, visitor::Visitor};
use crate::{
    FormToken,
    oauth::{self, Form, MAX_FORM},
    scheme::same_origin,
};

/// A form that one of our pages was sent with by the browser that it was made for.
///
/// Fields that `T` does not know are passed over, one that appears twice is refused, and one without a value is
/// as good as absent.
#[derive(Debug)]
pub(super) struct PageForm<T> {
    pub(super) visitor: Visitor,
    pub(super) fields: T,
}

/// A [`PageForm`] of somebody who is signed in; anybody else is sent to the sign-in.
#[derive(Debug)]
pub(super) struct MemberForm<T> {
    pub(super) member: Member,
    pub(super) fields: T,
}

/// No fields.
#[derive(Debug, Deserialize)]
pub(super) struct Nothing {}

/// Gives what a secret field is that was not filled in.
pub(super) fn empty() -> Secret<String> {
    Secret::from("")
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for PageForm<T> {
    type Rejection = Problem;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        if !oauth::is_form(&parts.headers) {
            return Err(Problem::new(Code::MEDIA_TYPE));
        }
        if !same_origin(&parts) {
            return Err(Problem::new(Code::REQUEST_FORGED));
        }
        Limits::from_request_parts(&mut parts, state)
            .await?
            .set_body(MAX_FORM);
        let visitor = Visitor::from_request_parts(&mut parts, state).await?;
        let body = read_body(body).await?;
        let form = Form::parse(&body)
            .map_err(|error| Problem::new(Code::BAD_REQUEST).detail(error.description()))?;
        let sent = form.get(FormToken::FIELD).map(Secret::expose);
        if !sent.is_some_and(|sent| visitor.token.matches(sent)) {
            return Err(Problem::new(Code::REQUEST_FORGED));
        }
        let fields = form
            .filled()
            .map(|(name, value)| (name, value.expose().as_str()));
        let fields = T::deserialize(MapDeserializer::<_, serde::de::value::Error>::new(fields))
            .map_err(|_| Problem::new(Code::BAD_REQUEST))?;
        Ok(Self { visitor, fields })
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequest<S> for MemberForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request<Body>, state: &S) -> Result<Self, Response> {
        let PageForm { visitor, fields } = PageForm::from_request(request, state)
            .await
            .map_err(Problem::into_response)?;
        match Member::admit(visitor)
            .await
            .map_err(Problem::into_response)?
        {
            Ok(member) => Ok(Self { member, fields }),
            Err(visitor) => Err(visitor.redirect("/login")),
        }
    }
}
