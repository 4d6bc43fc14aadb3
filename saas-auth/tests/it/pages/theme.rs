//! How the pages of a tenant look.

use saas_auth::{InvalidTheme, Theme};
use saas_tenancy::{AuditRecord, Dialect, PageQuery};

use super::{Browser, document::check};
use crate::world::World;

async fn set(world: &World, theme: &Theme) {
    let mut tx = world.db.database().write(&world.db.scope(&world.acme));
    world.identity.themes().set(&mut tx, theme).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_theme_is_of_one_tenant_and_its_changes_are_recorded() {
    for world in World::all().await {
        assert_eq!(world.identity.themes().of(&world.acme).await.unwrap(), None);
        let first = Theme::new("#1b5e20", "Acme Tools", "Welcome back.").unwrap();
        set(&world, &first).await;
        let second = Theme::new("#fdd835", "Acme", "").unwrap();
        set(&world, &second).await;
        let themes = world.identity.themes();
        assert_eq!(themes.of(&world.acme).await.unwrap(), Some(second));
        assert_eq!(themes.of(&world.beta).await.unwrap(), None);
        let mut tx = world.db.database().read(&world.db.scope(&world.acme));
        let query = PageQuery::default();
        let records = tx.repo::<AuditRecord>().list(query).await.unwrap().items;
        let mut records: Vec<_> = records
            .into_iter()
            .filter(|record| record.action == "theme.changed")
            .map(|record| (record.before_json(), record.after_json().unwrap()))
            .collect();
        records.sort_by_key(|(before, _)| before.is_some());
        assert_eq!(records.len(), 2);
        assert_eq!(records[0].0, None);
        assert_eq!(records[1].0, Some(records[0].1.clone()));
        assert_eq!(records[1].1["accent"], "#fdd835");
    }
}

#[tokio::test]
async fn pages_have_the_name_and_the_colour_of_the_tenant() {
    let world = World::on(Dialect::Sqlite).await;
    let name = "<b>Acme</b> & \"Söhne\"";
    set(
        &world,
        &Theme::new("#FDD835", name, "</p><script>").unwrap(),
    )
    .await;
    let mut browser = Browser::new(&world, "acme");
    let page = browser.get("/login").await;
    check(&page, "/t/acme");
    assert!(
        page.text
            .contains("&#60;b&#62;Acme&#60;/b&#62; &#38; &#34;Söhne&#34;"),
        "{page:?}"
    );
    assert!(
        page.text
            .contains("/t/acme/account/theme.css?accent=fdd835"),
        "{page:?}"
    );
    let css = browser.get("/account/theme.css?accent=fdd835").await;
    assert_eq!(
        css.text,
        ":root { --accent: #fdd835; --on-accent: #000000; }\n"
    );
    assert_eq!(css.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(css.header("x-content-type-options"), "nosniff");
    for wrong in ["", "fff", "red", "fdd835;}body{", "%23fdd835"] {
        let css = browser
            .get(&format!("/account/theme.css?accent={wrong}"))
            .await;
        assert_eq!(css.status, 404, "{wrong}");
    }
    browser.prefix = "/t/beta".to_owned();
    let page = browser.get("/login").await;
    assert!(
        !page.text.contains("theme.css") && !page.text.contains("Acme"),
        "{page:?}"
    );
}

#[tokio::test]
async fn the_style_is_kept_as_long_as_it_is_the_same() {
    let world = World::on(Dialect::Sqlite).await;
    let mut browser = Browser::new(&world, "acme");
    let page = browser.get("/login").await;
    let link = page
        .text
        .split("href=\"")
        .find(|part| part.contains("style.css"))
        .unwrap();
    let link = link
        .split('"')
        .next()
        .unwrap()
        .strip_prefix("/t/acme")
        .unwrap();
    let style = browser.get(link).await;
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert_eq!(
        style.header("cache-control"),
        "public, max-age=31536000, immutable"
    );
    let other = browser.get("/account/assets/style.css?v=1").await;
    assert_eq!(other.header("cache-control"), "public, max-age=60");
    // It loads nothing.
    assert!(!style.text.contains("url(") && !style.text.contains("@import"));
}

#[test]
fn what_is_no_line_of_text_is_no_theme() {
    let name = |name: &str| Theme::new("#000000", name, "");
    for wrong in ["", "  ", &"x".repeat(61), "a\nb", "a\u{202e}b", "\u{200b}"] {
        assert_eq!(name(wrong).unwrap_err(), InvalidTheme::Name, "{wrong:?}");
    }
    assert_eq!(name(" Acme ").unwrap().name(), "Acme");
    let welcome = |text: &str| Theme::new("#000000", "Acme", text);
    assert_eq!(
        welcome(&"x".repeat(201)).unwrap_err(),
        InvalidTheme::Welcome
    );
    assert_eq!(
        Theme::new("red", "Acme", "").unwrap_err(),
        InvalidTheme::Accent
    );
}
