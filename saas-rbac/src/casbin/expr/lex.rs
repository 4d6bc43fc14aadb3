//! An expression as tokens.

use crate::casbin::{PolicyError, error::short};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Name(String),
    Text(String),
    Number(f64),
    /// One of [`SIGNS`].
    Sign(&'static str),
}

/// The longer first.
const SIGNS: [&str; 20] = [
    "&&", "||", "==", "!=", "<=", ">=", "<", ">", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]",
    ",", ".",
];

/// What the language of Casbin for Go has beyond them, for a clear refusal.
const UNSUPPORTED: [&str; 12] = [
    "=~", "!~", "**", "<<", ">>", "??", "?", ":", "&", "|", "^", "~",
];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, PolicyError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, after) = if first == '"' || first == '\'' {
            literal(rest, first)?
        } else if first.is_ascii_digit() {
            number(rest)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let (name, after) = split(rest, |c| c.is_ascii_alphanumeric() || c == '_');
            (Token::Name(name.to_owned()), after)
        } else {
            sign(rest)?
        };
        tokens.push(token);
        rest = after.trim_start();
    }
    Ok(tokens)
}

/// Cuts where `belongs` is no longer true.
fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    let end = text.find(|c| !belongs(c)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn literal(text: &str, quote: char) -> Result<(Token, &str), PolicyError> {
    let mut chars = text.chars();
    chars.next();
    let mut value = String::new();
    loop {
        match chars.next() {
            None => {
                let text = short(text);
                return Err(PolicyError::new(format!("the text `{text}` does not end")));
            }
            Some(c) if c == quote => return Ok((Token::Text(value), chars.as_str())),
            Some('\\') => match chars.next() {
                Some(c @ ('\\' | '"' | '\'')) => value.push(c),
                other => {
                    let escape: String = other.into_iter().collect();
                    return Err(PolicyError::new(format!(
                        "`\\{escape}` in a text: a backslash is written as two"
                    )));
                }
            },
            Some(c) => value.push(c),
        }
    }
}

fn number(text: &str) -> Result<(Token, &str), PolicyError> {
    let (digits, after) = split(text, |c| c.is_ascii_alphanumeric() || c == '.');
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    match digits.parse::<f64>() {
        Ok(number) if plain && number.is_finite() && !digits.ends_with('.') => {
            Ok((Token::Number(number), after))
        }
        _ => {
            let digits = short(digits);
            Err(PolicyError::new(format!("`{digits}` is not a number")))
        }
    }
}

fn sign(text: &str) -> Result<(Token, &str), PolicyError> {
    let refused = |sign: &str| PolicyError::new(format!("the operator `{sign}` is not supported"));
    // The long ones are looked for first, so that `**` is not taken for two `*`.
    if let Some(sign) = UNSUPPORTED
        .iter()
        .find(|sign| sign.len() == 2 && text.starts_with(**sign))
    {
        return Err(refused(sign));
    }
    for sign in SIGNS {
        if let Some(after) = text.strip_prefix(sign) {
            return Ok((Token::Sign(sign), after));
        }
    }
    if let Some(sign) = UNSUPPORTED.iter().find(|sign| text.starts_with(**sign)) {
        return Err(refused(sign));
    }
    let first: String = text.chars().take(1).collect();
    Err(PolicyError::new(format!("`{first}` is not expected")))
}
