//! Sign-ins, and what belongs to them, are those of a tenant.

use saas_auth::oauth::{Client, ClientPatch, Clients, Consents, NewClient};
use saas_auth::*;
use saas_core::{Id, SessionId, UserId};

async fn case_0(doors: &SignIns, password: &saas_core::Secret<String>, device: &saas_auth::Device) {
    let _ = doors.by_password("ann@acme.test", password, device).await;
}

async fn case_1(sessions: &Sessions, secret: &saas_core::Secret<String>) {
    let _ = sessions.resume(secret).await;
}

async fn case_2(sessions: &Sessions, user: saas_core::UserId) {
    // surface: Sessions::end_all
    let _ = sessions.end_all(user, None).await;
}

async fn case_3(of: &PasswordChanges, secret: &saas_core::Secret<String>) {
    // surface: PasswordChanges::change
    let _ = of.change(secret, secret).await;
}

async fn case_4(of: &Addresses, user: saas_core::UserId) {
    // surface: Addresses::ask_verification
    let _ = of.ask_verification(user).await;
}

async fn case_5(of: &Addresses, secret: &saas_core::Secret<String>, email: &Email) {
    // surface: Addresses::ask_change
    let _ = of.ask_change(secret, email).await;
}

async fn case_6(of: &Closures, secret: &saas_core::Secret<String>) {
    // surface: Closures::deactivate
    let _ = of.deactivate(secret).await;
}

async fn case_7(of: &Closures, secret: &saas_core::Secret<String>, application: &impl Leave) {
    // surface: Closures::delete
    let _ = of.delete(secret, &Device::default(), application).await;
}

async fn case_8(of: &Members, user: saas_core::UserId) {
    // surface: Members::disable
    let _ = of.disable(user).await;
}

async fn case_9(of: &Members, user: saas_core::UserId) {
    // surface: Members::enable
    let _ = of.enable(user).await;
}

async fn case_10(of: &Members, user: saas_core::UserId) {
    // surface: Members::remove
    let _ = of.remove(user).await;
}

async fn case_11(of: &Invitations, email: &Email) {
    // surface: Invitations::invite
    let _ = of.invite(email, &[]).await;
}

async fn case_12(of: &Invitations) {
    // surface: Invitations::list
    let _ = of.list().await;
}

async fn case_13(of: &Invitations, id: saas_core::Id<Invitation>) {
    // surface: Invitations::find
    let _ = of.find(id).await;
}

async fn case_14(of: &Invitations, id: saas_core::Id<Invitation>) {
    // surface: Invitations::revoke
    let _ = of.revoke(id).await;
}

async fn case_15(of: &Invitations, id: saas_core::Id<Invitation>) {
    // surface: Invitations::resend
    let _ = of.resend(id).await;
}

async fn case_16(of: &Messages, event: &saas_tenancy::outbox::Event) {
    // surface: Messages::handle
    let _ = of.handle(event).await;
}

async fn case_17(themes: &Themes) {
    // surface: Themes::get
    let _ = themes.get().await;
}

async fn case_18(themes: &Themes, theme: &Theme) {
    // surface: Themes::set
    let _ = themes.set(theme).await;
}

async fn keys(keys: &ApiKeys, user: UserId, new: NewApiKey, key: Id<ApiKey>) {
    // surface: ApiKeys::create
    let _ = keys.create(user, new).await;
    // surface: ApiKeys::list
    let _ = keys.list(user).await;
    // surface: ApiKeys::revoke
    let _ = keys.revoke(user, key).await;
    // surface: ApiKeys::revoke_all
    let _ = keys.revoke_all(user).await;
}

async fn clients(clients: &Clients, new: NewClient, id: Id<Client>, patch: ClientPatch) {
    // surface: Clients::create
    let _ = clients.create(new).await;
    // surface: Clients::list
    let _ = clients.list().await;
    // surface: Clients::get
    let _ = clients.get(id).await;
    // surface: Clients::update
    let _ = clients.update(id, None, patch).await;
    // surface: Clients::rotate_secret
    let _ = clients.rotate_secret(id).await;
    // surface: Clients::delete
    let _ = clients.delete(id, None).await;
}

async fn consents(consents: &Consents, user: UserId) {
    // surface: Consents::list
    let _ = consents.list(user).await;
    // surface: Consents::withdraw
    let _ = consents.withdraw(user, "client").await;
}

async fn sessions(sessions: &Sessions, user: UserId, session: SessionId) {
    // surface: Sessions::list
    let _ = sessions.list(user).await;
    // surface: Sessions::end
    let _ = sessions.end(user, session).await;
}

async fn second_factors(factors: &mfa::SecondFactors, user: UserId) {
    // surface: SecondFactors::rules
    let _ = factors.rules().await;
    // surface: SecondFactors::set_rules
    let _ = factors.set_rules(&[]).await;
    // surface: SecondFactors::stepped_up
    let _ = factors.stepped_up().await;
    // surface: SecondFactors::reset
    let _ = factors.reset(user).await;
}

async fn devices(factors: &mfa::SecondFactors, device: Id<mfa::RememberedDevice>) {
    // surface: SecondFactors::forget
    let _ = factors.forget(device).await;
}

fn main() {}
