//! Lists with what is known of each file, and folders.

use saas_tenancy::{Scope, TenantTx};
use serde::Serialize;

use super::{
    File, Files,
    row::{FileRow, FileRows as _},
};
use crate::{Error, MAX_PAGE, Prefix};

/// No name is behind it: keys hold no noncharacters.
pub(super) const END: &str = "\u{10ffff}";

/// A page of a folder: files and folders, in the order of their names.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct FolderPage {
    /// The folders in it, each with a slash at its end. Empty where folders were not asked for.
    pub folders: Vec<String>,
    /// The files.
    pub files: Vec<File>,
    /// The name of a file or folder to go on after; absent on the last page.
    pub next: Option<String>,
}

impl Files {
    /// Lists the files of a folder and of the folders in it, with what is known of each.
    ///
    /// As [`Storage::list`](crate::Storage::list) it goes on after a name, whether there is such a
    /// file or not.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn list_files(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FolderPage, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let mut tx = self.database().read(scope);
        let mut rows = between(&mut tx, prefix, after, limit + 1).await?;
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().map(|row| row.path.clone()).filter(|_| more);
        let files = rows.into_iter().map(File::of).collect::<Result<_, _>>()?;
        Ok(FolderPage {
            folders: Vec::new(),
            files,
            next,
        })
    }

    /// Lists what is in a folder: its files, and the folders in it once each. A folder costs one
    /// statement, however many files it has.
    ///
    /// # Errors
    ///
    /// [`Error::Database`].
    pub async fn list_folder(
        &self,
        scope: &Scope,
        prefix: &Prefix,
        after: Option<&str>,
        limit: usize,
    ) -> Result<FolderPage, Error> {
        let limit = limit.clamp(1, MAX_PAGE);
        let inside = prefix.to_string();
        let mut tx = self.database().read(scope);
        let (mut folders, mut files) = (Vec::new(), Vec::new());
        let mut last = after.map(ToOwned::to_owned);
        'pages: loop {
            let wanted = limit + 1 - folders.len() - files.len();
            let rows = between(&mut tx, prefix, last.as_deref(), wanted).await?;
            let complete = rows.len() < wanted;
            for row in rows {
                if folders.len() + files.len() == limit {
                    break 'pages Ok(FolderPage {
                        folders,
                        files,
                        next: last,
                    });
                }
                let rest = row.path.strip_prefix(&inside).unwrap_or(&row.path);
                if let Some((name, _)) = rest.split_once('/') {
                    let folder = format!("{inside}{name}/");
                    last = Some(folder.clone());
                    folders.push(folder);
                    // Whatever else is in it is passed over by the next statement.
                    continue 'pages;
                }
                last = Some(row.path.clone());
                files.push(File::of(row)?);
            }
            if complete {
                break Ok(FolderPage {
                    folders,
                    files,
                    next: None,
                });
            }
        }
    }
}

/// Gives the files of a folder behind a name; behind a folder with all in it where that name ends with a
/// slash.
pub(super) async fn between(
    tx: &mut TenantTx,
    prefix: &Prefix,
    after: Option<&str>,
    count: usize,
) -> Result<Vec<FileRow>, Error> {
    let folder = prefix.to_string();
    // `0` comes right behind `/`.
    let before = folder.strip_suffix('/').map(|name| format!("{name}0"));
    let after = match after {
        Some(passed) if passed.ends_with('/') => format!("{passed}{END}"),
        after => after.unwrap_or_default().to_owned(),
    };
    let after = after.as_str().max(&folder);
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Ok(tx
        .files_between(after, before.as_deref().unwrap_or(END), count)
        .await?)
}
