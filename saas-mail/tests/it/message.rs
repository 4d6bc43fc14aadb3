//! What a mail is made of.

use saas_core::mail::{Letter, MailTenant};
use saas_mail::{Error, FolderMailer};

use crate::world::{LINK, RESET, World, letter, named};

/// The lines before the first empty one, unfolded.
fn headers(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().unwrap();
    let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    head.split("\r\n").map(str::to_owned).collect()
}

fn names(mail: &str) -> Vec<String> {
    let lines = headers(mail);
    lines
        .iter()
        .map(|line| line.split_once(':').unwrap().0.to_owned())
        .collect()
}

#[tokio::test]
async fn a_mail_has_both_forms_and_is_of_a_machine() {
    let world = World::sqlite().await;
    let mail = world.mail(letter(&world.acme, "ann@example.com")).await;
    let head = headers(&mail).join("\n");
    for expected in [
        "From: Service <no-reply@service.example>",
        "To: ann@example.com",
        "Subject: Your password at ACME, Ann",
        "Date: Sat, 21 Nov 2026 12:00:00 +0000",
        "Auto-Submitted: auto-generated",
        "multipart/alternative",
    ] {
        assert!(head.contains(expected), "{head}");
    }
    let (text, html) = (
        mail.find("text/plain").unwrap(),
        mail.find("text/html").unwrap(),
    );
    assert!(text < html);
    assert!(mail.replace("=3D", "=").contains(LINK), "{mail}");
}

#[tokio::test]
async fn what_is_delivered_again_has_the_same_id() {
    let world = World::sqlite().await;
    let id = async |draft| {
        let mail = world.mail(draft).await;
        let lines = headers(&mail);
        lines
            .into_iter()
            .find(|line| line.starts_with("Message-ID"))
            .unwrap()
    };
    let first = id(letter(&world.acme, "ann@example.com")).await;
    assert_eq!(first, id(letter(&world.acme, "ann@example.com")).await);
    assert!(first.ends_with("@service.example>"), "{first}");
    let tenant = MailTenant::new(world.acme.id(), "acme", "Acme");
    let other = Letter::to("ann@example.com", RESET, tenant, "reset/2");
    let other = other.value("name", "Ann").secret("link", LINK);
    let others = [
        id(letter(&world.acme, "bob@example.com")).await,
        id(letter(&world.beta, "ann@example.com")).await,
        id(other).await,
    ];
    assert!(!others.contains(&first), "{others:?}");
}

#[tokio::test]
async fn lif_09_no_name_begins_a_header() {
    let world = World::sqlite().await;
    let usual = names(&world.mail(letter(&world.acme, "ann@example.com")).await);
    for name in [
        "Ann\r\nBcc: eve@evil.example",
        "Ann\nBcc: eve@evil.example\n\nbody",
        "Ann\rBcc: eve@evil.example",
        "Ann\u{85}Bcc: eve@evil.example\u{2028}x\u{0}\u{b}",
        "=?utf-8?q?Ann=0D=0ABcc:_eve@evil.example?=",
        "Änn\r\nBcc: eve@evil.example",
        &"a".repeat(900),
        &"ä ".repeat(300),
    ] {
        let from = MailTenant::new(world.acme.id(), "acme", format!("Acme{name}"));
        let draft = Letter::to("ann@example.com", RESET, from, "k");
        // Both names stand in the subject, which has a bound of its own.
        let first = if name.len() > 400 { "Ann" } else { name };
        let mail = world
            .mail(draft.value("name", first).secret("link", LINK))
            .await;
        assert_eq!(names(&mail), usual, "{name:?} {mail}");
        assert!(
            !mail.contains("\r\nBcc:")
                || !headers(&mail).iter().any(|line| line.starts_with("Bcc"))
        );
        // Nothing but whole line ends, and no end of the mail within it (SMTP smuggling).
        assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "{mail:?}");
        assert!(mail.is_ascii());
    }
    let smuggled = "x\r\n.\r\nMAIL FROM:<eve@evil.example>\n.\n\r.\r";
    let mail = world
        .mail(named(&world.acme, "ann@example.com", smuggled))
        .await;
    assert!(!mail.replace("\r\n", "").contains(['\r', '\n']), "{mail:?}");
}

#[tokio::test]
async fn a_sender_is_an_address() {
    let world = World::sqlite().await;
    for wrong in [
        "",
        "nobody",
        "A <a@b.example>\r\nBcc: x@y.example",
        "a@b.example\r\nX: y",
    ] {
        let mut config = world.config.clone();
        config.from = wrong.to_owned();
        let refused = FolderMailer::open(&config, world.templates.clone());
        assert!(
            matches!(refused, Err(Error::Config { key: "from", .. })),
            "{wrong:?} {refused:?}"
        );
    }
}
