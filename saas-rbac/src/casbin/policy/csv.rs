//! The CSV of Casbin, read strictly.

use std::borrow::Cow;

use crate::casbin::{PolicyError, error::short, limits};

/// The line where a record begins, and its fields.
type Record<'a> = (usize, Vec<Cow<'a, str>>);

/// Reads records; each is a line, or more when a quoted field holds line breaks.
pub(super) struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.strip_prefix('\u{feff}').unwrap_or(text),
            line: 1,
        }
    }

    /// Gives the next record and the line where it begins.
    pub(super) fn record(&mut self) -> Result<Option<Record<'a>>, PolicyError> {
        while !self.rest.is_empty() {
            let (line, after) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                let begun = self.line;
                return Ok(Some((begun, self.fields()?)));
            }
            self.line += 1;
            self.rest = after;
        }
        Ok(None)
    }

    fn fields(&mut self) -> Result<Vec<Cow<'a, str>>, PolicyError> {
        let mut fields = Vec::new();
        loop {
            self.rest = self.rest.trim_start_matches(blank);
            let field = match self.rest.strip_prefix('"') {
                Some(quoted) => self.quoted(quoted)?,
                None => self.plain()?,
            };
            if field.len() > limits::FIELD_BYTES {
                let (field, max) = (short(&field), limits::FIELD_BYTES);
                return Err(self.error(format!("the field `{field}` has more than {max} bytes")));
            }
            fields.push(field);
            if fields.len() > limits::DEFINITIONS + 1 {
                return Err(self.error("there are too many fields"));
            }
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            self.rest = self.rest.strip_prefix('\n').unwrap_or(self.rest);
            self.line += 1;
            return Ok(fields);
        }
    }

    fn plain(&mut self) -> Result<Cow<'a, str>, PolicyError> {
        let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
        let (field, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        if field.contains('"') {
            let field = short(field.trim());
            return Err(self.error(format!("the field `{field}` has a quote but is not quoted")));
        }
        self.rest = rest;
        Ok(Cow::Borrowed(field.trim()))
    }

    /// Reads up to the closing quote, and what white space follows.
    fn quoted(&mut self, mut text: &'a str) -> Result<Cow<'a, str>, PolicyError> {
        let begun = self.line;
        let mut field = Cow::Borrowed("");
        loop {
            let Some((part, rest)) = text.split_once('"') else {
                return Err(PolicyError::new("a quoted field does not end").on(begun));
            };
            self.line += part.matches('\n').count();
            if field.is_empty() {
                field = Cow::Borrowed(part);
            } else {
                field.to_mut().push_str(part);
            }
            match rest.strip_prefix('"') {
                Some(rest) => {
                    field.to_mut().push('"');
                    text = rest;
                }
                None => {
                    self.rest = rest.trim_start_matches(blank);
                    break;
                }
            }
        }
        if self.rest.is_empty() || self.rest.starts_with([',', '\n']) {
            return Ok(field);
        }
        let line = self.rest.lines().next().unwrap_or_default();
        let text = short(line.split(',').next().unwrap_or_default().trim());
        Err(self.error(format!("`{text}` follows a closing quote")))
    }

    fn error(&self, text: impl Into<String>) -> PolicyError {
        PolicyError::new(text).on(self.line)
    }
}

fn blank(c: char) -> bool {
    c != '\n' && c.is_whitespace()
}

/// Writes a rule as a line.
pub(super) fn write(kind: &str, rule: &[&str], out: &mut String) {
    out.push_str(kind);
    for field in rule {
        out.push_str(", ");
        let plain = field.trim() == *field && !field.contains([',', '"', '\n', '\r']);
        if plain && !field.is_empty() {
            out.push_str(field);
        } else {
            out.push('"');
            out.push_str(&field.replace('"', "\"\""));
            out.push('"');
        }
    }
    out.push('\n');
}
