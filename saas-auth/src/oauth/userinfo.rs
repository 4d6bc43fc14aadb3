//! What a program may know of the person who let it in (OpenID Connect Core, section 5.3).
//!
//! The token may come in the header, or in the form of a `POST` (RFC 6750, sections 2.1 and 2.2), in one of them
//! only. The errors are those of RFC 6750, section 3.1.

use axum::{
    Extension, Json,
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderMap, Method, Request, header};
use saas_core::{
    Code, PrincipalKind, Problem, Secret,
    edge::{Limits, read_body},
};
use saas_tenancy::{Status, Tenant};
use serde::Serialize;

use super::{
    form::{Form, MAX_FORM},
    person::Person,
    posted::is_form,
    routes::private,
};
use crate::{Device, Identity, token::PersonClaims};

#[derive(Debug, Serialize)]
struct UserInfo {
    sub: String,
    #[serde(flatten)]
    person: PersonClaims,
}

/// `GET` and `POST /oauth/userinfo`.
pub(super) async fn userinfo(
    Extension(identity): Extension<Identity>,
    limits: Limits,
    request: Request<Body>,
) -> Response {
    limits.set_body(MAX_FORM);
    match answer(&identity, request).await {
        Ok(told) => private(Ok(Json(told))),
        Err(problem) => problem.into_response(),
    }
}

async fn answer(identity: &Identity, request: Request<Body>) -> Result<UserInfo, Problem> {
    let (parts, body) = request.into_parts();
    let in_header = from_header(&parts.headers)?;
    let in_body = match parts.method == Method::POST && is_form(&parts.headers) {
        true => Form::parse(&read_body(body).await?)
            .map_err(|error| malformed(error.description()))?
            .get("access_token")
            .cloned(),
        false => None,
    };
    let token = match (in_header, in_body) {
        (Some(_), Some(_)) => return Err(malformed("there are two tokens")),
        (Some(token), None) | (None, Some(token)) => token,
        (None, None) => {
            return Err(Problem::new(Code::UNAUTHENTICATED).challenge("Bearer"));
        }
    };
    let known = identity
        .verifier()
        .known(token.expose())
        .map_err(|reason| {
            tracing::debug!(%reason, "token refused");
            invalid()
        })?;
    let holder = known.principal;
    // A token opens nothing at the address of another tenant.
    let named = parts.extensions.get::<Tenant>();
    match named {
        Some(named) if named.id() != holder.tenant() => return Err(invalid()),
        Some(_) => {}
        None => {
            let device = Device::of(&parts.headers, &parts.extensions);
            let checked = identity.check_network(holder.tenant(), device.address());
            checked.await?;
        }
    }
    if holder.kind() != PrincipalKind::User || !holder.granted().covers("openid") {
        let challenge = "Bearer error=\"insufficient_scope\", scope=\"openid\"";
        return Err(Problem::new(Code::FORBIDDEN).challenge(challenge));
    }
    let tenant = identity.registry().by_id(holder.tenant()).await?;
    let tenant = tenant
        .filter(|tenant| tenant.status() == Status::Active)
        .ok_or_else(invalid)?;
    let person = Person::find(identity, &tenant, holder.subject()).await?;
    Ok(UserInfo {
        sub: holder.subject().to_string(),
        person: person.ok_or_else(invalid)?.claims(holder.granted()),
    })
}

fn from_header(headers: &HeaderMap) -> Result<Option<Secret<String>>, Problem> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = match (values.next(), values.next()) {
        (None, _) => return Ok(None),
        (Some(value), None) => value.to_str().ok(),
        (Some(_), Some(_)) => return Err(malformed("there are two tokens")),
    };
    value
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token)
        .filter(|token| !token.is_empty() && !token.contains(' '))
        .map(|token| Some(Secret::new(token.to_owned())))
        .ok_or_else(|| malformed("the header has to be `Bearer`, one space, and a token"))
}

fn malformed(detail: &'static str) -> Problem {
    Problem::new(Code::BAD_REQUEST)
        .detail(detail)
        .challenge("Bearer error=\"invalid_request\"")
}

fn invalid() -> Problem {
    Problem::new(Code::TOKEN_INVALID).challenge("Bearer error=\"invalid_token\"")
}
