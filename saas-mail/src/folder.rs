//! Mail as files, for a start without a server.

use std::{
    fmt,
    fs::{DirBuilder, OpenOptions},
    io::{self, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use lettre::message::Mailbox;
use saas_core::{
    Id, Timestamp,
    mail::{Letter, MailError, Mailer},
};

use crate::{Error, MailConfig, Templates, message};

/// Writes each mail into a folder, as a file that mail programs open (`.eml`).
///
/// The names of the files sort by the time of delivery. A file appears in one step, with all its bytes. It holds
/// the links that the letter is about, so its owner alone can read it where the system is a Unix; elsewhere it has
/// the rights of the folder, which are for whoever makes it to choose.
pub struct FolderMailer {
    templates: Templates,
    from: Mailbox,
    folder: Arc<Path>,
    show_links: bool,
}

impl FolderMailer {
    /// Opens the folder, and makes it where it is not there.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] when it cannot be made or the sender is no address.
    pub fn open(config: &MailConfig, templates: Templates) -> Result<Self, Error> {
        let from = message::sender(&config.from)?;
        let folder = config.folder.path.as_path();
        let made = new_folder().recursive(true).create(folder);
        made.map_err(|error| Error::config("folder.path", format!("cannot be made: {error}")))?;
        Ok(Self {
            templates,
            from,
            folder: folder.into(),
            show_links: config.folder.show_links,
        })
    }
}

#[async_trait]
impl Mailer for FolderMailer {
    async fn deliver(&self, letter: &Letter) -> Result<(), MailError> {
        let mail = self.templates.render(letter).await?;
        let now = self.templates.clock().now();
        let bytes = message::build(&mail, letter, &self.from, now)?.formatted();
        let folder = Arc::clone(&self.folder);
        let name = name(now);
        // It goes on when this future is dropped.
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &bytes)).await;
        let path = written
            .map_err(io::Error::other)
            .and_then(|written| written)
            .map_err(|error| MailError::Unavailable(format!("the file: {}", error.kind())))?;
        let file = tracing::field::display(path.display());
        if self.show_links {
            let links: Vec<_> = letter
                .secrets()
                .map(|(_, link)| link.expose().as_str())
                .collect();
            tracing::info!(target: "saas::mail", file, links = links.join(" "), "mail written");
        } else {
            tracing::info!(target: "saas::mail", file, "mail written");
        }
        Ok(())
    }
}

/// Time first, always as long; the id, which grows within an instant, makes it the only one.
fn name(now: Timestamp) -> String {
    let (micros, id) = (
        now.as_micros().rem_euclid(1_000_000),
        Id::<Letter>::generate(),
    );
    let seconds = Timestamp::from_secs(now.as_secs())
        .unwrap_or(now)
        .to_string();
    let seconds = seconds.trim_end_matches('Z').replace(':', "");
    format!("{seconds}.{micros:06}Z-{id}")
}

/// Writes a file under another name first, so that nobody reads half of it.
fn write(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<PathBuf> {
    let (unfinished, path) = (
        folder.join(format!(".{name}.part")),
        folder.join(format!("{name}.eml")),
    );
    let written = new_file()
        .write(true)
        .create_new(true)
        .open(&unfinished)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&unfinished, &path));
    if let Err(error) = written {
        let _ = std::fs::remove_file(&unfinished);
        return Err(error);
    }
    Ok(path)
}

fn new_folder() -> DirBuilder {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "the rights are those of a Unix")
    )]
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder
}

fn new_file() -> OpenOptions {
    #[cfg_attr(
        not(unix),
        expect(unused_mut, reason = "the rights are those of a Unix")
    )]
    let mut file = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut file, 0o600);
    file
}

impl fmt::Debug for FolderMailer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FolderMailer")
            .field("folder", &self.folder)
            .field("show_links", &self.show_links)
            .finish_non_exhaustive()
    }
}
