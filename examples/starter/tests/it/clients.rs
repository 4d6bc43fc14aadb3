//! Clients that others wrote, which complete each flow against the running service; `cargo xtask test` brings them.
//!
//! They get no setting beyond that http is fine here. The programs themselves are in `tests/clients`.

use std::{
    fs::File,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::{Method, Url};
use saas_tenancy::Dialect;
use serde_json::json;

use crate::world::{Caller, PASSWORD, World, send};

#[tokio::test]
async fn authlib_completes_every_flow() {
    for world in World::all().await {
        completes(python("authlib_client.py").arg(who(&world).await));
    }
}

#[tokio::test]
async fn requests_oauthlib_completes_every_flow_that_it_knows() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    completes(python("oauthlib_client.py").arg(who(&world).await));
}

#[tokio::test]
async fn openid_client_completes_every_flow() {
    for world in World::all().await {
        completes(program("openid_client.mjs").arg(who(&world).await));
    }
}

#[tokio::test]
async fn oauth2_client_completes_every_flow_that_it_knows() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    completes(program("badgateway_client.mjs").arg(who(&world).await));
}

#[tokio::test]
async fn simple_oauth2_completes_every_flow_that_it_knows() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    completes(program("simple_oauth2_client.mjs").arg(who(&world).await));
}

#[tokio::test]
async fn chromium_uses_the_pages_with_scripts_and_without() {
    let world = World::on(Dialect::Sqlite, &[]).await;
    let pictures = given("TEST_NODE").with_file_name("screenshots");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut node = node("pages.mjs");
    node.arg(who(&world).await)
        .args([given("TEST_CHROMIUM"), pictures]);
    completes(&mut node);
}

#[tokio::test]
async fn chromium_makes_passkeys_and_signs_in_with_them() {
    // Browsers know no passkeys for an address in digits.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = port.unwrap().port();
    let (bind, site) = (
        format!("127.0.0.1:{port}"),
        format!("http://localhost:{port}"),
    );
    let set = [("BIND", &*bind), ("SAAS__AUTH__TOKEN__ISSUER", &*site)];
    let world = World::on(Dialect::Sqlite, &set).await;
    let mut who: serde_json::Value = serde_json::from_str(&who(&world).await).unwrap();
    who["site"] = json!(site);
    let other = world.sign_up("beta").await;
    who["other"] = json!({ "slug": "beta", "email": "owner@beta.test", "token": other.token });
    let pictures = given("TEST_NODE").with_file_name("screenshots");
    std::fs::create_dir_all(&pictures).unwrap();
    let mut node = node("passkeys.mjs");
    node.arg(script("device.mjs"))
        .arg(who.to_string())
        .args([given("TEST_CHROMIUM"), pictures]);
    completes(&mut node);
}

/// The hosts of all tenants are below the id that passkeys are bound to, so a browser lets the page of each use them.
#[tokio::test]
async fn mfa_21_chromium_uses_a_passkey_below_a_parent_domain_in_its_own_tenants_alone() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
    let port = port.unwrap().port();
    let bind = format!("127.0.0.1:{port}");
    let site = format!("http://app.localhost:{port}");
    let pages = format!("http://{{tenant}}.app.localhost:{port}");
    let set = [
        ("BIND", &*bind),
        ("SAAS__AUTH__TOKEN__ISSUER", &*site),
        ("SAAS__AUTH__LINK__PAGES", &*pages),
        ("SAAS__AUTH__PASSKEYS__RP_ID", "app.localhost"),
        ("SAAS__TENANCY__RESOLVE__BASE_DOMAINS", "app.localhost"),
    ];
    let world = World::on(Dialect::Sqlite, &set).await;
    let mut who: serde_json::Value = serde_json::from_str(&who(&world).await).unwrap();
    world.sign_up("beta").await;
    who["pages"] = json!(pages);
    let mut node = node("domains.mjs");
    node.arg(script("device.mjs"))
        .arg(who.to_string())
        .arg(given("TEST_CHROMIUM"));
    completes(&mut node);
}

#[tokio::test]
async fn the_issuer_is_the_address_that_the_service_listens_on() {
    let issuer = async |world: &World| {
        let path = "/.well-known/openid-configuration";
        send(world.request(Method::GET, path)).await.json()["issuer"].clone()
    };
    let world = World::on(Dialect::Sqlite, &[]).await;
    assert_eq!(issuer(&world).await, world.url);
    // Unless there is one.
    let set = [("SAAS__AUTH__TOKEN__ISSUER", "https://app.example")];
    let world = World::on(Dialect::Sqlite, &set).await;
    assert_eq!(issuer(&world).await, "https://app.example");
}

/// Signs a tenant up, and says where the service is and who is in it.
async fn who(world: &World) -> String {
    person_of(world, &world.sign_up("acme").await)
}

/// Says where the service is, and who is in it.
pub(crate) fn person_of(world: &World, owner: &Caller<'_>) -> String {
    let who = json!({
        "url": world.url,
        "slug": "acme",
        "email": "owner@acme.test",
        "password": PASSWORD,
        "token": owner.token,
    });
    who.to_string()
}

/// Lets somebody walk the pages from an address, sign in and allow; gives where that ends.
pub(crate) fn walks(who: &str, address: &str) -> Url {
    let output = program("walk.mjs").args([who, address]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let landed = Url::parse(said.trim());
    landed.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)))
}

fn python(name: &str) -> Command {
    let mut python = Command::new(given("TEST_PYTHON"));
    python.arg("-B").arg(script(name));
    python
}

/// A program for Node that walks the pages as somebody does.
fn program(name: &str) -> Command {
    let mut node = node(name);
    node.arg(script("person.mjs"));
    node
}

/// A program for Node, which finds its packages in the folder where it runs.
fn node(name: &str) -> Command {
    let mut node = Command::new("node");
    node.current_dir(given("TEST_NODE"))
        .args(["--input-type=module", "-"])
        .stdin(File::open(script(name)).unwrap());
    node
}

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/clients")
        .join(name)
}

pub(crate) fn given(name: &str) -> PathBuf {
    let given = std::env::var_os(name);
    given
        .unwrap_or_else(|| {
            panic!("this test needs others' clients: run `cargo xtask test`, which sets {name}")
        })
        .into()
}

/// Gives what the program said.
#[track_caller]
pub(crate) fn completes(program: &mut Command) -> String {
    let output = program.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{said}");
    said
}
