//! A search for leaks between tenants, over HTTP.
//!
//! The probe knows nothing of the service but its OpenAPI document. It signs in as two tenants, learns from
//! what the second may read which ids, names and cursors it has, and then calls every operation as the first
//! with the second's values. An answer gives the second tenant away when it differs in anything from the
//! answer to a value that nobody has, when it holds what only the second knows, or when the second finds its
//! data changed afterwards.

mod compare;
mod document;
mod harvest;
mod report;
mod run;
mod sample;

use std::{collections::BTreeSet, convert::Infallible};

use axum::{body::Body, response::Response};
use http::Request;
use serde_json::Value;
use tower::Service;

use self::{document::Document, run::Run};
pub use report::{Leak, LeakReport};

/// More values of one parameter than this are not tried.
const MAX_VALUES: usize = 24;

/// One of the two tenants: how to call as one of its members, and what names it.
#[derive(Debug, Clone)]
pub struct ProbeTenant {
    token: String,
    headers: Vec<(String, String)>,
    markers: Vec<(String, String)>,
    canaries: Vec<String>,
}

impl ProbeTenant {
    /// Takes an access token of a member who may read as much as possible.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            token: token.into(),
            headers: Vec::new(),
            markers: Vec::new(),
            canaries: Vec::new(),
        }
    }

    /// Adds a header to every call of this tenant, such as the `x-tenant` without which the service answers nobody.
    #[must_use]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a header that names the tenant, such as `x-tenant` or `host`: the other one tries its own token with it.
    #[must_use]
    pub fn marker(mut self, header: impl Into<String>, value: impl Into<String>) -> Self {
        self.markers.push((header.into(), value.into()));
        self
    }

    /// Adds a text that stands in this tenant's data and nowhere else.
    #[must_use]
    pub fn canary(mut self, text: impl Into<String>) -> Self {
        self.canaries.push(text.into());
        self
    }
}

/// Calls every operation of a service as one tenant with another's ids.
///
/// ```no_run
/// # async fn example(router: axum::Router, document: serde_json::Value, acme: String, beta: String) {
/// use saas_testkit::{LeakProbe, ProbeTenant};
///
/// LeakProbe::new(router, &document)
///     .caller(ProbeTenant::new(acme))
///     .victim(ProbeTenant::new(beta).marker("x-tenant", "beta").canary("only beta says so"))
///     .run()
///     .await
///     .assert_clean();
/// # }
/// ```
///
/// A route that is added later is covered as soon as it is in the document. An operation with a parameter of
/// which the second tenant has no value cannot be tried; nor can one that refuses whatever the document allows, before it
/// looks for what is named, because the document does not say what it wants (by `example`, `enum`, `const` or `default`). The
/// report names it, and [`assert_clean`](LeakReport::assert_clean) fails, unless it was [excused](LeakProbe::excuse).
#[derive(Debug, Clone)]
pub struct LeakProbe<S> {
    service: S,
    document: Document,
    caller: Option<ProbeTenant>,
    victim: Option<ProbeTenant>,
    excused: BTreeSet<String>,
}

impl<S> LeakProbe<S>
where
    S: Service<Request<Body>, Response = Response, Error = Infallible> + Clone,
{
    /// Takes a service, such as an `axum::Router`, and its OpenAPI document.
    #[must_use]
    pub fn new(service: S, document: &Value) -> Self {
        Self {
            service,
            document: Document::read(document),
            caller: None,
            victim: None,
            excused: BTreeSet::new(),
        }
    }

    /// Sets the tenant that calls.
    #[must_use]
    pub fn caller(mut self, tenant: ProbeTenant) -> Self {
        self.caller = Some(tenant);
        self
    }

    /// Sets the tenant whose data must stay unknown. It should have a value of every kind.
    #[must_use]
    pub fn victim(mut self, tenant: ProbeTenant) -> Self {
        self.victim = Some(tenant);
        self
    }

    /// Excuses an operation, such as `GET /reports/{year}`, from being tried with a foreign value.
    #[must_use]
    pub fn excuse(mut self, operation: impl Into<String>) -> Self {
        self.excused.insert(operation.into());
        self
    }

    /// Runs the probe.
    ///
    /// # Panics
    ///
    /// When a tenant is missing, when the token of the first is good for nothing, or when the second may read nothing: a probe
    /// without values proves nothing.
    pub async fn run(self) -> LeakReport {
        let caller = self.caller.expect("the probe needs a caller");
        let victim = self.victim.expect("the probe needs a victim");
        let tenants = [caller, victim];
        Run::new(self.service, self.document, tenants, self.excused)
            .finish()
            .await
    }
}
