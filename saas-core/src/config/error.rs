//! What can be wrong with a configuration.

use std::fmt;

use serde::de::DeserializeOwned;

use super::Entry;

/// Every mistake of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    mistakes: Vec<Mistake>,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    key: String,
    origin: String,
    message: String,
}

impl ConfigError {
    pub(super) fn new(mistakes: Vec<Mistake>) -> Self {
        Self { mistakes }
    }

    /// Reports a value that has the right type but cannot be used, found after loading.
    #[must_use]
    pub fn value(key: &str, message: impl Into<String>) -> Self {
        Self::new(vec![Mistake::new(
            key.to_owned(),
            String::new(),
            message.into(),
        )])
    }

    /// Gives the mistakes.
    #[must_use]
    pub fn mistakes(&self) -> &[Mistake] {
        &self.mistakes
    }
}

impl Mistake {
    pub(super) fn new(key: String, origin: String, message: String) -> Self {
        Self {
            key,
            origin,
            message,
        }
    }

    /// Gives the key, with dots between the sections.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.key)?;
        if !self.origin.is_empty() {
            write!(f, " (from {})", self.origin)?;
        }
        write!(f, ": {}", self.message)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the configuration cannot be used")?;
        for mistake in &self.mistakes {
            write!(f, "\n  {mistake}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Takes the full key and a message without any value out of an error.
pub(super) fn describe(
    error: &serde_path_to_error::Error<config::ConfigError>,
) -> (String, String) {
    let mut path = error.path().to_string();
    if path == "." {
        path.clear();
    }
    let mut inner = error.inner();
    while let config::ConfigError::At { error, .. } = inner {
        inner = error;
    }
    let message = match inner {
        config::ConfigError::NotFound(name) => return (path, format!("needs `{name}`, too")),
        config::ConfigError::Type { expected, .. } => format!("must be {expected}"),
        other => other.to_string(),
    };
    if let Some((name, known)) = unknown_field(&message) {
        let key = if path == name || path.ends_with(&format!(".{name}")) {
            path
        } else if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        return (key, format!("is no key of the configuration; {known}"));
    }
    if message.contains("variant") {
        return (
            path,
            "is none of the values that the key can have".to_owned(),
        );
    }
    (path, without_value(&message))
}

/// Finds out which values a key can have, if there are only certain ones. The reader of the layers does not say; one
/// that is given this key alone does.
pub(super) fn known_values<T: DeserializeOwned>(entry: &Entry) -> Option<String> {
    let config::ValueKind::String(text) = &entry.value.kind else {
        return None;
    };
    let innermost = serde_json::Value::String(text.clone());
    let tree = entry.key.rsplit('.').fold(innermost, |inner, key| {
        serde_json::Value::Object([(key.to_owned(), inner)].into_iter().collect())
    });
    let error = serde_json::from_value::<T>(tree).err()?.to_string();
    let (_, known) = error
        .strip_prefix("unknown variant `")?
        .rsplit_once("`, expected ")?;
    Some(format!("has to be {known}"))
}

/// Takes `x` and the rest out of "unknown field `x`, expected one of …".
fn unknown_field(message: &str) -> Option<(&str, String)> {
    let (name, rest) = message.strip_prefix("unknown field `")?.split_once('`')?;
    let known = rest
        .trim_start_matches(", ")
        .replace("expected one of ", "there are ")
        .replace("expected ", "there is ");
    Some((name, known))
}

/// Cuts the value out of "invalid value: string \"x\", expected …" and its like.
fn without_value(message: &str) -> String {
    match message.rsplit_once("expected ") {
        Some((_, expected)) => format!("must be {expected}"),
        None if message.contains('"') || message.contains('`') => {
            "has a value that cannot be used".to_owned()
        }
        None => message.to_owned(),
    }
}
