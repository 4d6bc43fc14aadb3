//! Mail to real servers; `cargo xtask test` starts them.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use saas_core::{
    Secret,
    mail::{Letter, MailError, Mailer as _},
};
use saas_mail::{Error, MailConfig, Security, SmtpMailer, Transport, open_mailer};
use serde_json::Value;

use crate::{
    folder::Log,
    world::{LINK, World, letter, named},
};

struct Server {
    port: u16,
    folder: PathBuf,
}

impl Server {
    #[expect(
        clippy::disallowed_methods,
        reason = "the variables are how `cargo xtask test` names its servers"
    )]
    fn given() -> Self {
        let variable = |name: &str| {
            std::env::var(name).unwrap_or_else(|_| {
                panic!("this test needs a mail server: run `cargo xtask test`, which sets {name}")
            })
        };
        let url = variable("TEST_SMTP_URL");
        let port = url.rsplit(':').next().unwrap().parse();
        Self {
            port: port.expect("TEST_SMTP_URL ends with a port"),
            folder: variable("TEST_SMTP_FOLDER").into(),
        }
    }

    /// The configuration for the server without TLS.
    fn plain(&self, world: &World) -> MailConfig {
        let mut config = world.config.clone();
        config.transport = Some(Transport::Smtp);
        config.smtp.host = "127.0.0.1".to_owned();
        config.smtp.port = Some(self.port);
        config.smtp.security = Security::None;
        config
    }

    /// That for one with TLS, which asks who is there.
    fn secured(&self, world: &World, security: Security) -> MailConfig {
        let name = match security {
            Security::Tls => "tls",
            _ => "starttls",
        };
        let servers = std::fs::read_to_string(self.folder.join("servers")).unwrap();
        let servers: Value = serde_json::from_str(&servers).unwrap();
        let mut config = world.config.clone();
        config.transport = Some(Transport::Smtp);
        config.smtp.host = "localhost".to_owned();
        config.smtp.port = Some(servers[name].as_u64().unwrap().try_into().unwrap());
        config.smtp.security = security;
        config.smtp.ca = Some(self.folder.join("ca.pem"));
        config.smtp.user = Some("service".to_owned());
        config.smtp.password = Some(Secret::from("open sesame"));
        config
    }

    /// What the server was given for somebody. It has written that down before it says so.
    fn mails(&self, to: &str) -> Vec<Value> {
        let entries = std::fs::read_dir(&self.folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let mails = paths.filter(|path| path.extension().is_some_and(|end| end == "json"));
        let mails = mails.map(|path| {
            serde_json::from_str::<Value>(&std::fs::read_to_string(path).unwrap()).unwrap()
        });
        mails
            .filter(|mail| mail["to"] == serde_json::json!([to]))
            .collect()
    }
}

/// An address that no other test has.
fn somebody(name: &str) -> String {
    format!("{name}-{}@example.com", saas_core::Id::<()>::generate())
}

async fn deliver(config: &MailConfig, world: &World, to: &str) -> Result<(), MailError> {
    let mailer = SmtpMailer::open(config, world.templates.clone()).unwrap();
    mailer
        .deliver(&letter(&world.acme, to).finish().unwrap())
        .await
}

#[tokio::test]
async fn a_server_is_given_the_mail_as_it_was_written() {
    let (world, server) = (World::sqlite().await, Server::given());
    let to = somebody("ann");
    let mailer = open_mailer(&server.plain(&world), world.templates.clone()).unwrap();
    // A point at the beginning of a line is one for the protocol.
    let lines = named(
        &world.acme,
        &to,
        "Ann\r\n.\r\n.\nMAIL FROM:<eve@evil.example>\r\n..x",
    );
    mailer.deliver(&lines.finish().unwrap()).await.unwrap();
    let mails = server.mails(&to);
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert_eq!(mails[0]["from"], "no-reply@service.example");
    let data = mails[0]["data"].as_str().unwrap();
    assert!(data.contains(&format!("To: {to}")), "{data}");
    assert!(
        data.contains("\r\n.\r\n.\r\nMAIL FROM:<eve@evil.example>\r\n..x"),
        "{data}"
    );
    assert!(
        data.replace("=\r\n", "").replace("=3D", "=").contains(LINK),
        "{data}"
    );
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let (world, server) = (World::sqlite().await, Server::given());
    let to = somebody("ann");
    let mailer = SmtpMailer::open(&server.plain(&world), world.templates.clone()).unwrap();
    for _ in 0..3 {
        mailer
            .deliver(&letter(&world.acme, &to).finish().unwrap())
            .await
            .unwrap();
    }
    let mails = server.mails(&to);
    assert_eq!(mails.len(), 3);
    assert!(
        mails
            .iter()
            .all(|mail| mail["connection"] == mails[0]["connection"]),
        "{mails:?}"
    );
}

#[tokio::test]
async fn tls_and_starttls_with_a_password() {
    let (world, server) = (World::sqlite().await, Server::given());
    for security in [Security::Tls, Security::StartTls] {
        let to = somebody("ann");
        let config = server.secured(&world, security);
        deliver(&config, &world, &to).await.unwrap();
        let mails = server.mails(&to);
        assert_eq!(mails.len(), 1, "{security:?}");
        assert_eq!(mails[0]["tls"], true, "{security:?}");
        assert_eq!(mails[0]["user"], "service", "{security:?}");

        // A certificate that nobody vouches for, or one of another name.
        let mut stranger = config.clone();
        stranger.smtp.ca = None;
        let mut renamed = config.clone();
        renamed.smtp.host = "127.0.0.1".to_owned();
        for wrong in [stranger, renamed] {
            let error = deliver(&wrong, &world, &to).await.unwrap_err();
            assert!(
                error.retryable() && error.to_string().contains("TLS"),
                "{error}"
            );
        }

        // The fault of the service, so no letter is lost by it.
        let mut wrong = config.clone();
        wrong.smtp.password = Some(Secret::from("open barley"));
        let error = deliver(&wrong, &world, &to).await.unwrap_err();
        assert!(
            error.retryable() && error.to_string().contains("535"),
            "{error}"
        );
        assert!(!format!("{error} {error:?} {wrong:?}").contains("barley"));
        assert_eq!(server.mails(&to).len(), 1);
    }
}

#[tokio::test]
async fn without_tls_nothing_is_sent_where_tls_is_required() {
    let (world, server) = (World::sqlite().await, Server::given());
    let to = somebody("ann");
    let mut config = server.plain(&world);
    config.smtp.host = "localhost".to_owned();
    config.smtp.security = Security::StartTls;
    let error = deliver(&config, &world, &to).await.unwrap_err();
    assert!(error.retryable(), "{error}");
    assert!(server.mails(&to).is_empty());

    // Nor does a mail leave the machine unprotected.
    for host in ["mail.example.com", "10.0.0.1", "127.0.0.1.example.com"] {
        let mut config = server.plain(&world);
        config.smtp.host = host.to_owned();
        let refused = SmtpMailer::open(&config, world.templates.clone());
        let Err(Error::Config { key, .. }) = refused else {
            panic!("{host}");
        };
        assert_eq!(key, "smtp.security");
    }
}

#[tokio::test]
async fn an_answer_says_whether_to_try_again_and_no_address() {
    let (world, server) = (World::sqlite().await, Server::given());
    let (log, guard) = Log::begin();
    for (name, retryable, code) in [("refused", false, "550"), ("busy", true, "451")] {
        let to = somebody(name);
        let error = deliver(&server.plain(&world), &world, &to)
            .await
            .unwrap_err();
        assert_eq!(error.retryable(), retryable, "{error}");
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(code) && !shown.contains('@'), "{shown}");
    }
    deliver(&server.plain(&world), &world, &somebody("ann"))
        .await
        .unwrap();
    drop(guard);
    let log = log.text();
    assert!(log.contains("mail sent"), "{log}");
    assert!(
        !log.contains("@example.com") && !log.contains("s3cret"),
        "{log}"
    );
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_an_error_in_time() {
    let (world, server) = (World::sqlite().await, Server::given());
    // Nobody listens; somebody listens and says nothing; somebody says nothing in the middle of a mail.
    let away = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let away = away.local_addr().unwrap().port();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let silent_port = silent.local_addr().unwrap().port();
    for (port, to) in [(away, "ann"), (silent_port, "ann"), (server.port, "stuck")] {
        let mut config = server.plain(&world);
        config.smtp.port = Some(port);
        config.smtp.timeout = Duration::from_millis(300).into();
        let begun = Instant::now();
        let error = deliver(&config, &world, &somebody(to)).await.unwrap_err();
        assert!(error.retryable(), "{error}");
        assert!(
            begun.elapsed() < Duration::from_secs(3),
            "{error} {:?}",
            begun.elapsed()
        );
    }
}

#[tokio::test]
async fn a_delivery_that_was_dropped_half_way_leaves_nothing_for_the_next() {
    let (world, server) = (World::sqlite().await, Server::given());
    let mut config = server.plain(&world);
    config.smtp.connections = 1;
    let mailer = SmtpMailer::open(&config, world.templates.clone()).unwrap();
    let written = |to: &str| -> Letter { letter(&world.beta, to).finish().unwrap() };
    for _ in 0..3 {
        let slow = somebody("slow");
        let begun = written(&slow);
        let delivery = mailer.deliver(&begun);
        let dropped = tokio::time::timeout(Duration::from_millis(200), delivery).await;
        assert!(dropped.is_err());
        // The answer to what was dropped is still to come, and must not be taken for one to this.
        let to = somebody("ann");
        mailer.deliver(&written(&to)).await.unwrap();
        let mails = server.mails(&to);
        assert_eq!(mails.len(), 1);
        let data = mails[0]["data"].as_str().unwrap();
        assert!(!data.contains(&slow), "{data}");
        assert!(server.mails(&slow).is_empty());
    }
}

#[tokio::test]
async fn a_configuration_that_cannot_work_is_refused_at_the_start() {
    let world = World::sqlite().await;
    let server = Server::given();
    let wrong = |change: fn(&mut MailConfig)| {
        let mut config = server.secured(&world, Security::Tls);
        change(&mut config);
        match SmtpMailer::open(&config, world.templates.clone()) {
            Err(Error::Config { key, .. }) => key,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(wrong(|config| config.smtp.password = None), "smtp.password");
    assert_eq!(wrong(|config| config.smtp.user = None), "smtp.user");
    assert_eq!(
        wrong(|config| config.smtp.ca = Some("/nowhere".into())),
        "smtp.ca"
    );
    assert_eq!(
        wrong(|config| config.smtp.timeout = Duration::ZERO.into()),
        "smtp.timeout"
    );
    let from = wrong(|config| {
        config.smtp.host = "mail.example.com".to_owned();
        config.from = "no-reply@localhost".to_owned();
    });
    assert_eq!(from, "from");
}
