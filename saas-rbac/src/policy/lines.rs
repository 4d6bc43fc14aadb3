//! How roles, and those who hold them, are written as lines of a Casbin policy.

use saas_core::TenantId;

/// The model that the lines are of: roles with domains, a deny wins over every allow. Casbin answers the same
/// from it as the snapshot does; a property test says so.
#[cfg(test)]
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

/// How many steps of inheritance there can be from a user to a role. Casbin looks no further than ten.
pub(crate) const MAX_DEPTH: usize = 8;

/// The type of the line that says which edition a tenant has.
pub(crate) const EDITION: &str = "edition";

/// Writes a role as a subject. The prefix keeps users, groups and roles apart: casbin takes any name for a
/// member of the role of the same name.
pub(crate) fn role(name: &str) -> String {
    format!("role:{name}")
}

/// Writes a tenant as a domain.
pub(crate) fn domain(tenant: TenantId) -> String {
    tenant.to_string()
}

/// Puts an object and an action together.
pub(crate) fn permission(object: &str, action: &str) -> String {
    match action {
        "" => object.to_owned(),
        _ => format!("{object}:{action}"),
    }
}

/// Takes a permission apart: `projects:read` is the action `read` on the object `projects`.
pub(crate) fn parts(permission: &str) -> (&str, &str) {
    permission.rsplit_once(':').unwrap_or((permission, ""))
}
