//! A reader of SQL that knows just enough to find tables, clauses, `{tenant}` and binds.

/// One piece of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword or a name, as written.
    Word(String),
    /// `"name"`.
    Quoted(String),
    /// `'text'`, a number, or an operator.
    Other(String),
    /// `:name`.
    Bind(String),
    /// `{…}`, trimmed.
    Marker(String),
    Open,
    Close,
    Comma,
    Dot,
}

impl Token {
    /// Tells whether this is the keyword.
    pub(super) fn is(&self, keyword: &str) -> bool {
        matches!(self, Self::Word(word) if word.eq_ignore_ascii_case(keyword))
    }
}

/// The characters that operators are made of.
const OPERATOR: &str = "+-*/<>=~!@#%^&|";

/// Splits a statement, or says why it is refused.
pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            c if c.is_whitespace() => {
                rest = rest.get(c.len_utf8()..).unwrap_or_default();
                continue;
            }
            '\'' => {
                let length = quoted(rest, '\'')?;
                (
                    Token::Other(rest.get(..length).unwrap_or_default().to_owned()),
                    length,
                )
            }
            '"' => {
                let length = quoted(rest, '"')?;
                (
                    Token::Quoted(rest.get(1..length - 1).unwrap_or_default().to_owned()),
                    length,
                )
            }
            '`' | '[' => return Err("quote names with `\"`, which both databases read".to_owned()),
            '{' => {
                let end = rest.find('}').ok_or("a `{` is not closed")?;
                (
                    Token::Marker(rest.get(1..end).unwrap_or_default().trim().to_owned()),
                    end + 1,
                )
            }
            ';' => return Err("one method runs one statement: leave the `;` out".to_owned()),
            '-' if rest.starts_with("--") => {
                return Err("comments could hide the tenant: leave them out".to_owned());
            }
            '/' if rest.starts_with("/*") => {
                return Err("comments could hide the tenant: leave them out".to_owned());
            }
            '$' | '?' => {
                return Err(
                    "write arguments as `:name`; numbered parameters belong to the macro"
                        .to_owned(),
                );
            }
            ':' if rest.starts_with("::") => {
                let word = word(rest.get(2..).unwrap_or_default());
                (Token::Other(format!("::{word}")), 2 + word.len())
            }
            ':' => {
                let name = word(rest.get(1..).unwrap_or_default());
                if name.is_empty() {
                    return Err("a `:` begins the name of an argument".to_owned());
                }
                (Token::Bind(name.to_owned()), 1 + name.len())
            }
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            ',' => (Token::Comma, 1),
            '.' => (Token::Dot, 1),
            c if c.is_alphabetic() || c == '_' => {
                let word = word(rest);
                (Token::Word(word.to_owned()), word.len())
            }
            c if c.is_ascii_digit() => {
                let length = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                    .unwrap_or(rest.len());
                (
                    Token::Other(rest.get(..length).unwrap_or_default().to_owned()),
                    length,
                )
            }
            _ => {
                let length = rest
                    .find(|c: char| !OPERATOR.contains(c))
                    .unwrap_or(rest.len());
                if length == 0 {
                    return Err(format!("`{first}` is not understood"));
                }
                (
                    Token::Other(rest.get(..length).unwrap_or_default().to_owned()),
                    length,
                )
            }
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

fn word(text: &str) -> &str {
    let end = text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// Gives the length of a quoted piece, in which a doubled quote stands for itself.
fn quoted(text: &str, quote: char) -> Result<usize, String> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' && quote == '\'' {
            // E'…\'…' of PostgreSQL would end the text elsewhere than SQLite does.
            return Err(
                "a backslash in a text is read differently by the two databases: bind the text"
                    .to_owned(),
            );
        }
        if c == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return Ok(at + 1);
            }
        }
    }
    Err(format!("a {quote} is not closed"))
}
