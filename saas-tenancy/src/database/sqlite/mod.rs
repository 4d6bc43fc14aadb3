//! SQLite: one writer, many readers, one file.

mod pool;
mod values;

use std::{path::Path, str::FromStr as _};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use pool::Pool;
pub(crate) use pool::Pooled;
pub(crate) use values::{bind, read};

use super::{DatabaseConfig, pool::Size};
use crate::Error;

pub(crate) struct Pools {
    pub(crate) writer: Pool,
    pub(crate) readers: Pool,
}

impl Pools {
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    pub(crate) fn size(&self) -> Size {
        let (writer, readers) = (self.writer.size(), self.readers.size());
        Size {
            open: writer.open + readers.open,
            idle: writer.idle + readers.idle,
            most: writer.most + readers.most,
        }
    }

    pub(crate) async fn ping(&self) -> Result<(), Error> {
        let mut link = self.readers.acquire().await?;
        // Until it has answered.
        link.suspect = true;
        sqlx::query("SELECT 1").execute(link.connection()?).await?;
        link.suspect = false;
        Ok(())
    }
}

pub(crate) async fn open(url: &str, config: &DatabaseConfig) -> Result<Pools, Error> {
    let path = path_of(url)?;
    if let Some(folder) = Path::new(path).parent()
        && !folder.as_os_str().is_empty()
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            Error::Config(format!("cannot create the folder of database.url: {error}"))
        })?;
    }
    create(Path::new(path))?;
    let options = SqliteConnectOptions::from_str("sqlite://")
        .map_err(Error::from)?
        .filename(path)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Wal)
        // A commit that was answered is on the disk, also when the machine loses power.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(config.lock_timeout.into())
        // Negative, it counts KiB and not pages.
        .pragma(
            "cache_size",
            format!("-{}", (config.page_cache >> 10).max(1)),
        )
        // Functions and virtual tables named in the schema itself are not trusted.
        .pragma("trusted_schema", "OFF")
        // As much stays of the log of writes (WAL) once all of it is in the file. While somebody reads, it grows.
        .pragma("journal_size_limit", "16777216");
    // The writer comes first: it creates the file and switches it to WAL.
    let writer = Pool::open(options.clone(), 1, config).await?;
    let readers = options.pragma("query_only", "ON");
    let readers = Pool::open(readers, config.max_connections, config).await?;
    Ok(Pools { writer, readers })
}

/// Creates the file where it is missing, for nobody but its owner: everything of all tenants is in it. SQLite gives the files
/// that it puts beside it the same permissions.
fn create(path: &Path) -> Result<(), Error> {
    let mut options = std::fs::File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(Error::Config(
            format!("cannot create the file of database.url: {error}"),
        )),
        _ => Ok(()),
    }
}

/// Takes the path out of `sqlite://path`. Everything that SQLite would read as more than a path is
/// refused: options after `?`, `file:` names, databases in memory (which the pools could not share).
fn path_of(url: &str) -> Result<&str, Error> {
    let wrong = |what: &str| {
        Err(Error::Config(format!(
            "database.url must be `sqlite://` and a path: {what}"
        )))
    };
    let Some(path) = url.strip_prefix("sqlite://") else {
        return wrong("the prefix is missing");
    };
    if path.is_empty() || path == ":memory:" {
        return wrong("a database in memory cannot be shared by several connections");
    }
    if path.contains(['?', '#', '%', '\0']) || path.starts_with("file:") {
        return wrong("options and special characters are not supported");
    }
    Ok(path)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use sqlx::Row as _;

    use super::*;

    #[test]
    fn a_url_is_a_path_and_nothing_more() {
        assert_eq!(path_of("sqlite://data/a.db").unwrap(), "data/a.db");
        assert_eq!(path_of("sqlite:///var/a.db").unwrap(), "/var/a.db");
        for wrong in [
            "sqlite://",
            "sqlite::memory:",
            "sqlite://:memory:",
            "sqlite://a.db?mode=ro",
            "sqlite://file:a.db",
            "sqlite://a%2fb",
            "sqlite://a\0b",
        ] {
            assert!(path_of(wrong).is_err(), "{wrong:?}");
        }
    }

    #[tokio::test]
    async fn rel_26_every_connection_has_the_same_settings() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/a.db", folder.path().display());
        let mut config = DatabaseConfig::new(&url);
        config.max_connections = 3;
        let pools = open(&url, &config).await.unwrap();
        let mut connections = vec![(pools.writer.acquire().await.unwrap(), "0")];
        for _ in 0..3 {
            connections.push((pools.readers.acquire().await.unwrap(), "1"));
        }
        let patience = Duration::from(config.lock_timeout).as_millis().to_string();
        for (connection, reads_only) in &mut connections {
            for (setting, expected) in [
                ("PRAGMA journal_mode", "wal"),
                ("PRAGMA synchronous", "2"),
                ("PRAGMA foreign_keys", "1"),
                ("PRAGMA trusted_schema", "0"),
                ("PRAGMA busy_timeout", &*patience),
                ("PRAGMA journal_size_limit", "16777216"),
                ("PRAGMA query_only", *reads_only),
            ] {
                let row = sqlx::query(setting)
                    .fetch_one(connection.connection().unwrap())
                    .await;
                let found: String = row.unwrap().try_get_unchecked(0).unwrap();
                assert_eq!(found, expected, "{setting}");
            }
        }
        drop(connections);
        pools.close().await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn what_is_in_the_file_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/data/a.db", folder.path().display());
        let pools = open(&url, &DatabaseConfig::new(&url)).await.unwrap();
        let mut writer = pools.writer.acquire().await.unwrap();
        let write = sqlx::query("CREATE TABLE t (a INTEGER)").execute(writer.connection().unwrap());
        write.await.unwrap();
        drop(writer);
        let files = std::fs::read_dir(folder.path().join("data")).unwrap();
        let modes: Vec<u32> = files
            .map(|file| file.unwrap().metadata().unwrap().permissions().mode() & 0o777)
            .collect();
        assert_eq!(modes, [0o600; 3]);
        pools.close().await;
    }
}
