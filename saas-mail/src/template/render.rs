//! From a template and a letter to a mail.

use std::{
    collections::BTreeMap,
    fmt,
    io::{self, Write},
};

use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, Value, filters};
use saas_core::{Id, Secret, mail::Letter};

use super::{TemplateSource, markup, syntax};
use crate::{Part, TemplateFault};

/// The longest source and the longest result of a part, in bytes.
const MAX_SOURCE: usize = 64 << 10;
const MAX_RESULT: usize = 256 << 10;
/// The longest subject: a line of a header is no longer (RFC 5322, section 2.1.1).
const MAX_SUBJECT: usize = 998;
/// How many steps a part may take. The syntax has no loops, so this is the second bound.
const FUEL: u64 = 100_000;

/// A mail as it will be read. Its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Mail {
    subject: String,
    text: String,
    html: String,
}

impl Mail {
    /// Gives the subject: one line.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// Gives the plain text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Gives the HTML.
    #[must_use]
    pub fn html(&self) -> &str {
        &self.html
    }
}

impl Mail {
    /// Refuses a mail that says nothing.
    pub(super) fn full(self) -> Result<Self, TemplateFault> {
        let parts = [
            (Part::Subject, &self.subject),
            (Part::Text, &self.text),
            (Part::Html, &self.html),
        ];
        match parts.iter().find(|(_, text)| text.trim().is_empty()) {
            Some((part, _)) => Err(fault(*part, None, "it is empty")),
            None => Ok(self),
        }
    }
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mail").finish_non_exhaustive()
    }
}

/// Who wrote the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Author {
    /// The program, which is trusted with the secrets of its letters.
    Program,
    /// A tenant, which is not.
    Tenant,
}

/// A secret, and what stands for it until the mail is done.
struct StandIn<'a> {
    text: String,
    secret: &'a Secret<String>,
}

/// Renders a letter in these words.
pub(super) fn render(
    source: &TemplateSource,
    letter: &Letter,
    author: Author,
) -> Result<Mail, TemplateFault> {
    let mut values: BTreeMap<&str, Value> = letter
        .values()
        .map(|(name, text)| (name, Value::from(text)))
        .collect();
    let tenant = letter.tenant();
    let tenant = [("name", tenant.name.as_str()), ("slug", &tenant.slug)];
    values.insert("tenant", Value::from_pairs(tenant));
    values.insert("locale", Value::from(letter.locale().unwrap_or_default()));
    // Without the secrets: a subject shows in many places.
    let subject = expand(Part::Subject, &source.subject, &values)?;
    let subject = one_line(&subject);
    if subject.len() > MAX_SUBJECT {
        let reason = format!("the result is longer than {MAX_SUBJECT} bytes");
        return Err(fault(Part::Subject, None, reason));
    }

    // The template, and whatever goes wrong in it, never sees a secret.
    let mut stand_ins = Vec::new();
    for (name, secret) in letter.secrets() {
        let text = format!("s{}", Id::<Letter>::generate().as_uuid().simple());
        values.insert(name, Value::from(text.as_str()));
        stand_ins.push(StandIn { text, secret });
    }
    let text = lines(&expand(Part::Text, &source.text, &values)?);
    let html = lines(&expand(Part::Html, &source.html, &values)?);
    if author == Author::Tenant {
        check(&text, &html, &stand_ins)?;
    }
    Ok(Mail {
        subject,
        text: stand_ins.iter().fold(text, |text, stand_in| {
            text.replace(&stand_in.text, stand_in.secret.expose())
        }),
        html: stand_ins.iter().fold(html, |html, stand_in| {
            html.replace(&stand_in.text, &escaped(stand_in.secret.expose()))
        }),
    })
}

/// Looks where the secrets stand in words of a tenant.
fn check(text: &str, html: &str, stand_ins: &[StandIn<'_>]) -> Result<(), TemplateFault> {
    let texts: Vec<&str> = stand_ins.iter().map(|one| one.text.as_str()).collect();
    let at = |part| move |(line, reason): (usize, String)| fault(part, Some(line), reason);
    markup::check_text(text, &texts).map_err(at(Part::Text))?;
    markup::check_html(html, &texts).map_err(at(Part::Html))?;
    for (part, result) in [(Part::Text, text), (Part::Html, html)] {
        if !texts.is_empty() && !texts.iter().any(|secret| result.contains(secret)) {
            return Err(fault(
                part,
                None,
                "what the letter is about, such as its link, is missing",
            ));
        }
    }
    Ok(())
}

fn expand(
    part: Part,
    source: &str,
    values: &BTreeMap<&str, Value>,
) -> Result<String, TemplateFault> {
    if source.len() > MAX_SOURCE {
        let reason = format!("it is longer than {MAX_SOURCE} bytes");
        return Err(fault(part, None, reason));
    }
    syntax::check(source).map_err(|(line, reason)| fault(part, Some(line), reason))?;
    let environment = environment();
    let failed = |error: &minijinja::Error| fault(part, error.line(), reason(error));
    let template = environment.template_from_named_str(part.name(), source);
    let template = template.map_err(|error| failed(&error))?;
    let mut result = Bounded(Vec::new());
    template
        .render_captured_to(Value::from_pairs(values.clone()), &mut result)
        .map_err(|error| failed(&error))?;
    String::from_utf8(result.0).map_err(|_| fault(part, None, "it is not text"))
}

/// A language of values, conditions and these filters.
fn environment() -> Environment<'static> {
    let mut environment = Environment::empty();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(FUEL));
    environment.set_auto_escape_callback(|name| match name {
        "html" => AutoEscape::Html,
        _ => AutoEscape::None,
    });
    environment.add_filter("upper", filters::upper);
    environment.add_filter("lower", filters::lower);
    environment.add_filter("capitalize", filters::capitalize);
    environment.add_filter("trim", filters::trim);
    environment
}

/// In words for who wrote the template. No value is in them.
fn reason(error: &minijinja::Error) -> String {
    match error.kind() {
        ErrorKind::UndefinedError => {
            "a name is unknown; those of the template, `tenant.name`, `tenant.slug` and \
                                      `locale` are there, and no secret is in a subject"
                .to_owned()
        }
        ErrorKind::OutOfFuel => "it takes too many steps".to_owned(),
        ErrorKind::WriteFailure => format!("the result is longer than {MAX_RESULT} bytes"),
        kind => match error.detail() {
            Some(detail) => detail.to_owned(),
            None => kind.to_string(),
        },
    }
}

fn fault(part: Part, line: Option<usize>, reason: impl Into<String>) -> TemplateFault {
    TemplateFault {
        part,
        line,
        reason: reason.into(),
    }
}

/// Takes as much as a part may have.
struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_RESULT {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes one line: whatever could end it is a space. What reads like an encoded word (RFC 2047) is none, or
/// mail programs would show something else than was written.
fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ").replace("=?", "= ?")
}

/// Ends every line in one way, and leaves other control characters out: a bare carriage return is a line's end
/// to some servers only.
fn lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#x27;"),
            other => escaped.push(other),
        }
    }
    escaped
}
