//! The form of a `model.conf`: sections, keys and values.

use crate::casbin::{PolicyError, error::short, limits};

pub(super) const REQUEST: &str = "request_definition";
pub(super) const POLICY: &str = "policy_definition";
pub(super) const ROLE: &str = "role_definition";
pub(super) const EFFECT: &str = "policy_effect";
pub(super) const MATCHER: &str = "matchers";

/// The sections, the letter of their keys, and whether there has to be one.
const SECTIONS: [(&str, char, bool); 5] = [
    (REQUEST, 'r', true),
    (POLICY, 'p', true),
    (ROLE, 'g', false),
    (EFFECT, 'e', true),
    (MATCHER, 'm', true),
];

/// A line of a model.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) line: usize,
    pub(super) section: &'static str,
    pub(super) key: String,
    pub(super) value: String,
}

/// Reads the lines, joined where one ends in a backslash, and without comments.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, PolicyError> {
    let mut entries: Vec<Entry> = Vec::new();
    let mut seen: Vec<&'static str> = Vec::new();
    let mut section = None;
    let mut lines = text.trim_start_matches('\u{feff}').lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let number = at + 1;
        let at_line = |text: String| PolicyError::new(text).on(number);
        let mut line = line.trim().to_owned();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = header(&line) {
            let known = SECTIONS.into_iter().find(|(known, ..)| *known == name);
            let Some((known, letter, _)) = known else {
                let name = short(name);
                return Err(at_line(format!("the section `[{name}]` is unknown")));
            };
            if seen.contains(&known) {
                return Err(at_line(format!("the section `[{known}]` is given twice")));
            }
            seen.push(known);
            section = Some((known, letter));
            continue;
        }
        while let Some(begun) = line.strip_suffix('\\') {
            let Some((_, next)) = lines.next() else {
                return Err(at_line("the last line is not complete".to_owned()));
            };
            line = format!("{} {}", begun.trim_end(), next.trim());
        }
        let Some((section, letter)) = section else {
            return Err(at_line("a definition stands before any section".to_owned()));
        };
        let Some((key, value)) = line.split_once('=') else {
            let line = short(&line);
            return Err(at_line(format!(
                "`{line}` is neither a section nor a definition"
            )));
        };
        let (key, value) = (key.trim(), without_comment(value).trim());
        if !is_key(key, letter) {
            let key = short(key);
            return Err(at_line(format!(
                "`{key}` is not a key of `[{section}]`, where they are `{letter}`, `{letter}2` and so on"
            )));
        }
        if value.is_empty() {
            return Err(at_line(format!("`{key}` is empty")));
        }
        if entries.iter().any(|entry| entry.key == key) {
            return Err(at_line(format!("`{key}` is given twice")));
        }
        entries.push(Entry {
            line: number,
            section,
            key: key.to_owned(),
            value: value.to_owned(),
        });
    }
    complete(&entries)?;
    Ok(entries)
}

fn header(line: &str) -> Option<&str> {
    Some(line.strip_prefix('[')?.strip_suffix(']')?.trim())
}

fn is_key(key: &str, letter: char) -> bool {
    key.strip_prefix(letter).is_some_and(|number| {
        number.is_empty()
            || number
                .parse::<u16>()
                .is_ok_and(|parsed| parsed > 1 && parsed.to_string() == number)
    })
}

/// Cuts the comment off, which a `#` or `;` begins that is not in a text.
fn without_comment(value: &str) -> &str {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in value.char_indices() {
        match quote {
            _ if escaped => escaped = false,
            Some(_) if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '\'' => quote = Some(c),
            None if c == '#' || c == ';' => return value.get(..at).unwrap_or(value),
            None => {}
        }
    }
    value
}

/// Checks that no section is missing, and that the definitions of each are numbered without a gap:
/// Casbin ignores what follows one.
fn complete(entries: &[Entry]) -> Result<(), PolicyError> {
    for (section, letter, needed) in SECTIONS {
        let count = entries
            .iter()
            .filter(|entry| entry.section == section)
            .count();
        if count == 0 && needed {
            return Err(PolicyError::new(format!(
                "the section `[{section}]` is missing"
            )));
        }
        if count > limits::DEFINITIONS {
            let max = limits::DEFINITIONS;
            return Err(PolicyError::new(format!(
                "`[{section}]` has at most {max} definitions"
            )));
        }
        for number in 1..=count {
            let key = if number == 1 {
                letter.to_string()
            } else {
                format!("{letter}{number}")
            };
            if !entries.iter().any(|entry| entry.key == key) {
                return Err(PolicyError::new(format!(
                    "`{key}` is missing in `[{section}]`"
                )));
            }
        }
    }
    Ok(())
}
