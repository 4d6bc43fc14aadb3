//! The session of a browser, by its cookie.
//!
//! A browser sends a cookie whoever made it send the request, so what changes something needs a proof besides
//! that our own page asked for it: the [`FormToken`](super::FormToken) in a header that no other site can set,
//! and an origin that is our own. A form cannot set headers; the pages of this crate read its token from the
//! form, and until then such a request is nobody's for everything else.

use http::{HeaderMap, Method, header, request::Parts};
use saas_core::{Code, KeyRing, Principal, PrincipalKind, Problem, VerifiedFacts};
use saas_tenancy::Tenant;

use super::{FormToken, Outcome, same_origin};
use crate::{BrowserSession, Error, Session, SessionCookie, Sessions, oauth::AUTHORIZE};

/// Tells whether a request carries the cookie of a session in the tenant that its address names.
pub(super) fn carries_session(parts: &Parts) -> bool {
    parts.extensions.get::<Tenant>().is_some_and(|tenant| {
        !matches!(
            SessionCookie::of(tenant.id()).read(&parts.headers),
            Ok(None)
        )
    })
}

/// Finds the session of a request, and leaves it in the extensions.
pub(super) async fn session(sessions: &Sessions, parts: &mut Parts) -> Outcome {
    match find(sessions, parts).await {
        Ok(Some(session)) => {
            let outcome = accept(sessions.database().keys(), parts, &session);
            if !matches!(outcome, Outcome::Refused(_)) {
                parts.extensions.insert(BrowserSession(session));
            }
            outcome
        }
        // A page shows the sign-in then; a program is told that it needs one.
        Ok(None) => Outcome::NotAttempted,
        Err(problem) => Outcome::Refused(problem),
    }
}

async fn find(sessions: &Sessions, parts: &Parts) -> Result<Option<Session>, Problem> {
    let Some(tenant) = parts.extensions.get::<Tenant>() else {
        return Ok(None);
    };
    let secret = SessionCookie::of(tenant.id())
        .read(&parts.headers)
        .map_err(|_| {
            Problem::new(Code::HEADER_INVALID).field("cookie", "the session appears more than once")
        })?;
    let Some(secret) = secret else {
        return Ok(None);
    };
    sessions
        .resume(tenant, &secret)
        .await
        .map_err(|error: Error| error.into())
}

fn accept(keys: &KeyRing, parts: &Parts, session: &Session) -> Outcome {
    if !parts.method.is_safe() {
        // A program may send people there by a form. It is only read then, for nobody in particular.
        if parts.uri.path() == AUTHORIZE {
            return Outcome::NotAttempted;
        }
        if !same_origin(parts) {
            return Outcome::Refused(Problem::new(Code::REQUEST_FORGED));
        }
        let token = parts.headers.get(FormToken::HEADER);
        let token = token.and_then(|value| value.to_str().ok());
        match token {
            Some(token) if FormToken::of(keys, session).matches(token) => {}
            None if is_form(&parts.method, &parts.headers) => return Outcome::NotAttempted,
            _ => return Outcome::Refused(Problem::new(Code::REQUEST_FORGED)),
        }
    }
    Outcome::Verified(principal(session))
}

/// Gives the caller that a session stands for. Where a request changes something, first see that one of our own
/// pages made it.
pub(crate) fn principal(session: &Session) -> Principal {
    #[expect(
        clippy::disallowed_methods,
        reason = "nothing makes a session but a secret that has just been compared with the database"
    )]
    Principal::assert_verified(VerifiedFacts {
        kind: PrincipalKind::User,
        subject: session.user,
        tenant: session.tenant,
        authenticated_at: session.authenticated_at,
        expires_at: session.expires_at,
        methods: session.methods.clone(),
        session: Some(session.id),
        granted: session.granted.clone(),
    })
}

/// Tells whether a request is what a form without JavaScript sends.
fn is_form(method: &Method, headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    let kind = kind
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    method == Method::POST && kind.eq_ignore_ascii_case("application/x-www-form-urlencoded")
}
