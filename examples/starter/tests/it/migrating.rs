//! `starter migrate`, beside itself, cut short, and after somebody has changed what was applied.

use std::{
    process::{Command, Output, Stdio},
    time::Duration,
};

use saas_testkit::TestDatabase;
use tempfile::TempDir;

use crate::measure::tier;

/// A database in which nothing has been migrated yet.
pub(crate) struct Fresh {
    folder: TempDir,
    pub(crate) database: TestDatabase,
}

impl Fresh {
    pub(crate) async fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            database: TestDatabase::postgres(&[]).await,
        }
    }

    pub(crate) fn command(&self, name: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_starter"));
        command
            .arg(name)
            .current_dir(self.folder.path())
            .env_clear()
            .env("LOG_FORMAT", "json")
            .env("RUST_LOG", "warn")
            .env("DATABASE_URL", self.database.service_url())
            .env("MIGRATE_DATABASE_URL", self.database.owner_url())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, name: &str) -> Output {
        self.command(name).output().unwrap()
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test]
async fn rel_17_18_one_of_two_migrates_and_one_that_was_killed_is_gone_on_with() {
    for _ in 0..4 {
        let fresh = Fresh::new().await;
        let all = [(); 3].map(|()| fresh.command("migrate"));
        let all = all.map(|mut command| command.spawn().unwrap());
        for process in all {
            let ended = process.wait_with_output().unwrap();
            assert!(ended.status.success(), "{}", said(&ended));
        }
        assert!(fresh.run("verify").status.success());
    }
    let points = tier(5, 20);
    for wait in (1..=points).map(|point| 300 * point / points) {
        let fresh = Fresh::new().await;
        let mut process = fresh.command("migrate").spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(wait)).await;
        process.kill().unwrap();
        process.wait().unwrap();
        // Nothing is locked, and nothing is half there.
        let again = fresh.run("migrate");
        assert!(again.status.success(), "after {wait} ms: {}", said(&again));
        let verified = fresh.run("verify");
        assert!(
            verified.status.success(),
            "after {wait} ms: {}",
            said(&verified)
        );
    }
}

#[tokio::test]
async fn rel_19_a_migration_that_was_changed_after_it_was_applied_is_refused() {
    let fresh = Fresh::new().await;
    assert!(fresh.run("migrate").status.success());
    let changed = "UPDATE saas_tenancy_migrations SET checksum = '\\x00' WHERE version = 1";
    fresh.database.as_owner(changed).await;
    let refused = fresh.run("migrate");
    let said = said(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("saas_tenancy") && said.contains("migration 1 was previously applied"),
        "{said}"
    );
}
