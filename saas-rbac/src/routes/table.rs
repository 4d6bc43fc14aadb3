//! The list of routes, for people and for programs.

use std::fmt;

use http::Method;
use serde::Serialize;

use crate::Access;

/// All routes of a service.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct RouteTable {
    rows: Vec<RouteInfo>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RouteInfo {
    /// The method.
    pub method: String,
    /// The path, with parameters in braces.
    pub path: String,
    /// Who may call it: `public`, `member` or `permission`.
    pub auth: &'static str,
    /// The permission it needs.
    pub permission: Option<&'static str>,
    /// Whether it runs in the tenant of its caller.
    pub tenant_scoped: bool,
    /// Whether it can change something.
    pub mutating: bool,
}

impl RouteInfo {
    pub(super) fn new(method: &Method, path: &str, access: Option<Access>) -> Self {
        let (auth, permission) = match access {
            None => ("public", None),
            Some(Access::Member) => ("member", None),
            Some(Access::Permission(permission)) => ("permission", Some(permission)),
        };
        Self {
            method: method.to_string(),
            path: path.to_owned(),
            auth,
            permission,
            tenant_scoped: access.is_some(),
            mutating: !method.is_safe(),
        }
    }
}

impl RouteTable {
    pub(super) fn new(mut rows: Vec<RouteInfo>) -> Self {
        rows.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
        Self { rows }
    }

    /// Gives the routes, sorted by path and method.
    #[must_use]
    pub fn rows(&self) -> &[RouteInfo] {
        &self.rows
    }
}

impl fmt::Display for RouteTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self
            .rows
            .iter()
            .map(|row| row.path.len())
            .max()
            .unwrap_or(0);
        for row in &self.rows {
            let needs = row.permission.unwrap_or(row.auth);
            writeln!(f, "{:<7} {:<width$}  {needs}", row.method, row.path)?;
        }
        Ok(())
    }
}
