//! Layered configuration: a file, then the environment, then the command line.
//!
//! The target is any struct that serde can read. Mark it `#[serde(default, deny_unknown_fields)]`:
//! then every key has a default, and a key that nobody reads is refused and not ignored. All
//! mistakes are reported at once, each with its key and where it was set. Values are never repeated
//! in a message, because one of them may be a secret.
//!
//! A variable whose name ends in `_FILE` names a file that holds the value, as secrets are mounted: `APP__KEYS__MASTER_FILE`.
//! Two variables for one value are a mistake. A key of yours that ends in `_file` could not be set by a variable.
//!
//! ```
//! use saas_core::config::{Config, Period};
//! use serde::Deserialize;
//!
//! #[derive(Deserialize, Default)]
//! #[serde(default, deny_unknown_fields)]
//! struct App {
//!     server: Server,
//! }
//!
//! #[derive(Deserialize, Default)]
//! #[serde(default, deny_unknown_fields)]
//! struct Server {
//!     port: u16,
//!     timeout: Period,
//! }
//!
//! let app: App = Config::new()
//!     .environment("APP", [("APP__SERVER__PORT", "8080"), ("TIMEOUT", "30s")])
//!     .short("TIMEOUT", "server.timeout")
//!     .load()?;
//! assert_eq!(app.server.port, 8080);
//! # Ok::<(), saas_core::config::ConfigError>(())
//! ```

mod error;
mod mask;
mod period;
mod source;

use std::{ffi::OsString, fmt, path::PathBuf};

use config::{Map, Value};
use serde::de::DeserializeOwned;

pub use error::{ConfigError, Mistake};
pub use mask::masked;
pub use period::{InvalidPeriod, Period, positive};

/// Collects the layers of a configuration; see the [module](self).
#[derive(Default)]
#[must_use = "a configuration is read by `load`"]
pub struct Config {
    defaults: String,
    files: Vec<PathBuf>,
    variables: Vec<(OsString, OsString)>,
    prefix: String,
    short: Vec<(&'static str, &'static str)>,
    arguments: Vec<(String, String)>,
}

impl Config {
    /// Starts without any layer.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a TOML file, if there is one. A later file wins over an earlier one.
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(path.into());
        self
    }

    /// Reads TOML that is part of the program: the defaults of this program, where they differ from
    /// those of the types. Everything else wins over it.
    pub fn defaults(mut self, toml: &str) -> Self {
        toml.clone_into(&mut self.defaults);
        self
    }

    /// Reads variables of the form `PREFIX__SECTION__KEY`, which win over files.
    pub fn environment<K: Into<OsString>, V: Into<OsString>>(
        mut self,
        prefix: &str,
        variables: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        prefix.clone_into(&mut self.prefix);
        self.variables = variables
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        self
    }

    /// Gives a variable as a short form of a key. It wins over the long form.
    pub fn short(mut self, variable: &'static str, key: &'static str) -> Self {
        self.short.push((variable, key));
        self
    }

    /// Sets keys from the command line, which win over everything.
    pub fn arguments(mut self, pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        self.arguments.extend(pairs);
        self
    }

    /// Reads the layers into `T`.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] lists every mistake.
    pub fn load<T: DeserializeOwned>(self) -> Result<T, ConfigError> {
        let mut mistakes = Vec::new();
        let mut entries = Vec::new();
        match source::text("the defaults", &self.defaults) {
            Ok(found) => entries.extend(found),
            Err(mistake) => mistakes.push(mistake),
        }
        for path in &self.files {
            match source::file(path) {
                Ok(found) => entries.extend(found),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        let (found, wrong) = source::environment(&self.prefix, &self.short, self.variables);
        entries.extend(found);
        mistakes.extend(wrong);
        let arguments = self.arguments.into_iter();
        entries.extend(arguments.map(|(key, value)| Entry {
            key,
            origin: "the command line".to_owned(),
            value: Value::new(None, config::ValueKind::String(value)),
        }));
        match read(&entries, &mut mistakes) {
            Some(config) if mistakes.is_empty() => Ok(config),
            _ => Err(ConfigError::new(mistakes)),
        }
    }
}

impl fmt::Debug for Config {
    /// Tells no value: the variables are often all of the process, and some are secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("files", &self.files)
            .field("prefix", &self.prefix)
            .field("short", &self.short)
            .finish_non_exhaustive()
    }
}

/// One value with its key and where it was set.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) origin: String,
    pub(crate) value: Value,
}

/// Reads the entries, and when one is wrong, notes it and tries again without it, so that all
/// mistakes are found.
fn read<T: DeserializeOwned>(entries: &[Entry], mistakes: &mut Vec<Mistake>) -> Option<T> {
    let mut entries = entries.to_vec();
    loop {
        let tree = source::tree(&entries);
        let found = serde_path_to_error::deserialize::<_, T>(tree);
        let error = match found {
            Ok(config) => return Some(config),
            Err(error) => error,
        };
        let (path, message) = error::describe(&error);
        // The path may end inside a list, or at a section that nobody knows.
        let culprit = entries.iter().rposition(|entry| {
            entry.key == path
                || path
                    .strip_prefix(&entry.key)
                    .is_some_and(|rest| rest.starts_with(['.', '[']))
                || entry
                    .key
                    .strip_prefix(&path)
                    .is_some_and(|rest| rest.starts_with('.'))
        });
        match culprit {
            Some(culprit) if message.contains("sequence") || message.contains("array") => {
                match entries
                    .get_mut(culprit)
                    .and_then(|entry| Some((source::list(&entry.value)?, entry)))
                {
                    Some((list, entry)) => entry.value = list,
                    None => {
                        let entry = entries.remove(culprit);
                        mistakes.push(Mistake::new(entry.key, entry.origin, message));
                    }
                }
            }
            Some(culprit) => {
                let entry = entries.remove(culprit);
                // An earlier layer may hold the same key; it would be tried next.
                entries.retain(|other| other.key != entry.key);
                let within = entry
                    .key
                    .strip_prefix(&path)
                    .is_some_and(|rest| rest.starts_with('.'));
                let message = error::known_values::<T>(&entry).unwrap_or(message);
                let key = if within { path } else { entry.key };
                mistakes.push(Mistake::new(key, entry.origin, message));
            }
            None => {
                mistakes.push(Mistake::new(path, String::new(), message));
                return None;
            }
        }
    }
}

/// Makes a table of a section, for the tree.
fn table() -> Value {
    Value::new(None, config::ValueKind::Table(Map::new()))
}
