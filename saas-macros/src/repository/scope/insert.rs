//! INSERT: whose row it is.

use std::ops::Range;

use super::{Context, Walk, condition::is_query, is_tenant_id};
use crate::{
    names,
    repository::{
        clause::{self, Cursor, begins, clauses},
        sql::{Kind, Token},
    },
};

/// The column that has to be filled with the tenant.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fills {
    position: usize,
    /// How many columns there are.
    columns: usize,
}

impl Walk {
    /// Reads `INSERT INTO table (columns) values-or-query [ON CONFLICT …] [RETURNING …]`.
    pub(super) fn insert(&mut self, tokens: &[Token], context: Context<'_>) {
        self.any_table = true;
        let mut cursor = Cursor(tokens);
        let verb = cursor.next();
        if cursor.keyword(&["into"]).is_none() {
            if let Some(token) = cursor.peek().or(verb) {
                self.problem(
                    token.at.clone(),
                    "an INSERT is written `INSERT INTO table (columns) VALUES (…)`",
                );
            }
            return;
        }
        let Some(fills) = self.into(&mut cursor) else {
            return;
        };
        let given =
            cursor.until(|rest| begins(rest, &["on", "conflict"]) || begins(rest, &["returning"]));
        match given.first() {
            Some(first)
                if first.is(&["values", "select", "with"])
                    || first.group().is_some_and(is_query) =>
            {
                let inner = Context {
                    fills: Some(fills),
                    outermost: false,
                    ..context
                };
                self.query(given, inner);
            }
            Some(other) => self.not_understood(other),
            None => {
                if let Some(verb) = verb {
                    self.problem(
                        verb.at.clone(),
                        "what is inserted has to follow: VALUES (…) or a query",
                    );
                }
            }
        }
        self.conflict(&mut cursor, context.declared);
        if cursor.keyword(&["returning"]).is_some() {
            self.expression(cursor.0, context.declared);
        } else if let Some(token) = cursor.peek() {
            self.not_understood(token);
        }
    }

    /// Reads the table and its columns.
    fn into(&mut self, cursor: &mut Cursor<'_>) -> Option<Fills> {
        let token = cursor.next()?;
        let named = match &token.kind {
            Kind::Name(_) => true,
            Kind::Word(word) => !names::is_reserved(word),
            _ => false,
        };
        if !named {
            self.problem(token.at.clone(), "a table of the tenant has to follow");
            return None;
        }
        if cursor.peek().is_some_and(|token| token.kind == Kind::Dot) {
            self.problem(
                token.at.clone(),
                "a table is named without its schema, which the transaction chooses",
            );
            return None;
        }
        if cursor.keyword(&["as"]).is_some() {
            cursor.next();
        }
        let Some(columns) = cursor.group().filter(|columns| !is_query(columns)) else {
            let message = "an INSERT names its columns: `INSERT INTO table (tenant_id, id, …)`";
            self.problem(token.at.clone(), message);
            return None;
        };
        let items: Vec<_> = clause::items(columns).collect();
        let tenant = |item: &&[Token]| matches!(item, [token] if is_tenant_id(token));
        let Some(position) = items.iter().position(tenant) else {
            self.problem(
                token.at.clone(),
                "an INSERT says whose row it is: name the column `tenant_id`, and give it `{tenant_id}`",
            );
            return None;
        };
        Some(Fills {
            position,
            columns: items.len(),
        })
    }

    /// Reads the rows of VALUES.
    pub(super) fn values(&mut self, tokens: &[Token], context: Context<'_>) {
        for clause in clauses(tokens, &["values", "order", "limit", "offset"]) {
            let Some(fills) = context.fills.filter(|_| clause.is(&["values"])) else {
                self.expression(clause.body, context.declared);
                continue;
            };
            for row in clause::items(clause.body) {
                match row {
                    [
                        Token {
                            kind: Kind::Group(row),
                            at,
                        },
                    ] => {
                        let items: Vec<_> = clause::items(row).collect();
                        self.row(&items, at.clone(), fills, context.declared);
                    }
                    [other, ..] => self.not_understood(other),
                    [] => self.not_understood(clause.keyword),
                }
            }
        }
    }

    /// Checks that a row carries the tenant in its column.
    pub(super) fn row(
        &mut self,
        items: &[&[Token]],
        at: Range<usize>,
        fills: Fills,
        declared: &[String],
    ) {
        if items.len() != fills.columns {
            let message = format!(
                "there are {} columns and {} values",
                fills.columns,
                items.len()
            );
            self.problem(at.clone(), message);
        }
        let tenant = |item: &&[Token]| matches!(item, [token] if token.kind == Kind::TenantId);
        let right = items.get(fills.position).is_some_and(tenant);
        for (position, item) in items.iter().enumerate() {
            let star = |token: &Token| token.kind == Kind::Operator("*".to_owned());
            match item {
                [] => self.problem(at.clone(), "a value is missing"),
                [first, ..] if position == fills.position => {
                    if !right {
                        let message =
                            "this is the value of `tenant_id`, and it has to be `{tenant_id}`";
                        self.problem(first.at.clone(), message);
                    }
                }
                // Said already: it stands in the wrong place.
                _ if !right && tenant(item) => {}
                [.., last] if star(last) => {
                    self.problem(last.at.clone(), "the columns have to be written one by one");
                }
                _ => self.expression(item, declared),
            }
        }
    }

    /// Reads `ON CONFLICT (columns) DO …`.
    fn conflict(&mut self, cursor: &mut Cursor<'_>, declared: &[String]) {
        let Some(on) = cursor.keyword(&["on"]) else {
            return;
        };
        cursor.next();
        let target = cursor.until(|rest| begins(rest, &["do"]) || begins(rest, &["returning"]));
        cursor.keyword(&["do"]);
        if cursor.keyword(&["nothing"]).is_some() {
            self.expression(target.get(1..).unwrap_or_default(), declared);
            return;
        }
        if cursor.keyword(&["update"]).is_none() {
            self.problem(
                on.at.clone(),
                "ON CONFLICT is followed by DO NOTHING or DO UPDATE SET",
            );
            return;
        }
        let columns = target.first().and_then(Token::group).unwrap_or_default();
        // Only then is the row in conflict one of the same tenant.
        if !clause::items(columns).any(|item| matches!(item, [token] if is_tenant_id(token))) {
            self.problem(
                on.at.clone(),
                "the row in conflict has to be the tenant's own: name the columns, `ON CONFLICT (tenant_id, …) DO UPDATE`",
            );
        }
        self.expression(target.get(1..).unwrap_or_default(), declared);
        let rest = cursor.until(|rest| begins(rest, &["returning"]));
        for clause in clauses(rest, &["set", "where"]) {
            if clause.is(&["set"]) {
                self.assignments(clause.body, declared);
            } else {
                self.expression(clause.body, declared);
            }
        }
    }
}
