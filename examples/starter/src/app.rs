//! The routes, and the order in which a request passes the layers.

use std::{convert::Infallible, time::Duration};

use axum::{Router, extract::Request, response::Response};
use http::Method;
use saas_auth::{
    mfa::MfaLayer,
    oauth,
    pages::{self, RefusalLayer},
};
use saas_core::{config::ConfigError, edge};
use saas_edge::{
    AddressLimitLayer, CallerLimitLayer,
    idempotency::IdempotencyLayer,
    network::NetworkLayer,
    requests::{RequestsLayer, RouteLayer},
};
use saas_rbac::{Access, Public, Routes};
use saas_tenancy::{AdmitLayer, TenantLayer, TransactionLayer};
use tower::{Layer as _, util::BoxCloneSyncService};

use crate::{
    account, api_keys, audit, clients, config::StarterConfig, devices, files, groups, invitations,
    me, members, mfa, openapi, operations, passkeys, password, permission::Can, projects, roles,
    sessions, settings, signup, state::AppState, tasks,
};

/// How recent a sign-in has to be where something is made that outlives it.
const RECENT: Duration = Duration::from_secs(3600);

/// Every route with what it needs.
pub(crate) fn routes() -> Routes<AppState, Public> {
    Routes::new()
        .get("/api/v1/me", Access::member(), me::show)
        .delete("/api/v1/me", Access::person(), account::delete)
        .put("/api/v1/me/password", Access::person(), password::change)
        .put("/api/v1/me/email", Access::person(), account::change_email)
        .post("/api/v1/me/verify", Access::person(), account::verify)
        .post(
            "/api/v1/me/deactivate",
            Access::person(),
            account::deactivate,
        )
        .get("/api/v1/me/sessions", Access::person(), sessions::list)
        .delete(
            "/api/v1/me/sessions",
            Access::person(),
            sessions::end_everywhere,
        )
        .delete("/api/v1/me/sessions/{id}", Access::person(), sessions::end)
        .get("/api/v1/me/devices", Access::person(), devices::list)
        .delete("/api/v1/me/devices/{id}", Access::person(), devices::forget)
        .get("/api/v1/me/api-keys", Access::person(), api_keys::list)
        .post(
            "/api/v1/me/api-keys",
            Access::person().fresh_within(RECENT),
            api_keys::create,
        )
        .delete(
            "/api/v1/me/api-keys/{id}",
            Access::person(),
            api_keys::revoke,
        )
        .get("/api/v1/me/factors", Access::person(), mfa::list)
        .delete("/api/v1/me/factors/{id}", Access::person(), mfa::remove)
        .post("/api/v1/me/totp", Access::person(), mfa::enrol)
        .post("/api/v1/me/totp/{id}", Access::person(), mfa::confirm)
        .post(
            "/api/v1/me/recovery-codes",
            Access::person(),
            mfa::renew_codes,
        )
        .get("/api/v1/me/passkeys", Access::person(), passkeys::list)
        .post("/api/v1/me/passkeys", Access::person(), passkeys::begin)
        .post(
            "/api/v1/me/passkeys/{id}",
            Access::person(),
            passkeys::finish,
        )
        .patch(
            "/api/v1/me/passkeys/{id}",
            Access::person(),
            passkeys::rename,
        )
        .delete(
            "/api/v1/me/passkeys/{id}",
            Access::person(),
            passkeys::remove,
        )
        .get("/api/v1/mfa-rules", Can::ReadMembers, mfa::rules)
        .put(
            "/api/v1/mfa-rules",
            Access::permission(&Can::WriteMfaRules).fresh_within(RECENT),
            mfa::set_rules,
        )
        .delete(
            "/api/v1/members/{id}/factors",
            Access::permission(&Can::WriteMembers).fresh_within(RECENT),
            mfa::reset,
        )
        .get("/api/v1/projects", Can::ReadProjects, projects::list)
        .post("/api/v1/projects", Can::WriteProjects, projects::create)
        .get("/api/v1/projects/{id}", Can::ReadProjects, projects::show)
        .patch(
            "/api/v1/projects/{id}",
            Can::WriteProjects,
            projects::update,
        )
        .delete(
            "/api/v1/projects/{id}",
            Can::DeleteProjects,
            projects::delete,
        )
        .get(
            "/api/v1/projects/{id}/tasks",
            Can::ReadProjects,
            tasks::list,
        )
        .post(
            "/api/v1/projects/{id}/tasks",
            Can::WriteProjects,
            tasks::create,
        )
        .get(
            "/api/v1/projects/{id}/tasks/{task_id}",
            Can::ReadProjects,
            tasks::show,
        )
        .patch(
            "/api/v1/projects/{id}/tasks/{task_id}",
            Can::WriteProjects,
            tasks::update,
        )
        .delete(
            "/api/v1/projects/{id}/tasks/{task_id}",
            Can::WriteProjects,
            tasks::delete,
        )
        .get("/api/v1/files", Can::ReadFiles, files::list)
        .post("/api/v1/files", Can::WriteFiles, files::store_form_at_root)
        .get("/api/v1/files/{*path}", Can::ReadFiles, files::fetch)
        .head("/api/v1/files/{*path}", Can::ReadFiles, files::fetch)
        .put("/api/v1/files/{*path}", Can::WriteFiles, files::store)
        .post("/api/v1/files/{*path}", Can::WriteFiles, files::store_form)
        .delete("/api/v1/files/{*path}", Can::WriteFiles, files::delete)
        .post("/api/v1/files:sign", Can::ReadFiles, files::sign)
        .post(
            "/api/v1/files:batch-delete",
            Can::WriteFiles,
            files::batch_delete,
        )
        .post("/api/v1/uploads", Can::WriteFiles, files::begin)
        .head("/api/v1/uploads/{id}", Can::WriteFiles, files::go_on)
        .patch("/api/v1/uploads/{id}", Can::WriteFiles, files::go_on)
        // With `X-HTTP-Method-Override`.
        .post("/api/v1/uploads/{id}", Can::WriteFiles, files::go_on)
        .delete("/api/v1/uploads/{id}", Can::WriteFiles, files::end)
        .get("/api/v1/file-grants", Can::ReadFiles, files::grants)
        // Nobody gives what he lacks.
        .post(
            "/api/v1/file-grants",
            Access::all([Can::ReadFiles, Can::WriteFiles]),
            files::give,
        )
        .delete(
            "/api/v1/file-grants/{id}",
            Can::WriteFiles,
            files::take_back,
        )
        // What others have let the caller read, who may not read all files.
        .get("/api/v1/shared", Access::member(), files::shared)
        .get(
            "/api/v1/shared/{*path}",
            Access::member(),
            files::fetch_shared,
        )
        .get("/api/v1/members", Can::ReadMembers, members::list)
        .post("/api/v1/members", Can::WriteMembers, members::add)
        .get("/api/v1/members/{id}", Can::ReadMembers, members::show)
        .patch("/api/v1/members/{id}", Can::WriteMembers, members::update)
        .delete("/api/v1/members/{id}", Can::WriteMembers, members::remove)
        .get("/api/v1/invitations", Can::ReadMembers, invitations::list)
        .post(
            "/api/v1/invitations",
            Access::permission(&Can::WriteMembers).rate_class("letters"),
            invitations::invite,
        )
        .get(
            "/api/v1/invitations/{id}",
            Can::ReadMembers,
            invitations::show,
        )
        .delete(
            "/api/v1/invitations/{id}",
            Can::WriteMembers,
            invitations::revoke,
        )
        .post(
            "/api/v1/invitations/{id}/resend",
            Access::permission(&Can::WriteMembers).rate_class("letters"),
            invitations::resend,
        )
        .get("/api/v1/roles", Can::ReadRoles, roles::list)
        .post("/api/v1/roles", Can::WriteRoles, roles::create)
        .get("/api/v1/roles/{name}", Can::ReadRoles, roles::show)
        .put("/api/v1/roles/{name}", Can::WriteRoles, roles::update)
        .delete("/api/v1/roles/{name}", Can::WriteRoles, roles::delete)
        .post(
            "/api/v1/roles/{name}/preview",
            Access::all([Can::ReadMembers, Can::WriteRoles]),
            roles::preview,
        )
        .get("/api/v1/permissions", Can::ReadRoles, roles::permissions)
        .get(
            "/api/v1/members/{id}/permissions/{name}",
            Access::all([Can::ReadMembers, Can::ReadRoles]),
            members::explain,
        )
        .get("/api/v1/groups", Can::ReadMembers, groups::list)
        .post("/api/v1/groups", Can::WriteRoles, groups::create)
        .get("/api/v1/groups/{id}", Can::ReadMembers, groups::show)
        .patch("/api/v1/groups/{id}", Can::WriteMembers, groups::update)
        .delete("/api/v1/groups/{id}", Can::WriteRoles, groups::delete)
        .put(
            "/api/v1/groups/{id}/members/{user_id}",
            Can::WriteMembers,
            groups::join,
        )
        .delete(
            "/api/v1/groups/{id}/members/{user_id}",
            Can::WriteMembers,
            groups::leave,
        )
        .get("/api/v1/clients", Can::ReadClients, clients::list)
        .post("/api/v1/clients", Can::WriteClients, clients::create)
        .get("/api/v1/clients/{id}", Can::ReadClients, clients::show)
        .patch("/api/v1/clients/{id}", Can::WriteClients, clients::update)
        .delete("/api/v1/clients/{id}", Can::WriteClients, clients::delete)
        .post(
            "/api/v1/clients/{id}/secret",
            Can::WriteClients,
            clients::rotate_secret,
        )
        .get("/api/v1/settings", Can::ReadSettings, settings::show)
        .put(
            "/api/v1/settings/networks",
            Access::permission(&Can::WriteSettings).fresh_within(RECENT),
            settings::set_networks,
        )
        .get("/api/v1/audit", Can::ReadAudit, audit::list)
        .public()
        // The authorization server, and the pages on which people sign in.
        .mount(oauth::ROUTES, |state: &AppState| state.oauth.clone())
        .mount(pages::ROUTES, |state: &AppState| state.pages.clone())
        .mount(pages::INVITATION_ROUTES, |state: &AppState| {
            state.pages.clone()
        })
        // Whoever has an address that was signed.
        .get("/signed/{tenant_id}/{*path}", files::fetch_signed)
        .head("/signed/{tenant_id}/{*path}", files::fetch_signed)
        .put("/signed/{tenant_id}/{*path}", files::store_signed)
        .get("/shared/{tenant_id}/{grant_id}", files::fetch_link)
        .mount(
            &[(Method::OPTIONS, "/api/v1/uploads")],
            |state: &AppState| files::discovery(&state.uploads),
        )
        .post("/api/v1/signup", signup::sign_up)
        .post("/api/v1/invitations/accept", invitations::accept)
        .post("/api/v1/password/forgot", password::forgot)
        .post("/api/v1/password/reset", password::reset)
        .post("/api/v1/email/confirm", account::confirm)
        .get("/health", operations::health::health)
        .get("/health/live", operations::health::live)
        .get("/health/ready", operations::health::health)
        .get("/health/db", operations::health::database)
        .get("/metrics", operations::metrics::metrics)
        .get("/openapi.json", openapi::json)
        .get("/docs", openapi::page)
        .get("/docs/docs.css", openapi::style)
}

/// A service as the socket wants it.
pub(crate) type App = BoxCloneSyncService<Request, Response, Infallible>;

/// Looks for what is wrong and can be found without asking anybody, before anything is changed.
pub(crate) fn check(
    config: &StarterConfig,
    routes: &Routes<AppState, Public>,
) -> Result<(), ConfigError> {
    let table = routes.table();
    config.edge.check()?;
    let classes = table.rate_classes().map(|(_, _, class)| class);
    config.limits.check(classes)
}

/// Puts the layers around the routes. This is the path of a request, read from the bottom up.
pub(crate) fn build(
    config: &StarterConfig,
    routes: Routes<AppState, Public>,
    state: AppState,
) -> Result<App, Box<dyn std::error::Error>> {
    let (database, registry) = (state.database.clone(), state.registry.clone());
    let (identity, requests) = (state.identity.clone(), state.requests.clone());
    let (traffic, settings) = (state.traffic.clone(), state.settings.clone());
    let (networks, outage) = (state.networks.clone(), state.outage.clone());
    let fair_share = state.fair_share.clone();
    // What is sent again is not done again. `PUT` and `DELETE` are so by themselves.
    let routes = routes.layer(
        &[Method::POST, Method::PATCH],
        IdempotencyLayer::new(state.idempotency.clone()),
    );
    let table = routes.table();
    // Inside of the router, which knows the class of the route.
    let limits = CallerLimitLayer::new(traffic.clone(), &config.limits, table.rate_classes())?;
    // Some tenants may do more than others.
    let limits = limits.weights(settings);
    // Each route has its guard, which decides before the handler is called.
    let router: Router = routes
        .into_router(&state.authorizer)?
        .with_state(state)
        // Whatever becomes of a request, it is known from here which route it had.
        .layer((RouteLayer::new(requests.clone()), limits));
    // The transaction ends before the answer begins.
    let service = TransactionLayer::new(database).layer(router);
    // What one tenant uses at a time leaves room for the others.
    let service = fair_share.layer(service);
    // From which networks the tenant is used.
    let service = networks.layer(service);
    // Tenant and caller become a scope, or the request goes on without one.
    let service = AdmitLayer::new(registry.clone()).layer(service);
    // Whether what was proven is enough for the tenant.
    let service = MfaLayer::new(identity.second_factors().clone()).layer(service);
    // Who is calling.
    let service = identity.layer().layer(service);
    // Which tenant the address names. It stands outside the router, because it takes the prefix
    // `/t/<slug>` off before a route is chosen.
    let resolve = config.tenancy.resolve.clone();
    let service = TenantLayer::new(registry, resolve.clone()).layer(service);
    // How often one address may ask, before anything is read or looked up.
    let service = AddressLimitLayer::new(traffic, &config.limits, resolve.clone()).layer(service);
    // From which networks the service is used at all.
    let service = NetworkLayer::new(config.networks.clone(), resolve).layer(service);
    // Whoever is refused, by these or inside, sees a page in a browser; a program gets the problem as it is.
    let service = RefusalLayer::new().layer(service);
    // What every request gets, whoever sends it.
    let service = edge::stack_with(&config.edge, &outage, service)?;
    // Every one is counted.
    Ok(App::new(RequestsLayer::new(requests).layer(service)))
}
