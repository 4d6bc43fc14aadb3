//! Casbin with a model of the program's own.
//!
//! The fixed roles of a tenant are [`Roles`](crate::Roles), and most programs need no more. This is
//! for those that have a `model.conf`:
//!
//! ```
//! use saas_rbac::casbin::{Enforcer, Model, Path, Policy};
//!
//! # fn main() -> Result<(), saas_rbac::Error> {
//! let model = Model::parse(
//!     "[request_definition]
//!     r = sub, obj, act
//!     [policy_definition]
//!     p = sub, obj, act
//!     [role_definition]
//!     g = _, _
//!     [policy_effect]
//!     e = some(where (p.eft == allow))
//!     [matchers]
//!     m = g(r.sub, p.sub) && r.obj == p.obj && r.act == p.act",
//! )?;
//! let policy = Policy::from_csv("p, writer, page, edit\ng, alice, writer", &model)?;
//! let enforcer = Enforcer::new(model, policy)?;
//! assert!(enforcer.enforce(&["alice", "page", "edit"])?);
//! assert!(!enforcer.enforce(&["bob", "page", "edit"])?);
//! assert_eq!(*enforcer.path(), Path::Compiled);
//!
//! enforcer.add("g", &["bob", "writer"])?;
//! assert!(enforcer.enforce(&["bob", "page", "edit"])?);
//! # Ok(())
//! # }
//! ```
//!
//! A matcher that only compares fields and looks up roles is compiled into tables, and a decision
//! takes as long with a million rules as with ten. Any other is evaluated by casbin, rule by rule;
//! [`Enforcer::path`] says which it is, and why.
//!
//! What is wrong is refused when it is loaded or added, with the line: nothing waits in a policy for
//! a request to fail on. What cannot be evaluated for a request is an error, which a caller takes
//! for a no.
//!
//! # Known differences
//!
//! Decisions are meant to be those of Casbin for Go, except that
//!
//! - the operators `? :`, `??`, `=~`, `!~`, `**` and those on bits, roles with conditions, functions
//!   of the program's own, JSON that is given as text, and effects beyond the five are refused;
//! - an effect other than `allow`, `deny` and `indeterminate` in a rule is refused, where Casbin ignores the
//!   rule;
//! - everything in a pattern of `keyMatch2` to `keyMatch5` but `/*`, names and a pattern that is `*` alone is
//!   literal, and any other `*` that does not follow a `/` is refused. Names in braces end at the first `}` in `keyMatch4` too;
//! - a text that looks like a date is a text;
//! - `p2.eft` decides for the rules of `p2`, where casbin for Rust looks for `p.eft` only, and links
//!   of `g` and `g2` do not mix, which they do there;
//! - roles that go round in a circle, or deeper than ten links, are refused;
//! - with `subjectPriority`, a subject with several ways to the top has the place of the longest;
//! - a compiled matcher refuses a subject or domain that is not a text also where casbin would have
//!   decided before it looked at it.

mod compiled;
mod enforcer;
mod error;
mod expr;
mod functions;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod interpreted;
mod limits;
mod model;
mod options;
mod policy;
mod sections;
pub(crate) mod store;
mod value;

pub use enforcer::Enforcer;
pub use error::PolicyError;
pub use model::Model;
pub use options::{EnforcerBuilder, Path, RoleMatch};
pub use policy::Policy;
pub use sections::EnforceContext;
pub use store::Policies;
pub use value::{Attribute, Value};
