//! The list of routes, for people and for programs.

use std::fmt;

use http::Method;
use saas_core::Level;
use serde::Serialize;

use crate::{Access, access::Needs};

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
    /// Who may call it: `public`, `member`, `person` or `permission`.
    pub auth: &'static str,
    /// The permission it needs, or several, joined by `&` when it needs all of them and by `|` when one is
    /// enough.
    pub permission: Option<String>,
    /// The level at which the caller has to have signed in, when any will not do.
    pub level: Option<&'static str>,
    /// How many seconds ago the caller may have signed in at most.
    pub fresh_within: Option<u64>,
    /// Whether callers without the permission are told that there is nothing.
    pub hidden: bool,
    /// The class of routes with which it shares a rate limit.
    pub rate_class: Option<&'static str>,
    /// Whether it runs in the tenant of its caller.
    pub tenant_scoped: bool,
    /// Whether it can change something.
    pub mutating: bool,
}

impl RouteInfo {
    pub(super) fn new(method: &Method, path: &str, access: Option<&Access>) -> Self {
        let (auth, permission) = match access.map(|access| &access.needs) {
            None => ("public", None),
            Some(Needs::Member) => ("member", None),
            Some(Needs::Person) => ("person", None),
            Some(needs) => ("permission", Some(needs.to_string())),
        };
        Self {
            method: method.to_string(),
            path: path.to_owned(),
            auth,
            permission,
            level: access
                .filter(|access| access.level > Level::Aal1)
                .map(|access| access.level.as_str()),
            fresh_within: access.and_then(|access| Some(access.fresh?.as_secs())),
            hidden: access.is_some_and(|access| access.hidden),
            rate_class: access.and_then(|access| access.rate_class),
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

    /// Gives the methods and paths that have a class of their own, and the class: what limits of callers go by.
    pub fn rate_classes(&self) -> impl Iterator<Item = (&str, &str, &'static str)> {
        let rows = self.rows.iter();
        rows.filter_map(|row| Some((row.method.as_str(), row.path.as_str(), row.rate_class?)))
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
            let needs = row.permission.as_deref().unwrap_or(row.auth);
            write!(f, "{:<7} {:<width$}  {needs}", row.method, row.path)?;
            if let Some(level) = row.level {
                write!(f, ", {level}")?;
            }
            if let Some(seconds) = row.fresh_within {
                write!(f, ", fresh {seconds}s")?;
            }
            if row.hidden {
                f.write_str(", hidden")?;
            }
            if let Some(class) = row.rate_class {
                write!(f, ", rate {class}")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
