//! Configuration that is right, and every way in which it can be wrong.

use std::{collections::BTreeMap, ffi::OsString, time::Duration};

use saas_core::limit::Quota;
use saas_core::{
    Secret,
    config::{Config, ConfigError, Period},
};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct App {
    server: Server,
    hosts: Vec<String>,
    clients: BTreeMap<String, u32>,
    quota: Option<Quota>,
}

#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Server {
    port: u16,
    tls: bool,
    timeout: Period,
    mode: Mode,
    password: Secret<String>,
}

#[derive(Debug, Deserialize, PartialEq, Default)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Fast,
    Safe,
}

impl Default for App {
    fn default() -> Self {
        Self {
            server: Server::default(),
            hosts: vec!["localhost".to_owned()],
            clients: BTreeMap::new(),
            quota: None,
        }
    }
}

impl Default for Server {
    fn default() -> Self {
        Self {
            port: 80,
            tls: false,
            timeout: Period::from(Duration::from_secs(30)),
            mode: Mode::Fast,
            password: Secret::from(""),
        }
    }
}

fn load(file: &str, variables: &[(&str, &str)]) -> Result<App, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.toml");
    std::fs::write(&path, file).unwrap();
    Config::new()
        .file(path)
        .environment("APP", variables.iter().copied())
        .short("PORT", "server.port")
        .load()
}

#[test]
fn the_environment_wins_over_the_file_and_the_file_over_defaults() {
    let app = load(
        "hosts = ['a', 'b']\n[server]\nport = 81\ntimeout = '1m'\n[clients]\nweb = 3",
        &[
            ("APP__SERVER__TLS", "true"),
            ("APP__SERVER__MODE", "safe"),
            ("APP__SERVER__PORT", "82"),
            ("UNRELATED", "x"),
        ],
    )
    .unwrap();
    assert_eq!(
        (app.server.port, app.server.tls, app.server.mode),
        (82, true, Mode::Safe)
    );
    assert_eq!(Duration::from(app.server.timeout), Duration::from_secs(60));
    assert_eq!((app.hosts.len(), app.clients["web"]), (2, 3));
    assert_eq!(
        load("", &[("APP__HOSTS", "a, b,c")]).unwrap().hosts,
        ["a", "b", "c"]
    );
    assert_eq!(
        load("", &[("PORT", "83"), ("APP__SERVER__PORT", "82")])
            .unwrap()
            .server
            .port,
        83
    );
}

#[test]
fn rel_33_every_mistake_is_named_with_its_key_and_no_value_is_shown() {
    let error = load(
        "colour = 'blue'\n[server]\nporrt = 81\ntimeout = 'hunter2'\n",
        &[
            ("APP__SERVER__PORT", "hunter2"),
            ("APP__SERVER__MODE", "hunter2"),
            ("APP__NOPE__DEEP", "hunter2"),
        ],
    )
    .unwrap_err();
    let mut keys: Vec<_> = error
        .mistakes()
        .iter()
        .map(|mistake| mistake.key())
        .collect();
    keys.sort_unstable();
    let text = error.to_string();
    assert_eq!(
        keys,
        [
            "colour",
            "nope",
            "server.mode",
            "server.porrt",
            "server.port",
            "server.timeout"
        ],
        "{text}"
    );
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("variable APP__SERVER__PORT"), "{text}");
}

#[test]
fn what_is_given_in_part_is_told_what_it_needs() {
    let error = load("", &[("APP__QUOTA__BURST", "5")]).map(|_| ());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("`quota`"), "{error}");
    assert!(error.contains("needs `quota.period`, too"), "{error}");
}

#[test]
fn two_variables_for_one_value_are_a_mistake_and_neither_is_told() {
    let file = "/nowhere";
    for pair in [
        [("APP__SERVER__PORT", "1"), ("APP__SERVER__PORT_FILE", file)],
        [("PORT", "1"), ("PORT_FILE", file)],
        [("APP__SERVER__PORT", "1"), ("APP__server__port", "2")],
    ] {
        let error = load("", &pair).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("server.port"), "{error}");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("port");
    std::fs::write(&file, "7\n").unwrap();
    let pair = [
        ("APP__SERVER__PORT", "1"),
        ("APP__SERVER__PORT_FILE", file.to_str().unwrap()),
    ];
    let error = load("", &pair).map(|_| ()).unwrap_err().to_string();
    assert!(
        error.contains("is set by variable APP__SERVER__PORT, too"),
        "{error}"
    );
}

#[test]
fn a_broken_file_and_text_that_is_not_utf_8_are_named() {
    let error = load("server = [", &[]).unwrap_err().to_string();
    assert!(
        error.contains("app.toml") && error.contains("not TOML"),
        "{error}"
    );
    use std::os::unix::ffi::OsStringExt as _;
    let variables = [("PORT", OsString::from_vec(vec![0xff]))];
    let error = Config::new()
        .environment("APP", variables)
        .short("PORT", "server.port")
        .load::<App>()
        .unwrap_err();
    assert!(error.to_string().contains("PORT"), "{error}");
}

#[test]
fn a_missing_file_is_no_mistake() {
    let app: App = Config::new().file("/nonexistent/app.toml").load().unwrap();
    assert_eq!(app.server.port, 80);
}

#[test]
fn what_is_printed_of_a_configuration_has_no_value_in_it() {
    let variables = [
        ("APP__SERVER__PASSWORD", "tell nobody"),
        ("OTHER", "tell nobody"),
    ];
    let config = Config::new()
        .environment("APP", variables)
        .arguments([("server.password".to_owned(), "tell nobody".to_owned())]);
    let printed = format!("{config:?}");
    assert!(
        printed.contains("APP") && !printed.contains("tell nobody"),
        "{printed}"
    );
}
