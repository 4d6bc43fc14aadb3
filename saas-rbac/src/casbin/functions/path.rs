//! Patterns of paths as regular expressions in which everything else is literal.

use crate::casbin::{PolicyError, error::short};

/// A pattern as a regular expression, and the names in it, one for each group.
#[derive(Debug, Default)]
pub(super) struct Translated {
    pub(super) regex: String,
    pub(super) names: Vec<String>,
}

/// Translates a pattern of paths: `/*` is the rest, and a name, `:name` or `{name}`, one segment. `*` alone is
/// everything.
pub(super) fn path(pattern: &str, braces: bool) -> Result<Translated, PolicyError> {
    let mut out = Translated::default();
    if pattern == "*" {
        out.regex.push_str("^.*$");
        return Ok(out);
    }
    out.regex.push('^');
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("/*") {
            out.regex.push_str("/.*");
            rest = after;
        } else if let Some((name, after)) = name(rest, braces) {
            out.regex.push_str("([^/]+)");
            out.names.push(name.to_owned());
            rest = after;
        } else if c == '*' {
            let pattern = short(pattern);
            return Err(PolicyError::new(format!(
                "in the pattern `{pattern}` a `*` does not follow a `/`"
            )));
        } else {
            literal(c, &mut out.regex);
            rest = rest.get(c.len_utf8()..).unwrap_or_default();
        }
    }
    out.regex.push('$');
    Ok(out)
}

/// Takes a name off, which is not empty and does not reach beyond the segment.
fn name(text: &str, braces: bool) -> Option<(&str, &str)> {
    let (name, after) = if braces {
        text.strip_prefix('{')?.split_once('}')?
    } else {
        let text = text.strip_prefix(':')?;
        text.split_at_checked(text.find('/').unwrap_or(text.len()))?
    };
    (!name.is_empty() && !name.contains('/')).then_some((name, after))
}

/// Translates a glob: `*` and `?` stay within a segment, `**` does not, `[a-z]` is one of a set and
/// `{a,b}` one of some texts.
pub(super) fn glob(pattern: &str) -> Result<Translated, PolicyError> {
    let mut regex = "^".to_owned();
    let mut alternatives = false;
    let mut chars = pattern.chars().peekable();
    let refused = |what: &str| {
        let pattern = short(pattern);
        Err(PolicyError::new(format!("the glob `{pattern}` has {what}")))
    };
    while let Some(c) = chars.next() {
        match c {
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
                regex.push_str("(?s:.*)");
            }
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '\\' => match chars.next() {
                Some(escaped) => literal(escaped, &mut regex),
                None => return refused("a backslash at its end"),
            },
            '{' if alternatives => return refused("braces in braces"),
            '{' => {
                alternatives = true;
                regex.push_str("(?:");
            }
            ',' if alternatives => regex.push('|'),
            '}' if alternatives => {
                alternatives = false;
                regex.push(')');
            }
            '[' => {
                // The set stays within a segment, as in a shell.
                regex.push_str("(?:[");
                if chars.next_if(|c| matches!(c, '!' | '^')).is_some() {
                    regex.push_str("^/");
                }
                let mut empty = true;
                loop {
                    match chars.next() {
                        None => return refused("a `[` without a `]`"),
                        Some(']') if !empty => break,
                        Some('-') if !empty => regex.push('-'),
                        Some(c) => literal(c, &mut regex),
                    }
                    empty = false;
                }
                regex.push_str("])");
            }
            c => literal(c, &mut regex),
        }
    }
    if alternatives {
        return refused("a `{` without a `}`");
    }
    regex.push('$');
    Ok(Translated {
        regex,
        names: Vec::new(),
    })
}

fn literal(c: char, out: &mut String) {
    out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
}
