//! Conditions and expressions.

use std::ops::Range;

use super::{Context, Walk};
use crate::repository::{
    clause::{self, begins, branches, is_distinct_from},
    sql::{Kind, Token},
};

/// A `{tenant}` that holds for every row of a query.
pub(super) struct Guard {
    pub(super) alias: Option<String>,
    pub(super) at: Range<usize>,
    /// The position of the source whose ON clause it stands in.
    pub(super) joined: Option<usize>,
}

/// Words that have no place in an expression.
const REFUSED: &[&str] = &[
    "delete",
    "except",
    "from",
    "insert",
    "intersect",
    "into",
    "join",
    "on",
    "returning",
    "select",
    "set",
    "union",
    "update",
    "using",
    "values",
];

impl Walk {
    /// Reads a WHERE or ON clause and notes its `{tenant}`s.
    pub(super) fn condition(
        &mut self,
        tokens: &[Token],
        declared: &[String],
        joined: Option<usize>,
        guards: &mut Vec<Guard>,
    ) {
        let condition = clause::condition(tokens);
        if let Some(token) = condition.unpaired {
            self.not_understood(token);
        }
        let before = guards.len();
        for part in &condition.parts {
            if let [
                Token {
                    kind: Kind::Tenant(alias),
                    at,
                },
            ] = part
            {
                guards.push(Guard {
                    alias: alias.clone(),
                    at: at.clone(),
                    joined,
                });
            } else {
                self.expression(part, declared);
            }
        }
        if guards.len() > before
            && let Some(or) = condition.ors.first()
        {
            self.misplaced += 1;
            self.problem(
                or.at.clone(),
                "an OR beside `{tenant}` opens the query to every tenant: put it into parentheses, as in \
                 `{tenant} AND (… OR …)`",
            );
        }
    }

    /// Reads an expression, or several: nothing in it may name a table outside a query of its own.
    pub(super) fn expression(&mut self, tokens: &[Token], declared: &[String]) {
        for (at, token) in tokens.iter().enumerate() {
            match &token.kind {
                Kind::Word(word) if word == "in" => {
                    let next = tokens.get(at + 1);
                    if next.is_none_or(|next| next.group().is_none()) {
                        self.problem(
                            next.unwrap_or(token).at.clone(),
                            "IN is followed by a list or a query in parentheses",
                        );
                    }
                }
                Kind::Word(word) if REFUSED.contains(&word.as_str()) && !is_distinct_from(tokens, at) => {
                    self.not_understood(token);
                }
                Kind::Group(inner) if is_query(inner) => self.query(inner, Context::inside(declared)),
                Kind::Group(inner) => self.expression(inner, declared),
                Kind::Tenant(_) => self.misplaced_tenant(tokens, at),
                Kind::TenantId => self.problem(
                    token.at.clone(),
                    "`{tenant_id}` is the value that an INSERT gives to the column `tenant_id`; a condition has `{tenant}`",
                ),
                Kind::Shared(_) => self.problem(token.at.clone(), "`{shared …}` stands where a table stands, after FROM or JOIN"),
                _ => {}
            }
        }
    }

    fn misplaced_tenant(&mut self, tokens: &[Token], at: usize) {
        self.misplaced += 1;
        let negated = at.checked_sub(1).and_then(|before| tokens.get(before));
        let message = if negated.is_some_and(|token| token.is(&["not"])) {
            "NOT {tenant} would give the rows of all the others"
        } else {
            "`{tenant}` has to hold for every row: put it directly into the WHERE or ON clause, outside parentheses, and join \
             it to the rest with AND"
        };
        if let Some(token) = tokens.get(at) {
            self.problem(token.at.clone(), message);
        }
    }
}

/// Tells whether what stands in parentheses is a query.
pub(super) fn is_query(tokens: &[Token]) -> bool {
    match tokens.first() {
        Some(Token {
            kind: Kind::Group(inner),
            ..
        }) => is_query(inner) && (tokens.len() == 1 || branches(tokens).count() > 1),
        Some(_) => QUERY.iter().any(|word| begins(tokens, &[word])),
        None => false,
    }
}

const QUERY: &[&str] = &["select", "values", "with", "insert", "update", "delete"];
