//! Mail as files.

use std::{
    io::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use saas_core::mail::Mailer as _;
use saas_mail::{Error, FolderMailer, MailConfig, Transport, open_mailer};
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

use crate::world::{LINK, World, files, letter};

#[tokio::test]
async fn files_sort_by_time() {
    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    let folder = &world.config.folder.path;
    let mut order = Vec::new();
    for index in 0..6 {
        if index % 2 == 0 {
            world.db.clock().advance(Duration::from_micros(500_000));
        }
        let to = format!("p{index}@example.com");
        mailer
            .deliver(&letter(&world.acme, &to).finish().unwrap())
            .await
            .unwrap();
        order.push(to);
    }
    let names = files(folder);
    assert_eq!(names.len(), 6, "{names:?}");
    for (name, to) in names.iter().zip(&order) {
        assert!(name.ends_with(".eml"), "{name}");
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(text.contains(to), "{names:?}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn files_are_for_their_owner() {
    use std::os::unix::fs::PermissionsExt as _;

    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    let letter = letter(&world.acme, "ann@example.com").finish().unwrap();
    mailer.deliver(&letter).await.unwrap();
    let folder = &world.config.folder.path;
    let rights = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(rights(folder), 0o700);
    let names = files(folder);
    assert_eq!(rights(&folder.join(&names[0])), 0o600, "{names:?}");
}

/// Gives the key that a configuration is refused for.
fn refused(config: &MailConfig, world: &World) -> (&'static str, String) {
    match open_mailer(config, world.templates.clone()).map(|_| ()) {
        Err(Error::Config { key, reason }) => (key, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn no_letter_goes_by_a_road_that_nobody_has_chosen() {
    let world = World::sqlite().await;
    let mut config = world.config.clone();
    config.transport = None;
    let (key, reason) = refused(&config, &world);
    assert_eq!(key, "transport");
    assert!(
        reason.contains("`smtp`") && reason.contains("`folder`"),
        "{reason}"
    );
    // Nor into the folder for want of a server.
    config.transport = Some(Transport::Smtp);
    let (key, _) = refused(&config, &world);
    assert_eq!(key, "smtp.host");
    assert!(!config.folder.path.exists());

    config.transport = Some(Transport::Folder);
    let mailer = open_mailer(&config, world.templates.clone()).unwrap();
    let letter = letter(&world.acme, "ann@example.com").finish().unwrap();
    mailer.deliver(&letter).await.unwrap();
    assert_eq!(files(&config.folder.path).len(), 1);
}

#[test]
fn the_road_is_written_in_one_word() {
    let read = |text: &str| serde_json::from_str::<MailConfig>(text).map(|config| config.transport);
    assert_eq!(read("{}").unwrap(), None);
    assert_eq!(
        read(r#"{"transport":"folder"}"#).unwrap(),
        Some(Transport::Folder)
    );
    assert_eq!(
        read(r#"{"transport":"smtp"}"#).unwrap(),
        Some(Transport::Smtp)
    );
    assert!(read(r#"{"transport":"pigeon"}"#).is_err());
}

#[tokio::test]
async fn a_folder_that_is_gone_is_an_error_for_later() {
    let world = World::sqlite().await;
    let mailer = FolderMailer::open(&world.config, world.templates.clone()).unwrap();
    std::fs::remove_dir_all(&world.config.folder.path).unwrap();
    let waiting = letter(&world.acme, "ann@example.com").finish().unwrap();
    let error = mailer.deliver(&waiting).await.unwrap_err();
    assert!(error.retryable(), "{error}");

    let file = world.folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let mut config = world.config.clone();
    config.folder.path = file.join("below");
    let refused = FolderMailer::open(&config, world.templates.clone());
    assert!(
        matches!(
            refused,
            Err(Error::Config {
                key: "folder.path",
                ..
            })
        ),
        "{refused:?}"
    );
}

#[tokio::test]
async fn rel_33_a_link_is_logged_where_that_is_asked_for_and_nowhere_else() {
    let world = World::sqlite().await;
    for show_links in [false, true] {
        let mut config = world.config.clone();
        config.folder.show_links = show_links;
        let mailer = FolderMailer::open(&config, world.templates.clone()).unwrap();
        let (log, guard) = Log::begin();
        mailer
            .deliver(&letter(&world.acme, "ann@example.com").finish().unwrap())
            .await
            .unwrap();
        drop(guard);
        let log = log.text();
        assert!(
            log.contains("INFO saas::mail") && log.contains(".eml"),
            "{log}"
        );
        assert_eq!(log.contains(LINK), show_links, "{log}");
        assert!(!log.contains("ann@") && !log.contains("Ann"), "{log}");
        let shown = format!("{mailer:?}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
}

/// Everything that is logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn begin() -> (Self, DefaultGuard) {
        // Somebody listens always, so that what another test runs through first is not switched off for this one.
        static LISTENER: std::sync::Once = std::sync::Once::new();
        LISTENER.call_once(|| {
            let deaf = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_writer(std::io::sink)
                .finish();
            tracing::subscriber::set_global_default(deaf).unwrap();
        });
        let log = Self::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
