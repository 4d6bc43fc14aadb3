//! Where objects are kept.

use std::path::{Path, PathBuf};

use opendal::{
    Operator,
    services::{Fs, Memory},
};

use crate::Error;

/// An OpenDAL operator, and the folder behind it when it is one.
#[derive(Debug, Clone)]
pub(crate) struct Backend {
    pub(crate) operator: Operator,
    root: Option<PathBuf>,
}

impl Backend {
    pub(crate) fn open(url: &str) -> Result<Self, Error> {
        let wrong = |message: &str| Error::Config(message.to_owned());
        let (scheme, rest) = url
            .split_once("://")
            .ok_or_else(|| wrong("must be `fs://folder` or `memory://`"))?;
        let failed =
            |error: opendal::Error| Error::Config(format!("cannot be opened: {}", error.kind()));
        match scheme {
            "memory" => Ok(Self {
                operator: Operator::new(Memory::default()).map_err(failed)?,
                root: None,
            }),
            "fs" if rest.is_empty() => Err(wrong("names no folder")),
            "fs" => {
                // Files are received here and moved into place. No key can name the folder: it is
                // beside `tenants`, and every object is below that.
                let staging = Path::new(rest).join("staging");
                let fs = Fs::default()
                    .root(rest)
                    .atomic_write_dir(&staging.to_string_lossy());
                Ok(Self {
                    operator: Operator::new(fs).map_err(failed)?,
                    root: Some(PathBuf::from(rest)),
                })
            }
            "s3" | "azblob" | "gcs" => Err(wrong(
                "this version keeps files in `fs://` and `memory://` only",
            )),
            _ => Err(wrong("must be `fs://folder` or `memory://`")),
        }
    }

    /// Refuses an object whose path leads through a file, and one whose path leads through a symbolic link: OpenDAL would follow it out of the
    /// folder. Somebody who can plant a link between this look and the use already writes to our
    /// folder by other means.
    pub(crate) async fn check(&self, object: &str) -> Result<(), Error> {
        let Some(root) = self.root.clone() else {
            return Ok(());
        };
        let object = object.to_owned();
        let look = move || {
            let mut path = root;
            let mut segments = object
                .split('/')
                .filter(|segment| !segment.is_empty())
                .peekable();
            while let Some(segment) = segments.next() {
                path.push(segment);
                match std::fs::symlink_metadata(&path) {
                    Ok(found) if found.file_type().is_symlink() => return Err(Error::NotFound),
                    Ok(found) if found.is_file() && segments.peek().is_some() => {
                        return Err(Error::Conflict);
                    }
                    Ok(_) => {}
                    Err(_) => break,
                }
            }
            Ok(())
        };
        tokio::task::spawn_blocking(look)
            .await
            .map_err(|error| Error::Backend(Box::new(error)))?
    }
}
