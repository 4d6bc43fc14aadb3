//! The Casbin model, and how users and roles are written in it.

use saas_core::{TenantId, UserId};

/// Roles with domains; a deny wins over every allow. Only `==` and `g` occur: the functions of
/// casbin that panic on some inputs (`keyMatch`, `regexMatch`, `ipMatch`) are not reachable.
pub(crate) const MODEL: &str = "
[request_definition]
r = sub, dom, obj, act

[policy_definition]
p = sub, dom, obj, act, eft

[role_definition]
g = _, _, _

[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))

[matchers]
m = g(r.sub, p.sub, r.dom) && r.dom == p.dom && r.obj == p.obj && r.act == p.act
";

/// Writes a user as a subject. The prefix keeps users and roles apart: casbin takes any name for a
/// member of the role of the same name.
pub(crate) fn user(user: UserId) -> String {
    format!("user:{user}")
}

/// Writes a role as a subject.
pub(crate) fn role(name: &str) -> String {
    format!("role:{name}")
}

/// Writes a tenant as a domain.
pub(crate) fn domain(tenant: TenantId) -> String {
    tenant.to_string()
}

/// Takes a permission apart: `projects:read` is the action `read` on the object `projects`.
pub(crate) fn parts(permission: &str) -> (&str, &str) {
    permission.rsplit_once(':').unwrap_or((permission, ""))
}
