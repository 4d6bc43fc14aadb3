//! The pages on which people sign in and look after their account, as the server renders them.
//!
//! They need no script and load nothing from elsewhere: a policy (CSP) forbids both, so that a name with markup
//! in it stays a name. Passkeys are the one exception: a browser gives them to scripts only, so pages that ask for one
//! may run a file of ours, and nothing that stands in a page. Every link keeps the prefix of the tenant's path, so the pages stand under `/t/<slug>/` as
//! well as on a host of the tenant.
//!
//! A form changes nothing unless its own page made it. Handlers take a `PageForm` or a `MemberForm`
//! and thereby cannot forget to check: the origin of the request, and a token that is bound to the session, or
//! before the sign-in to a cookie of the browser, so that nobody can be signed in as somebody else.
//!
//! `Referrer-Policy` is `strict-origin` and not `no-referrer`: with the latter browsers send `Origin: null` with
//! our own forms (Fetch, section 3.1), which nobody could tell from a forged one. Paths and parameters, in which
//! there may be codes, are sent to nobody either way.

mod account;
mod answer;
mod apps;
mod assets;
mod confirm;
mod consent;
mod device;
mod email;
mod factors;
mod forgot;
mod form;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod invite;
mod login;
mod logout;
mod member;
mod moment;
mod onward;
mod passkey;
mod password;
mod qr;
mod refusal;
mod reset;
mod second;
mod sessions;
mod visitor;

use std::sync::Arc;

use axum::{
    Extension, Router, middleware,
    routing::{get, post},
};
use http::Method;

pub use invite::Welcome;
pub use refusal::{RefusalLayer, RefusalService};

use crate::Identity;

/// The methods and paths of [`router`], for whoever keeps a table of routes.
pub const ROUTES: &[(Method, &str)] = &[
    (Method::GET, "/login"),
    (Method::POST, "/login"),
    (Method::POST, "/login/second"),
    (Method::POST, "/login/enrol"),
    (Method::GET, "/logout"),
    (Method::POST, "/logout"),
    (Method::GET, "/consent"),
    (Method::POST, "/consent"),
    (Method::GET, "/device"),
    (Method::POST, "/device"),
    (Method::GET, "/forgot"),
    (Method::POST, "/forgot"),
    (Method::GET, "/reset"),
    (Method::POST, "/reset"),
    (Method::GET, "/verify"),
    (Method::POST, "/verify"),
    (Method::GET, "/email"),
    (Method::POST, "/email"),
    (Method::GET, "/account"),
    (Method::POST, "/account"),
    (Method::GET, "/account/email"),
    (Method::POST, "/account/email"),
    (Method::GET, "/account/password"),
    (Method::POST, "/account/password"),
    (Method::GET, "/account/factors"),
    (Method::POST, "/account/factors"),
    (Method::GET, "/account/apps"),
    (Method::POST, "/account/apps"),
    (Method::GET, "/account/sessions"),
    (Method::POST, "/account/sessions"),
    (Method::GET, assets::STYLE),
    (Method::GET, assets::THEME),
    (Method::GET, assets::PASSKEY),
];

/// The methods and paths of [`invitations`].
pub const INVITATION_ROUTES: &[(Method, &str)] =
    &[(Method::GET, "/invite"), (Method::POST, "/invite")];

/// Gives the routes of the pages. Mount them inside the layers that stand around [`Identity`]'s other routes, and
/// inside of [`edge::stack`](saas_core::edge::stack).
///
/// Signing up is not among them: what a new tenant and its owner are is for the application to say. For invitations
/// see [`invitations`].
pub fn router(identity: &Identity) -> Router {
    let routes = Router::new()
        .route("/login", get(login::show).post(login::sign_in))
        .route("/login/second", post(second::prove))
        .route("/login/enrol", post(second::confirm))
        .route("/account/factors", get(factors::show).post(factors::change))
        .route("/logout", get(logout::show).post(logout::sign_out))
        .route("/consent", get(consent::show).post(consent::answer))
        .route("/device", get(device::show).post(device::answer))
        .route("/forgot", get(forgot::show).post(forgot::ask))
        .route("/reset", get(reset::show).post(reset::set))
        .route("/verify", get(confirm::show).post(confirm::confirm))
        .route("/email", get(confirm::show).post(confirm::confirm))
        .route("/account", get(account::show).post(account::verify))
        .route("/account/email", get(email::show).post(email::ask))
        .route(
            "/account/password",
            get(password::show).post(password::change),
        )
        .route("/account/apps", get(apps::show).post(apps::withdraw))
        .route("/account/sessions", get(sessions::show).post(sessions::end))
        .route(assets::STYLE, get(assets::style))
        .route(assets::THEME, get(assets::theme))
        .route(assets::PASSKEY, get(assets::script));
    dressed(routes, identity)
}

/// Gives the route of the page on which people accept an invitation, and become what they were invited to be.
///
/// ```
/// use std::sync::Arc;
///
/// use async_trait::async_trait;
/// use saas_auth::{Accepted, Identity, pages};
/// use saas_core::Problem;
/// use saas_tenancy::TenantTx;
///
/// struct Roles;
///
/// #[async_trait]
/// impl pages::Welcome for Roles {
///     async fn welcome(&self, tx: &mut TenantTx, accepted: &Accepted) -> Result<(), Problem> {
///         for role in &accepted.invitation.roles {
///             // … give it to `accepted.user`, as far as who invited them still may …
///             # let _ = (&tx, role);
///         }
///         Ok(())
///     }
/// }
///
/// fn routes(identity: &Identity) -> axum::Router {
///     pages::router(identity).merge(pages::invitations(identity, Arc::new(Roles)))
/// }
/// # let _ = routes;
/// ```
pub fn invitations(identity: &Identity, welcome: Arc<dyn Welcome>) -> Router {
    let routes = Router::new()
        .route("/invite", get(invite::show).post(invite::accept))
        .route_layer(Extension(invite::Host(welcome)));
    dressed(routes, identity)
}

fn dressed(routes: Router, identity: &Identity) -> Router {
    routes
        .route_layer(middleware::from_fn(refusal::dress))
        .route_layer(Extension(identity.clone()))
}
