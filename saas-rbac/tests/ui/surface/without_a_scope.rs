//! Decisions and roles are those of a tenant.

use saas_core::UserId;
use saas_rbac::{Access, Authorizer, Roles};

async fn decisions(authorizer: &Authorizer, access: Access) {
    // surface: Authorizer::decide
    let _ = authorizer.decide(access).await;
    // surface: Authorizer::decide_now
    let _ = authorizer.decide_now(access);
    // surface: Authorizer::held_by
    let _ = authorizer.held_by().await;
}

async fn roles(roles: &Roles, user: UserId) {
    // surface: Roles::list
    let _ = roles.list().await;
    // surface: Roles::create
    let _ = roles.create("editor", "", &[]).await;
    // surface: Roles::delete
    let _ = roles.delete("editor").await;
    // surface: Roles::of
    let _ = roles.of(user).await;
    // surface: Roles::set
    let _ = roles.set(user, &[]).await;
}

fn main() {}
