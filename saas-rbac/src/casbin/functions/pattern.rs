//! Whether a text matches a pattern.

use std::{
    net::IpAddr,
    sync::{Arc, LazyLock},
};

use ipnet::IpNet;
use moka::sync::Cache;
use regex::{Regex, RegexBuilder};

use super::path::{Translated, glob, path};
use crate::casbin::{PolicyError, error::short, limits};

#[derive(Debug)]
struct Compiled {
    regex: Regex,
    names: Vec<String>,
}

/// Patterns that were compiled before. Casbin takes functions without any state, so that there is
/// no other place to keep them.
static COMPILED: LazyLock<Cache<(&'static str, String), Arc<Compiled>>> =
    LazyLock::new(|| Cache::new(512));

/// Says what is wrong with a pattern.
pub(in crate::casbin) fn check(function: &'static str, pattern: &str) -> Result<(), PolicyError> {
    let checked = match function {
        "keyMatch" | "keyGet" => Ok(()),
        "ipMatch" => network(pattern).map(|_| ()).ok_or_else(|| {
            let pattern = short(pattern);
            PolicyError::new(format!("`{pattern}` is neither an address nor a network"))
        }),
        _ => compiled(function, pattern).map(|_| ()),
    };
    checked.map_err(|error| error.of(&format!("`{function}`")))
}

/// Gives whether the text matches; `None` when the pattern, or the address, is none.
pub(in crate::casbin) fn matches(
    function: &'static str,
    text: &str,
    pattern: &str,
) -> Option<bool> {
    match function {
        "keyMatch" => Some(match pattern.split_once('*') {
            Some((start, _)) => text.starts_with(start),
            None => text == pattern,
        }),
        "ipMatch" => {
            let address: IpAddr = text.parse().ok()?;
            Some(network(pattern)?.contains(&address.to_canonical()))
        }
        "keyMatch4" => {
            let compiled = compiled(function, pattern).ok()?;
            Some(compiled.captures_alike(text))
        }
        "keyMatch5" => {
            let (text, _) = text.split_once('?').unwrap_or((text, ""));
            Some(compiled(function, pattern).ok()?.regex.is_match(text))
        }
        _ => Some(compiled(function, pattern).ok()?.regex.is_match(text)),
    }
}

/// Gives the part of the text that the pattern names, or nothing.
pub(super) fn part(
    function: &'static str,
    text: &str,
    pattern: &str,
    name: &str,
) -> Option<String> {
    if function == "keyGet" {
        let rest = pattern
            .split_once('*')
            .and_then(|(start, _)| text.strip_prefix(start));
        return Some(rest.unwrap_or_default().to_owned());
    }
    let compiled = compiled(function, pattern).ok()?;
    let found = compiled.regex.captures(text).and_then(|captures| {
        let at = compiled.names.iter().position(|known| known == name)?;
        Some(captures.get(at + 1)?.as_str().to_owned())
    });
    Some(found.unwrap_or_default())
}

impl Compiled {
    /// Tells whether the text matches, and parts of the same name are the same.
    fn captures_alike(&self, text: &str) -> bool {
        let Some(captures) = self.regex.captures(text) else {
            return false;
        };
        let parts: Vec<_> = self.names.iter().zip(captures.iter().skip(1)).collect();
        parts.iter().all(|(name, part)| {
            parts
                .iter()
                .filter(|(other, _)| other == name)
                .all(|(_, other)| part.map(|part| part.as_str()) == other.map(|part| part.as_str()))
        })
    }
}

fn compiled(function: &'static str, pattern: &str) -> Result<Arc<Compiled>, PolicyError> {
    let key = (function, pattern.to_owned());
    if let Some(known) = COMPILED.get(&key) {
        return Ok(known);
    }
    if pattern.len() > limits::FIELD_BYTES {
        return Err(PolicyError::new("the pattern is too long"));
    }
    let translated = match function {
        "keyMatch2" | "keyGet2" => path(pattern, false)?,
        "globMatch" => glob(pattern)?,
        "regexMatch" => Translated {
            regex: pattern.to_owned(),
            names: Vec::new(),
        },
        _ => path(pattern, true)?,
    };
    let regex = RegexBuilder::new(&translated.regex)
        .size_limit(limits::REGEX_BYTES)
        .dfa_size_limit(limits::REGEX_BYTES)
        .build()
        .map_err(|_| {
            let pattern = short(pattern);
            PolicyError::new(format!(
                "`{pattern}` is not a pattern, or is too large a one"
            ))
        })?;
    let compiled = Arc::new(Compiled {
        regex,
        names: translated.names,
    });
    COMPILED.insert(key, Arc::clone(&compiled));
    Ok(compiled)
}

fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpNet>() {
        Ok(network) => Some(network),
        Err(_) => Some(text.parse::<IpAddr>().ok()?.to_canonical().into()),
    }
}
