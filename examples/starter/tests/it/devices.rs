//! Browsers on which the second factor is not asked for again.

use reqwest::{Method, redirect::Policy};
use serde_json::json;

use crate::{
    mfa::{App, enrolled},
    world::{Answer, PASSWORD, World, send},
};

const OWNER: &str = "owner@acme.test";
const DEVICES: &str = "/api/v1/me/devices";

/// A browser at the pages of a tenant.
struct Browser<'a> {
    world: &'a World,
    http: reqwest::Client,
    cookies: Vec<String>,
}

impl<'a> Browser<'a> {
    fn new(world: &'a World) -> Self {
        let http = reqwest::Client::builder().redirect(Policy::none());
        let http = http.user_agent("Firefox/144.0").build().unwrap();
        Self {
            world,
            http,
            cookies: Vec::new(),
        }
    }

    async fn send(&mut self, method: Method, form: &[(&str, &str)], path: &str) -> Answer {
        let address = format!("{}/t/acme{path}", self.world.url);
        let mut request = self.http.request(method.clone(), address);
        if method == Method::POST {
            request = request.form(form).header("origin", &self.world.url);
        }
        let answer = send(request.header("cookie", self.cookies.join("; "))).await;
        for cookie in answer.headers.get_all("set-cookie") {
            let cookie = cookie.to_str().unwrap().split(';').next().unwrap();
            let name = format!("{}=", cookie.split('=').next().unwrap());
            self.cookies.retain(|kept| !kept.starts_with(&name));
            self.cookies.push(cookie.to_owned());
        }
        answer
    }

    /// Types the password.
    async fn log_in(&mut self) -> Answer {
        // Without the session that there may be.
        self.cookies
            .retain(|kept| !kept.starts_with("__Host-session-"));
        let shown = self.send(Method::GET, &[], "/login").await;
        let token = hidden(&shown, "form_token");
        let form = [
            ("form_token", &*token),
            ("username", OWNER),
            ("password", PASSWORD),
        ];
        self.send(Method::POST, &form, "/login").await
    }
}

fn hidden(page: &Answer, name: &str) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let (_, rest) = page
        .text
        .split_once(&mark)
        .unwrap_or_else(|| panic!("{page:?}"));
    rest.split('"').next().unwrap().to_owned()
}

/// Signs in with a code, and has the browser remembered.
async fn remembered(browser: &mut Browser<'_>, app: &App) {
    let asked = browser.log_in().await;
    let (token, pending) = (hidden(&asked, "form_token"), hidden(&asked, "pending"));
    let code = app.code(1);
    let form = [
        ("form_token", &*token),
        ("pending", &*pending),
        ("code", &*code),
        ("remember", "on"),
    ];
    let entered = browser.send(Method::POST, &form, "/login/second").await;
    assert_eq!(entered.status, 303, "{entered:?}");
}

#[tokio::test]
async fn a_person_sees_the_remembered_browsers_of_a_tenant_and_forgets_them_one_by_one_or_all() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let other = world.sign_up("beta").await;
        let second = json!({
            "tenant": { "slug": "second", "name": "Second" },
            "owner": { "email": OWNER, "password": PASSWORD, "name": "Owner" },
        });
        let second = world.request(Method::POST, "/api/v1/signup").json(&second);
        assert_eq!(send(second).await.status, 201);
        let elsewhere = world.sign_in("second", OWNER, PASSWORD).await;
        let (app, _) = enrolled(&owner).await;
        assert_eq!(owner.get(DEVICES).await.json(), json!({ "items": [] }));

        let mut browser = Browser::new(&world);
        remembered(&mut browser, &app).await;
        let list = owner.get(DEVICES).await.json();
        let items = list["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{list}");
        assert_eq!(items[0]["device"], "Firefox/144.0");
        assert!(items[0]["expires_at"].as_str() > items[0]["created_at"].as_str());
        // Now the password is enough there.
        assert_eq!(browser.log_in().await.status, 303);

        // Neither somebody else nor the same person in another tenant has it.
        let path = format!("{DEVICES}/{}", items[0]["id"].as_str().unwrap());
        for caller in [&other, &elsewhere] {
            assert_eq!(caller.get(DEVICES).await.json()["items"], json!([]));
            caller.delete(&path).await.is_problem(404, "not-found");
        }
        assert_eq!(browser.log_in().await.status, 303);
        let nobody = world.request(Method::GET, DEVICES);
        send(nobody).await.is_problem(401, "unauthenticated");
        assert_eq!(owner.delete(&path).await.status, 204);
        owner.delete(&path).await.is_problem(404, "not-found");
        hidden(&browser.log_in().await, "pending");
    }
}

#[tokio::test]
async fn whoever_signs_out_everywhere_is_remembered_nowhere() {
    for world in World::all().await {
        let owner = world.sign_up("acme").await;
        let (app, _) = enrolled(&owner).await;
        let mut browser = Browser::new(&world);
        remembered(&mut browser, &app).await;
        assert_eq!(browser.log_in().await.status, 303);
        assert_eq!(owner.delete("/api/v1/me/sessions").await.status, 204);
        hidden(&browser.log_in().await, "pending");
    }
}
