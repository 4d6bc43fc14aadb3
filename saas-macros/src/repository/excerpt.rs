//! Points at a place inside the text of a statement.

use std::ops::Range;

use proc_macro2::Span;
use syn::LitStr;

use super::sql::Problem;

/// Makes the compile error of a problem.
///
/// Where the compiler lets a macro point inside a literal, it does. Elsewhere the error lies on the
/// whole literal, and its message shows the line with a mark below it.
pub(super) fn error(literal: &LitStr, problem: &Problem) -> syn::Error {
    match span(literal, &problem.at) {
        Some(span) => syn::Error::new(span, &problem.message),
        None => {
            let excerpt = excerpt(&literal.value(), &problem.at);
            syn::Error::new(literal.span(), format!("{}\n\n{excerpt}", problem.message))
        }
    }
}

fn span(literal: &LitStr, at: &Range<usize>) -> Option<Span> {
    let token = literal.token();
    let written = token.to_string();
    let text = literal.value();
    // With an escape in it, what is written has other places than what is meant.
    let offset = written.find('"')? + 1;
    let same = written.get(offset..)?.get(..text.len())? == text;
    same.then(|| token.subspan(offset + at.start..offset + at.end))?
}

/// How much of a long line is shown on each side.
const AROUND: usize = 60;

/// Gives the line on which the place begins, and a line with marks below it.
fn excerpt(text: &str, at: &Range<usize>) -> String {
    let (before, rest) = text.split_at_checked(at.start).unwrap_or((text, ""));
    let length = rest.find('\n').unwrap_or(rest.len());
    let (rest, _) = rest.split_at_checked(length).unwrap_or((rest, ""));
    let marked = rest.get(..at.end.saturating_sub(at.start)).unwrap_or(rest);
    let after = rest.get(marked.len()..).unwrap_or_default();

    let before = before.rsplit('\n').next().unwrap_or_default().trim_start();
    let cut = before.chars().count().saturating_sub(AROUND);
    let mut line: String = before.chars().skip(cut).collect();
    if cut > 0 {
        line.insert(0, '…');
    }
    let indent = line.chars().count();
    let marks = marked.trim_end().chars().count().max(1);
    line.push_str(marked);
    line.extend(after.chars().take(AROUND));
    if after.chars().count() > AROUND {
        line.push('…');
    }
    format!(
        "  {}\n  {:indent$}{}",
        line.trim_end(),
        "",
        "^".repeat(marks)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_shown_with_a_mark_below() {
        let text = "SELECT *\n       FROM projects\n       WHERE {tenant} AND a = :b";
        let at = text.len() - 2..text.len();
        let expected = "  WHERE {tenant} AND a = :b\n                         ^^";
        assert_eq!(excerpt(text, &at), expected);
    }

    #[test]
    fn a_long_line_is_cut_on_both_sides() {
        let text = format!("{}ö:b{}", "a".repeat(100), "c".repeat(100));
        let shown = excerpt(&text, &(102..104));
        assert_eq!(
            shown,
            format!(
                "  …{}ö:b{}…\n  {}^^",
                "a".repeat(59),
                "c".repeat(60),
                " ".repeat(61)
            )
        );
    }

    #[test]
    fn a_place_at_the_end_or_of_many_lines_is_shown_too() {
        assert_eq!(excerpt("", &(0..0)), "  \n  ^");
        assert_eq!(excerpt("a\nb", &(0..3)), "  a\n  ^");
    }
}
