//! Decisions and roles are those of a tenant.

use saas_core::{Id, UserId};
use saas_rbac::casbin::{Policies, Policy};
use saas_rbac::{Access, Authorizer, Group, Groups, Permission, RoleSpec, Roles, Rule};
use saas_tenancy::{Reason, SystemScope, TenantEntity};

async fn decisions<P: Permission>(authorizer: &Authorizer, access: &Access, permission: &P) {
    // surface: Authorizer::decide
    let _ = authorizer.decide(access).await;
    // surface: Authorizer::decide_now
    let _ = authorizer.decide_now(access);
    // surface: Authorizer::may
    let _ = authorizer.may(permission).await;
    // surface: Authorizer::held_by
    let _ = authorizer.held_by().await;
}

async fn callers(authorizer: &Authorizer) {
    // surface: Authorizer::caller
    let _ = authorizer.caller().await;
}

async fn rules<E: TenantEntity>(rule: &Rule<E>, row: Id<E>) {
    // surface: Rule::allows
    let _ = rule.allows(row).await;
    // surface: Rule::reasons
    let _ = rule.reasons(row).await;
}

async fn roles(roles: &Roles, user: UserId, spec: &RoleSpec) {
    // surface: Roles::list
    let _ = roles.list().await;
    // surface: Roles::create
    let _ = roles.create("editor", spec).await;
    // surface: Roles::get
    let _ = roles.get("editor").await;
    // surface: Roles::update
    let _ = roles.update("editor", spec).await;
    // surface: Roles::delete
    let _ = roles.delete("editor").await;
    // surface: Roles::of
    let _ = roles.of(user).await;
    // surface: Roles::set
    let _ = roles.set(user, &[]).await;
    // surface: Roles::may_give
    let _ = roles.may_give(&[]).await;
    // surface: Roles::could_give
    let _ = roles.could_give(user, &[]).await;
    // surface: Roles::remove_all
    let _ = roles.remove_all(user).await;
    // surface: Roles::lock
    let _ = roles.lock().await;
    // surface: Roles::explain
    let _ = roles.explain(user, "projects:read").await;
    // surface: Roles::preview
    let _ = roles.preview(async |_| Ok(())).await;
}

async fn editions<R: Reason>(roles: &Roles, scope: &SystemScope<R>) {
    // surface: Roles::set_edition
    let _ = roles.set_edition(scope, None).await;
}

async fn groups(groups: &Groups, group: Id<Group>, user: UserId) {
    // surface: Groups::list
    let _ = groups.list().await;
    // surface: Groups::create
    let _ = groups.create("Writers", "").await;
    // surface: Groups::get
    let _ = groups.get(group).await;
    // surface: Groups::delete
    let _ = groups.delete(group).await;
    // surface: Groups::members
    let _ = groups.members(group).await;
    // surface: Groups::add
    let _ = groups.add(group, user).await;
    // surface: Groups::remove
    let _ = groups.remove(group, user).await;
}

async fn policies(policies: &Policies, policy: &Policy) {
    // surface: Policies::load
    let _ = policies.load().await;
    // surface: Policies::add
    let _ = policies.add("p", &[]).await;
    // surface: Policies::remove
    let _ = policies.remove("p", &[]).await;
    // surface: Policies::replace
    let _ = policies.replace(policy).await;
}

fn main() {}
