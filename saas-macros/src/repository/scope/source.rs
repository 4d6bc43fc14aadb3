//! What a FROM clause names.

use std::ops::Range;

use super::{
    Context, Walk,
    condition::{Guard, is_query},
};
use crate::{
    names,
    repository::{
        clause::{Cursor, begins},
        sql::{Kind, Token},
    },
};

/// A table, or something else that gives rows.
pub(super) struct Source {
    pub(super) name: String,
    pub(super) alias: Option<String>,
    pub(super) at: Range<usize>,
    /// Whether it is a table whose rows belong to tenants.
    pub(super) tenant: bool,
}

impl Source {
    /// The name by which the rest of the query speaks of it.
    pub(super) fn shown(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// Functions of the databases that give rows and reach no table.
const FUNCTIONS: &[&str] = &[
    "generate_series",
    "json_array_elements",
    "json_array_elements_text",
    "json_each",
    "json_each_text",
    "json_tree",
    "jsonb_array_elements",
    "jsonb_array_elements_text",
    "jsonb_each",
    "jsonb_each_text",
    "regexp_split_to_table",
    "string_to_table",
    "unnest",
];

impl Walk {
    /// Reads the tables of a FROM or USING clause, and the `{tenant}`s of its ON clauses.
    pub(super) fn sources(
        &mut self,
        tokens: &[Token],
        declared: &[String],
        sources: &mut Vec<Source>,
        guards: &mut Vec<Guard>,
    ) {
        let mut cursor = Cursor(tokens);
        let Some(first) = tokens.first() else {
            return;
        };
        let Some(source) = self.source(first, &mut cursor, declared) else {
            return;
        };
        sources.push(source);
        let mut joined = false;
        while let Some(token) = cursor.peek() {
            if joins(cursor.0) {
                cursor.until(|rest| begins(rest, &["join"]));
                cursor.next();
                let Some(source) = self.source(token, &mut cursor, declared) else {
                    return;
                };
                sources.push(source);
                joined = true;
            } else if joined && cursor.keyword(&["on"]).is_some() {
                let condition = cursor.until(ends_on);
                self.condition(condition, declared, sources.len().checked_sub(1), guards);
            } else if joined && cursor.keyword(&["using"]).is_some() {
                let columns = cursor.group();
                let plain = columns.is_some_and(|columns| {
                    columns
                        .iter()
                        .all(|token| token.name().is_some() || token.kind == Kind::Comma)
                });
                if !plain {
                    self.not_understood(token);
                }
            } else {
                if token.kind == Kind::Comma {
                    self.misplaced += 1;
                    self.problem(
                        token.at.clone(),
                        "write JOIN … ON instead of a comma between tables",
                    );
                } else {
                    self.not_understood(token);
                }
                return;
            }
        }
    }

    /// Reads one table with its alias.
    pub(super) fn source(
        &mut self,
        keyword: &Token,
        cursor: &mut Cursor<'_>,
        declared: &[String],
    ) -> Option<Source> {
        let token = cursor.next();
        let named = token.map_or(Err("a table has to follow"), |token| {
            self.named(token, cursor, declared)
        });
        match named {
            Ok(mut source) => {
                self.alias(&mut source, cursor);
                Some(source)
            }
            Err(message) => {
                self.misplaced += 1;
                self.problem(token.unwrap_or(keyword).at.clone(), message);
                None
            }
        }
    }

    /// Reads what gives the rows, without its alias.
    fn named(
        &mut self,
        token: &Token,
        cursor: &mut Cursor<'_>,
        declared: &[String],
    ) -> Result<Source, &'static str> {
        let (name, tenant) = match &token.kind {
            Kind::Shared(name) => (name.clone(), false),
            Kind::Group(query) if is_query(query) => {
                self.query(query, Context::inside(declared));
                (String::new(), false)
            }
            Kind::Group(_) => {
                return Err("after FROM and JOIN, parentheses stand around a query only");
            }
            Kind::Word(name) if names::is_reserved(name) => return Err("a table has to follow"),
            Kind::Word(name) | Kind::Name(name) => (name.clone(), !declared.contains(name)),
            _ => return Err("a table has to follow"),
        };
        if cursor.peek().is_some_and(|token| token.kind == Kind::Dot) {
            return Err("a table is named without its schema, which the transaction chooses");
        }
        let mut source = Source {
            name,
            alias: None,
            at: token.at.clone(),
            tenant,
        };
        let called = !matches!(token.kind, Kind::Group(_));
        if let Some(arguments) = cursor.peek().and_then(Token::group).filter(|_| called) {
            if source.tenant && !FUNCTIONS.contains(&source.name.as_str()) {
                return Err(
                    "this function could reach a table: if it reaches none, write `{shared function}(…)`",
                );
            }
            source.tenant = false;
            self.expression(arguments, declared);
            cursor.next();
        }
        Ok(source)
    }

    fn alias(&mut self, source: &mut Source, cursor: &mut Cursor<'_>) {
        let by = cursor.keyword(&["as"]);
        let is_alias = |token: &&Token| match &token.kind {
            Kind::Word(word) => !names::is_reserved(word),
            Kind::Name(_) => true,
            _ => false,
        };
        match (by, cursor.peek().filter(is_alias)) {
            (_, Some(token)) => {
                source.alias = token.name().map(str::to_owned);
                cursor.next();
            }
            (Some(by), None) => self.problem(by.at.clone(), "an alias has to follow"),
            (None, None) => {}
        }
        // New names for the columns of a table could call another column `tenant_id`.
        if !source.tenant {
            cursor.group();
        }
    }
}

/// Tells whether a join begins here.
fn joins(tokens: &[Token]) -> bool {
    [
        &["join"][..],
        &["inner", "join"],
        &["cross", "join"],
        &["left", "join"],
        &["left", "outer", "join"],
    ]
    .iter()
    .any(|words| begins(tokens, words))
}

/// Tells whether an ON clause ends here.
fn ends_on(tokens: &[Token]) -> bool {
    joins(tokens)
        || tokens
            .first()
            .is_some_and(|token| token.is(&["on", "using"]) || token.kind == Kind::Comma)
}
