//! The forms that clients post to the endpoints which they call themselves.

use axum::body::Body;
use http::{HeaderMap, Request, header};
use saas_core::edge::{Limits, read_body};
use saas_tenancy::{Tenant, resolve::PathPrefix};

use super::{
    client::{Caller, Client},
    error::{OAuthError, Refusal},
    form::{Form, MAX_FORM},
};
use crate::{Device, Identity};

/// A form, and where it was posted to.
#[derive(Debug)]
pub(super) struct Posted {
    pub(super) form: Form,
    pub(super) device: Device,
    /// The issuer as the client knows it.
    pub(super) issuer: String,
    named: Option<Tenant>,
    headers: HeaderMap,
}

impl Posted {
    pub(super) async fn read(
        identity: &Identity,
        limits: &Limits,
        request: Request<Body>,
    ) -> Result<Self, Refusal> {
        limits.set_body(MAX_FORM);
        let (parts, body) = request.into_parts();
        if !is_form(&parts.headers) {
            return Err(OAuthError::invalid_request(
                "the body has to be `application/x-www-form-urlencoded`",
            )
            .into());
        }
        let body = read_body(body).await.map_err(Refusal::Service)?;
        Ok(Self {
            form: Form::parse(&body)?,
            device: Device::of(&parts.headers, &parts.extensions),
            issuer: identity
                .config()
                .token
                .issuer_at(parts.extensions.get::<PathPrefix>()),
            named: parts.extensions.get::<Tenant>().cloned(),
            headers: parts.headers,
        })
    }

    /// Finds out which client has posted it. Only then is looked at what it wants.
    pub(super) async fn client(&self, identity: &Identity) -> Result<Client, Refusal> {
        let caller = Caller {
            headers: &self.headers,
            tenant: self.named.as_ref(),
            issuer: &self.issuer,
            leeway: identity.config().token.leeway.into(),
        };
        identity.clients().authenticate(&caller, &self.form).await
    }

    /// Gives the tenant that the address names, if it names one.
    pub(super) const fn named(&self) -> Option<&Tenant> {
        self.named.as_ref()
    }

    /// Gives the tenant that the address names, where it has to name one.
    pub(super) fn tenant(&self) -> Result<&Tenant, OAuthError> {
        self.named().ok_or(OAuthError::invalid_request(
            "the tenant is missing: name it by the host, the header `X-Tenant` or the path",
        ))
    }
}

/// Tells whether the body says to be a form. Its text is UTF-8, whatever a parameter claims (RFC
/// 6749, appendix B), so one that claims otherwise is refused and not misread.
pub(crate) fn is_form(headers: &HeaderMap) -> bool {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("");
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or("");
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.trim().eq_ignore_ascii_case("charset") => {
                value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            _ => true,
        })
}
