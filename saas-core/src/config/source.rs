//! Where values come from.

use std::{
    ffi::OsString,
    io::{self, Read as _},
    path::Path,
};

use config::{File, FileFormat, Source as _, Value, ValueKind};

use super::{Entry, Mistake};

/// A configuration file is written by hand; more than this is a mistake.
const MAX_FILE: u64 = 1 << 20;

/// Reads a TOML file. A file that is not there holds nothing.
pub(super) fn file(path: &Path) -> Result<Vec<Entry>, Mistake> {
    let name = path.display().to_string();
    let wrong = |message: String| Mistake::new(name.clone(), String::new(), message);
    let text = match bounded(path, MAX_FILE) {
        Ok(text) => text.ok_or_else(|| wrong("is larger than 1 MiB".to_owned()))?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(wrong(format!("cannot be read: {error}"))),
    };
    self::text(&name, &text)
}

/// Reads a file of at most so many bytes; nothing, where it has more. A pipe would be waited for, and a device never ends.
fn bounded(path: &Path, bytes: u64) -> io::Result<Option<String>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file"));
    }
    let (file, mut text) = (std::fs::File::open(path)?, String::new());
    file.take(bytes + 1).read_to_string(&mut text)?;
    Ok(Some(text).filter(|text| text.len() as u64 <= bytes))
}

/// Reads TOML.
pub(super) fn text(name: &str, text: &str) -> Result<Vec<Entry>, Mistake> {
    let table = File::from_str(text, FileFormat::Toml)
        .collect()
        .map_err(|error| {
            // The first line says where and what; the rest repeats the text of the file.
            let error = error.to_string();
            let first = error.lines().next().unwrap_or_default();
            Mistake::new(
                name.to_owned(),
                String::new(),
                format!("is not TOML: {first}"),
            )
        })?;
    let mut entries = Vec::new();
    for (key, value) in table {
        flatten(key, value, name, &mut entries);
    }
    Ok(entries)
}

fn flatten(key: String, value: Value, origin: &str, entries: &mut Vec<Entry>) {
    match value.kind {
        ValueKind::Table(table) if !table.is_empty() => {
            for (inner, value) in table {
                flatten(format!("{key}.{inner}"), value, origin, entries);
            }
        }
        kind => entries.push(Entry {
            key,
            origin: origin.to_owned(),
            value: Value::new(None, kind),
        }),
    }
}

/// A secret is short; more than this is a mistake.
const MAX_SECRET: u64 = 64 << 10;

/// Takes the variables that belong to the configuration, the short forms last.
pub(super) fn environment(
    prefix: &str,
    short: &[(&'static str, &'static str)],
    variables: Vec<(OsString, OsString)>,
) -> (Vec<Entry>, Vec<Mistake>) {
    let (mut entries, mut shorts, mut mistakes) = (Vec::new(), Vec::new(), Vec::new());
    for (name, value) in variables {
        // A name that is not Unicode is none of ours.
        let Ok(name) = name.into_string() else {
            continue;
        };
        let (name, is_file) = match name.strip_suffix("_FILE") {
            Some(name) => (name, true),
            None => (name.as_str(), false),
        };
        let long = name
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_prefix("__"));
        let (key, list) = match (long, short.iter().find(|(short, _)| *short == name)) {
            (Some(long), _) if !prefix.is_empty() => {
                (long.to_lowercase().replace("__", "."), &mut entries)
            }
            (_, Some((_, key))) => ((*key).to_owned(), &mut shorts),
            _ => continue,
        };
        let value = match value.into_string() {
            Ok(path) if is_file => secret(Path::new(&path)),
            Ok(value) => Ok(value),
            Err(_) => Err("is not UTF-8".to_owned()),
        };
        let origin = format!("variable {name}{}", if is_file { "_FILE" } else { "" });
        match value {
            Ok(value) => list.push(Entry {
                key,
                origin,
                value: Value::new(None, ValueKind::String(value)),
            }),
            Err(message) => mistakes.push(Mistake::new(key, origin, message)),
        }
    }
    for list in [&mut entries, &mut shorts] {
        list.sort_by(|a, b| (&a.key, &a.origin).cmp(&(&b.key, &b.origin)));
        for pair in list.windows(2) {
            if let [one, other] = pair
                && one.key == other.key
            {
                let message = format!("is set by {}, too", one.origin);
                mistakes.push(Mistake::new(
                    other.key.clone(),
                    other.origin.clone(),
                    message,
                ));
            }
        }
    }
    entries.extend(shorts);
    (entries, mistakes)
}

/// Reads a value that has a file of its own, without the end of its line.
fn secret(path: &Path) -> Result<String, String> {
    // The path is not repeated: it may be the secret itself, by mistake.
    let unreadable = |error: std::io::Error| format!("names a file that cannot be read: {error}");
    let text = bounded(path, MAX_SECRET).map_err(unreadable)?;
    let mut text = text.ok_or("names a file that is larger than 64 KiB")?;
    text.truncate(text.trim_end_matches(['\r', '\n']).len());
    Ok(text)
}

/// Puts the entries into one tree; later ones win.
pub(super) fn tree(entries: &[Entry]) -> Value {
    let mut root = super::table();
    for entry in entries {
        insert(&mut root, &entry.key, &entry.value);
    }
    root
}

fn insert(place: &mut Value, key: &str, value: &Value) {
    if !matches!(place.kind, ValueKind::Table(_)) {
        *place = super::table();
    }
    let ValueKind::Table(table) = &mut place.kind else {
        return;
    };
    match key.split_once('.') {
        Some((section, rest)) => {
            insert(
                table.entry(section.to_owned()).or_insert_with(super::table),
                rest,
                value,
            );
        }
        None => drop(table.insert(key.to_owned(), value.clone())),
    }
}

/// Splits a text from the environment at its commas, for a key that is a list. A text with nothing in it is none: a variable that
/// was forgotten must not empty a list that keeps somebody out.
pub(super) fn list(value: &Value) -> Option<Value> {
    let ValueKind::String(text) = &value.kind else {
        return None;
    };
    if text.trim().is_empty() {
        return None;
    }
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let parts = parts.map(|part| Value::new(None, ValueKind::String(part.to_owned())));
    Some(Value::new(None, ValueKind::Array(parts.collect())))
}
