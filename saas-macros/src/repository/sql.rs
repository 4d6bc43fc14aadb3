//! Reads the text of a statement into tokens, each with its place, and refuses what the two databases
//! read differently or what could hide the tenant.

use std::ops::Range;

use super::words;

/// One piece of a statement.
#[derive(Debug, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    /// Its bytes in the text.
    pub(super) at: Range<usize>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Kind {
    /// A keyword or a name without quotes, in lower case.
    Word(String),
    /// `"name"`.
    Name(String),
    /// `'text'`.
    Text,
    Number,
    Operator(String),
    /// `:name`.
    Bind(String),
    /// `{tenant}` or `{tenant alias}`.
    Tenant(Option<String>),
    /// `{tenant_id}`.
    TenantId,
    /// `{shared table}`.
    Shared(String),
    /// `( … )`.
    Group(Vec<Token>),
    Comma,
    Dot,
}

/// What is wrong, and where.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: Range<usize>,
    pub(super) message: String,
}

impl Problem {
    pub(super) fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { at, message }
    }
}

impl Token {
    /// The word, when it is one.
    pub(super) fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Tells whether this is one of the keywords.
    pub(super) fn is(&self, keywords: &[&str]) -> bool {
        self.word().is_some_and(|word| keywords.contains(&word))
    }

    /// The name of a table or a column, with or without quotes.
    pub(super) fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(name) | Kind::Name(name) => Some(name),
            _ => None,
        }
    }

    /// What stands inside the parentheses.
    pub(super) fn group(&self) -> Option<&[Token]> {
        match &self.kind {
            Kind::Group(tokens) => Some(tokens),
            _ => None,
        }
    }
}

/// Reads the statement, or says why it is refused.
pub(super) fn read(text: &str) -> Result<Vec<Token>, Problem> {
    let mut reader = Reader { text, at: 0 };
    let tokens = reader.level()?;
    match reader.peek() {
        None => Ok(tokens),
        Some(_) => Err(reader.problem(1, "this `)` closes nothing")),
    }
}

/// The characters that operators are made of.
const OPERATOR: &str = "+-*/<>=~!@#%^&|";

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    /// Reads up to the end or to a `)`.
    fn level(&mut self) -> Result<Vec<Token>, Problem> {
        let mut tokens: Vec<Token> = Vec::new();
        loop {
            self.skip(|c| matches!(c, ' ' | '\t' | '\n' | '\r'));
            if matches!(self.peek(), None | Some(')')) {
                return Ok(tokens);
            }
            let token = self.token()?;
            let after = tokens
                .last()
                .is_some_and(|last| last.is(&["as"]) || last.kind == Kind::Dot);
            if after
                && token
                    .word()
                    .is_some_and(|word| words::STRUCTURE.contains(&word))
            {
                let message = "a keyword that is used as a name stands in `\"`";
                return Err(Problem::new(token.at, message));
            }
            tokens.push(token);
        }
    }

    fn token(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let kind = match self.peek().unwrap_or_default() {
            '(' => {
                self.at += 1;
                let tokens = self.level()?;
                if self.peek().is_none() {
                    return Err(Problem::new(start..start + 1, "this `(` is not closed"));
                }
                self.at += 1;
                Kind::Group(tokens)
            }
            ',' => self.one(Kind::Comma),
            '.' => self.one(Kind::Dot),
            '\'' => self.quoted('\'').map(|_| Kind::Text)?,
            '"' => self.quoted('"').map(Kind::Name)?,
            '{' => self.marker()?,
            ':' => self.colon()?,
            c if c.is_ascii_digit() => self.number()?,
            c if c.is_ascii_alphabetic() || c == '_' => self.word()?,
            c if OPERATOR.contains(c) => self.operator()?,
            c => return Err(self.problem(c.len_utf8(), refused(c))),
        };
        let at = start..self.at;
        words::forbidden(&kind).map_or(
            Ok(Token {
                kind,
                at: at.clone(),
            }),
            |message| Err(Problem::new(at, message)),
        )
    }

    fn one(&mut self, kind: Kind) -> Kind {
        self.at += 1;
        kind
    }

    /// Reads `'…'` or `"…"` and gives what is inside.
    fn quoted(&mut self, quote: char) -> Result<String, Problem> {
        let start = self.at;
        self.at += 1;
        let inside = self.skip(|c| c != quote).to_owned();
        if self.peek().is_none() {
            return Err(Problem::new(
                start..start + 1,
                format!("this {quote} is not closed"),
            ));
        }
        self.at += 1;
        let whole = start..self.at;
        if inside.contains('\\') {
            let message =
                "a backslash is read differently by the two databases: bind the text as `:name`";
            return Err(Problem::new(whole, message));
        }
        if inside.contains(char::is_control) && quote == '"' || inside.contains('\0') {
            return Err(Problem::new(whole, "a control character has no place here"));
        }
        if quote == '\'' && words::names_a_setting(&inside) {
            return Err(Problem::new(
                whole,
                "who is asking is set by the transaction alone",
            ));
        }
        match (quote, self.peek()) {
            // A doubled quote is one more quote inside.
            ('\'', Some('\'')) => self.quoted(quote).map(|more| inside + &more),
            ('"', Some('"')) => Err(Problem::new(
                whole,
                "a name with a `\"` inside is not supported",
            )),
            _ => Ok(inside),
        }
    }

    fn marker(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        let inside = self.skip(|c| c != '}').get(1..).unwrap_or_default();
        let words: Vec<&str> = inside.split_ascii_whitespace().collect();
        let plain = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.chars().all(is_word)
        };
        let kind = match words.as_slice() {
            ["tenant"] => Kind::Tenant(None),
            ["tenant", alias] if plain(alias) => Kind::Tenant(Some((*alias).to_owned())),
            ["tenant_id"] => Kind::TenantId,
            ["shared", table] if plain(table) => Kind::Shared((*table).to_owned()),
            _ => {
                let message = format!(
                    "`{{{}}}` is unknown: write `{{tenant}}`, `{{tenant alias}}`, `{{tenant_id}}` or `{{shared table}}`",
                    inside.trim()
                );
                let end = self.text.len().min(self.at + 1);
                return Err(Problem::new(start..end, message));
            }
        };
        if self.peek().is_none() {
            return Err(Problem::new(start..start + 1, "this `{` is not closed"));
        }
        self.at += 1;
        Ok(kind)
    }

    fn colon(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        self.at += 1;
        if self.peek() == Some(':') {
            self.at += 1;
            return Ok(Kind::Operator("::".to_owned()));
        }
        let name = self.skip(is_word).to_owned();
        if name.starts_with(|first: char| !first.is_ascii_digit()) {
            Ok(Kind::Bind(name))
        } else {
            Err(Problem::new(
                start..self.at,
                "a `:` begins the name of an argument, such as `:name`",
            ))
        }
    }

    fn number(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        self.skip(|c| c.is_ascii_digit() || c == '.');
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            self.skip(|c| matches!(c, '+' | '-'));
            self.skip(|c| c.is_ascii_digit());
        }
        // Some versions read `1OR` as two tokens.
        if self.peek().is_some_and(is_word) {
            self.skip(is_word);
            return Err(Problem::new(
                start..self.at,
                "this is neither a number nor a name",
            ));
        }
        Ok(Kind::Number)
    }

    fn word(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        let word = self.skip(is_word).to_ascii_lowercase();
        if matches!(self.peek(), Some('\'' | '"')) {
            let message =
                "a text with a prefix is read differently by the two databases: bind it as `:name`";
            return Err(Problem::new(start..self.at + 1, message));
        }
        Ok(Kind::Word(word))
    }

    fn operator(&mut self) -> Result<Kind, Problem> {
        let start = self.at;
        let operator = self.skip(|c| OPERATOR.contains(c)).to_owned();
        if ["--", "/*", "*/"]
            .iter()
            .any(|comment| operator.contains(comment))
        {
            let message = "a comment could hide the tenant: leave it out, or write it in Rust";
            return Err(Problem::new(start..self.at, message));
        }
        if operator.ends_with('@') && self.peek().is_some_and(is_word) {
            return Err(Problem::new(
                start..self.at + 1,
                "write an argument as `:name`",
            ));
        }
        Ok(Kind::Operator(operator))
    }

    fn peek(&self) -> Option<char> {
        self.text.get(self.at..)?.chars().next()
    }

    /// Goes on while the characters are such, and gives them.
    fn skip(&mut self, such: impl Fn(char) -> bool) -> &str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.find(|c| !such(c)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    fn problem(&self, length: usize, message: impl Into<String>) -> Problem {
        Problem::new(self.at..self.at + length, message)
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

fn refused(c: char) -> String {
    match c {
        ';' => "one method runs one statement: leave the `;` out".to_owned(),
        '$' | '?' => "write an argument as `:name`; the numbers are the macro's".to_owned(),
        '`' | '[' | ']' => "quote names with `\"`, which both databases read".to_owned(),
        '}' => "this `}` closes nothing".to_owned(),
        c => format!("{c:?} has no place outside quotes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<Kind> {
        let tokens = read(text).map_err(|problem| problem.message);
        tokens
            .unwrap_or_default()
            .into_iter()
            .map(|token| token.kind)
            .collect()
    }

    #[test]
    fn a_cast_is_no_argument_and_a_doubled_quote_does_not_end_a_text() {
        let word = |word: &str| Kind::Word(word.to_owned());
        let operator = |operator: &str| Kind::Operator(operator.to_owned());
        assert_eq!(
            kinds("X = :a::text AND y <> 'it''s :b'"),
            [
                word("x"),
                operator("="),
                Kind::Bind("a".to_owned()),
                operator("::"),
                word("text"),
                word("and"),
                word("y"),
                operator("<>"),
                Kind::Text,
            ]
        );
    }

    #[test]
    fn every_token_knows_its_place() {
        let text = "SELECT \"a\", (b) FROM t WHERE {tenant t}";
        let tokens = read(text).unwrap_or_default();
        let shown: Vec<_> = tokens
            .iter()
            .filter_map(|token| text.get(token.at.clone()))
            .collect();
        assert_eq!(
            shown,
            [
                "SELECT",
                "\"a\"",
                ",",
                "(b)",
                "FROM",
                "t",
                "WHERE",
                "{tenant t}"
            ]
        );
    }
}
