//! The part of the template language that letters are written in.
//!
//! Values, conditions on them, and a few filters. There are no loops, assignments, operators or calls: a letter
//! needs none, and without them no short template makes a huge mail or a long computation.

/// The words that a `{% … %}` may begin with.
const STATEMENTS: &[&str] = &["if", "elif", "else", "endif"];

/// Checks a source, and says in which line it goes beyond.
pub(super) fn check(source: &str) -> Result<(), (usize, String)> {
    let mut at = 0;
    while let Some((start, kind)) = opening(source, at) {
        let line = source
            .get(..start)
            .map_or(1, |before| before.matches('\n').count() + 1);
        let inside = start + 2;
        let close = match kind {
            Kind::Value => "}}",
            Kind::Statement => "%}",
            Kind::Comment => "#}",
        };
        let rest = source.get(inside..).unwrap_or_default();
        let Some(length) = rest.find(close) else {
            return Err((line, format!("`{close}` is missing")));
        };
        let interior = rest.get(..length).unwrap_or_default();
        match kind {
            Kind::Comment => {}
            Kind::Value => plain(interior).map_err(|reason| (line, reason))?,
            Kind::Statement => {
                plain(interior).map_err(|reason| (line, reason))?;
                let interior = trimmed(interior).trim_start();
                let word = interior.split(|c: char| !c.is_ascii_alphabetic()).next();
                let word = word.unwrap_or_default();
                if !STATEMENTS.contains(&word) {
                    return Err((
                        line,
                        format!("`{word}` cannot be used; there are if, elif, else, endif"),
                    ));
                }
            }
        }
        at = inside + length + close.len();
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Kind {
    Value,
    Statement,
    Comment,
}

/// Finds the next tag, as minijinja does: the first brace that is followed by what makes one.
fn opening(source: &str, from: usize) -> Option<(usize, Kind)> {
    let bytes = source.as_bytes().get(from..)?;
    let pairs = bytes.windows(2).enumerate();
    pairs
        .filter_map(|(index, pair)| match pair {
            b"{{" => Some((from + index, Kind::Value)),
            b"{%" => Some((from + index, Kind::Statement)),
            b"{#" => Some((from + index, Kind::Comment)),
            _ => None,
        })
        .next()
}

/// Names, dots, filters, comparisons and parentheses. No character is allowed by which the end of the tag could
/// be another one for minijinja than for us, also not in texts.
fn plain(interior: &str) -> Result<(), String> {
    let mut quote = None;
    for character in trimmed(interior).chars() {
        let allowed = match (quote, character) {
            (_, '{' | '}' | '%' | '#' | '\\') => false,
            (Some(open), _) => {
                if open == character {
                    quote = None;
                }
                true
            }
            (None, '"' | '\'') => {
                quote = Some(character);
                true
            }
            (None, _) => character.is_ascii_alphanumeric() || " \t\r\n_.|()=!".contains(character),
        };
        if !allowed {
            return Err(format!("`{character}` cannot be used between braces"));
        }
    }
    Ok(())
}

/// Leaves out the marks that take white space away.
fn trimmed(interior: &str) -> &str {
    let interior = interior.strip_prefix(['-', '+']).unwrap_or(interior);
    interior.strip_suffix(['-', '+']).unwrap_or(interior)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn values_conditions_and_filters_are_all_there_is() {
        for right in [
            "",
            "{",
            "{ {",
            "Hello {{ name }}, {{- tenant.name|upper -}}",
            "{% if name == \"Ann\" and not (x or y) %}a{% elif b != 'c' %}{% else %}b{%- endif +%}",
            "{# a comment with {% set %} in it #}x",
            "a } b %} c",
        ] {
            assert_eq!(check(right), Ok(()), "{right}");
        }
        for (line, wrong) in [
            (1, "{% for x in y %}{% endfor %}"),
            (2, "\n{% set x = x ~ x %}"),
            (3, "\n\n{{ x * 9 }}"),
            (1, "{{ x ~ x }}"),
            (1, "{{ [x, x] }}"),
            (1, "{{ {x: x} }}"),
            (1, "{{{ x }}}"),
            (1, "{{ 'a}}' }}{% include 'x' %}"),
            (1, "{{ \"\\\" }}\" }}"),
            (1, "{% raw %}{{ x * 2 }}{% endraw %}"),
            (1, "{%raw%}"),
            (1, "{%-macro x()%}"),
            (1, "{% autoescape false %}"),
            (1, "{% ifx %}"),
            (1, "{{ x"),
            (1, "{% if x"),
            (1, "{#"),
            (1, "{{ x %}"),
        ] {
            assert_eq!(check(wrong).unwrap_err().0, line, "{wrong}");
        }
    }
}
