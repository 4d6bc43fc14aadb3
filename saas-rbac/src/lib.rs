//! May they: permissions, roles, Casbin, and routes that cannot be left open.
//!
//! A program names its permissions in an enum and says with each route which one it needs. A route
//! without a permission, or without an explicit [`public`](Routes::public), has no way to be written
//! down:
//!
//! ```
//! # #[cfg(feature = "axum")] {
//! use saas_rbac::{Access, Permission, Routes};
//!
//! #[derive(Permission, Clone, Copy)]
//! enum Can {
//!     /// See the projects of the tenant.
//!     #[permission("projects:read")]
//!     ReadProjects,
//! }
//!
//! async fn list() {}
//! async fn me() {}
//! async fn live() {}
//!
//! let routes = Routes::<()>::new()
//!     .get("/projects", Can::ReadProjects, list)
//!     .get("/me", Access::member(), me)
//!     .public()
//!     .get("/health/live", live);
//! assert_eq!(routes.table().rows().len(), 3);
//! # }
//! ```
//!
//! Who holds which role in which tenant is Casbin's model of roles with domains, kept in the
//! database as its lines: `p, role, tenant, object, action, effect` and `g, member, role or group, tenant`.
//! The rules of a tenant are loaded once, compiled into a snapshot that answers without evaluating any rule,
//! and dropped when they change.
//!
//! A program with rules of another shape gives Casbin a model of its own: [`casbin`].
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
pub mod casbin;
mod config;
mod engine;
mod error;
#[cfg(feature = "axum")]
mod extract;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
#[cfg(feature = "axum")]
mod guard;
mod permission;
mod policy;
mod problem;
mod role;
#[cfg(feature = "axum")]
mod routes;
mod rule;

pub use access::{Access, IntoAccess};
pub use config::RbacConfig;
pub use engine::{Authorizer, Decision};
pub use error::Error;
#[cfg(feature = "axum")]
pub use extract::Allowed;
#[cfg(feature = "axum")]
pub use guard::{GuardLayer, GuardService};
pub use permission::{Permission, PermissionInfo, PermissionType};
pub use policy::{MODULE, PolicyLoad};
pub use role::{
    Explanation, Group, Groups, InvalidSubject, PermissionChange, Presets, Preview, Reasoned, Role,
    RoleSpec, Roles, Subject,
};
#[cfg(feature = "axum")]
pub use routes::{Guarded, Public, RouteInfo, RouteTable, Routes};
pub use rule::{Caller, Rule};
pub use saas_macros::Permission;

/// What the derive expands to. Not for use by hand, and different in every version.
#[doc(hidden)]
pub mod __private_0_1 {
    pub use crate::{Access, Permission, PermissionInfo, PermissionType};
}
