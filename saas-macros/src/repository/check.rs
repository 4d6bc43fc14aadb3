//! The rules that make a hand-written statement safe.
//!
//! Here: the words, the markers and the arguments. Whether every table is bound to the tenant is the
//! subject of `scope`. What is not understood is refused.

use std::collections::BTreeMap;

use super::{
    model::Method,
    scope,
    sql::{self, Token},
};
use crate::errors::Errors;

/// The statement with numbered parameters, and the arguments in their order.
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) order: Vec<String>,
}

/// Words that would change who the database thinks is asking, or leave the statement.
const FORBIDDEN: &[&str] = &[
    "set_config",
    "current_setting",
    "pragma",
    "attach",
    "detach",
    "begin",
    "commit",
    "rollback",
    "savepoint",
    "copy",
    "truncate",
    "call",
    "execute",
    "prepare",
    "listen",
    "notify",
    "lateral",
    "right",
    "full",
    "natural",
];

pub(super) fn check(method: &Method, errors: &mut Errors) -> Statement {
    let span = method.sql.span();
    let text = method.sql.value();
    let mut statement = Statement {
        sql: String::new(),
        order: Vec::new(),
    };
    let tokens = match sql::tokens(&text) {
        Ok(tokens) => tokens,
        Err(problem) => {
            errors.span(span, problem);
            return statement;
        }
    };
    for problem in problems(&tokens) {
        errors.span(span, problem);
    }
    let known: Vec<String> = method
        .arguments
        .iter()
        .map(|argument| argument.ident.to_string())
        .collect();
    let mut numbers = BTreeMap::new();
    for token in &tokens {
        if let Token::Bind(name) = token
            && !numbers.contains_key(name)
        {
            if !known.contains(name) {
                let list = known
                    .iter()
                    .map(|name| format!("`:{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ");
                let list = if list.is_empty() {
                    "none".to_owned()
                } else {
                    list
                };
                errors.span(
                    span,
                    format!(
                        "`:{name}` is no argument of `{}`; there are: {list}",
                        method.signature.ident
                    ),
                );
            }
            numbers.insert(name.clone(), numbers.len() + 2);
            statement.order.push(name.clone());
        }
    }
    for argument in &method.arguments {
        if !numbers.contains_key(&argument.ident.to_string()) {
            errors.at(
                &argument.ident,
                format!("the statement does not use `:{}`", argument.ident),
            );
        }
    }
    statement.sql = render(&tokens, &numbers);
    statement
}

fn problems(tokens: &[Token]) -> Vec<String> {
    let mut problems = Vec::new();
    if !["select", "insert", "update", "delete", "with"]
        .iter()
        .any(|word| tokens.first().is_some_and(|t| t.is(word)))
    {
        problems.push("a statement begins with SELECT, INSERT, UPDATE, DELETE or WITH".to_owned());
    }
    for token in tokens {
        if let Token::Word(word) = token
            && FORBIDDEN
                .iter()
                .any(|forbidden| word.eq_ignore_ascii_case(forbidden))
        {
            problems.push(format!(
                "`{word}` may not stand in the statement of a tenant repository"
            ));
        }
        if let Token::Marker(marker) = token
            && !known_marker(marker)
        {
            problems.push(format!(
                "`{{{marker}}}` is unknown; there are `{{tenant}}`, `{{tenant alias}}`, `{{tenant_id}}` and `{{shared table}}`"
            ));
        }
    }
    problems.extend(scope::problems(tokens));
    problems
}

fn known_marker(marker: &str) -> bool {
    let name_ok = |name: &str| {
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match marker.split_once(' ') {
        None => marker == "tenant" || marker == "tenant_id",
        Some(("tenant" | "shared", name)) => name_ok(name.trim()),
        Some(_) => false,
    }
}

/// Writes the statement with its parameters: `$1` is the tenant.
fn render(tokens: &[Token], numbers: &BTreeMap<String, usize>) -> String {
    let mut out = String::new();
    let mut glue = true;
    for token in tokens {
        let piece = match token {
            Token::Word(word) => word.clone(),
            Token::Quoted(name) => format!("\"{name}\""),
            Token::Other(text) => text.clone(),
            Token::Bind(name) => format!("${}", numbers.get(name).copied().unwrap_or(0)),
            Token::Marker(marker) => match marker.split_once(' ') {
                Some(("tenant", alias)) => format!("{}.tenant_id = $1", alias.trim()),
                Some((_, table)) => table.trim().to_owned(),
                None if marker == "tenant_id" => "$1".to_owned(),
                None => "tenant_id = $1".to_owned(),
            },
            Token::Open => "(".to_owned(),
            Token::Close => ")".to_owned(),
            Token::Comma => ",".to_owned(),
            Token::Dot => ".".to_owned(),
        };
        let tight =
            matches!(token, Token::Close | Token::Comma | Token::Dot) || piece.starts_with("::");
        if !glue && !tight {
            out.push(' ');
        }
        out.push_str(&piece);
        glue = matches!(token, Token::Open | Token::Dot);
    }
    out
}
