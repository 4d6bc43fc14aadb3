//! Whether every table of a statement is bound to the tenant.
//!
//! Each query in a statement (the statement itself, a subquery, a branch of a UNION) has its tables and
//! its `{tenant}`s, and they have to match:
//!
//! - a table is what FROM, JOIN, UPDATE, DELETE FROM or USING names; it needs a `{tenant …}` of the same
//!   query;
//! - a `{tenant}` is one of the parts of a WHERE or ON clause that all have to hold, so that no OR, NOT,
//!   CASE or function can switch it off;
//! - in an ON clause it speaks about the table just joined: for any other, an outer join would let the
//!   rows through;
//! - what is inserted carries `{tenant_id}` in the column `tenant_id`, and no update changes it.
//!
//! What is not understood is refused: the reader never guesses.

mod balance;
mod condition;
mod insert;
mod source;

use super::{
    clause::{self, Cursor, begins, branches, clauses},
    sql::{Kind, Problem, Token},
};
use insert::Fills;
use source::Source;

/// What was found out about a statement.
pub(super) struct Report {
    pub(super) problems: Vec<Problem>,
    /// Whether it changes rows and gives none.
    pub(super) only_changes: bool,
    /// Whether it only reads.
    pub(super) only_reads: bool,
}

pub(super) fn report(tokens: &[Token]) -> Report {
    let mut walk = Walk::default();
    walk.query(
        tokens,
        Context {
            declared: &[],
            fills: None,
            outermost: true,
        },
    );
    if !walk.any_table && walk.problems.is_empty() {
        let end = tokens.last().map_or(0, |token| token.at.end);
        walk.problem(
            0..end,
            "this reads no table of a tenant; tables that belong to none are the business of a `SystemTx`",
        );
    }
    walk.problems.sort_by_key(|problem| problem.at.start);
    let returning = tokens.iter().any(|token| token.is(&["returning"]));
    Report {
        problems: walk.problems,
        only_changes: walk.changes && !returning,
        only_reads: walk.reads,
    }
}

/// Where a query stands.
#[derive(Clone, Copy)]
struct Context<'a> {
    /// The names that WITH has given to queries so far.
    declared: &'a [String],
    /// The column of an INSERT that the query has to fill with the tenant.
    fills: Option<Fills>,
    /// Whether its rows are those of the statement.
    outermost: bool,
}

impl<'a> Context<'a> {
    const fn inside(declared: &'a [String]) -> Self {
        Self {
            declared,
            fills: None,
            outermost: false,
        }
    }
}

#[derive(Default)]
struct Walk {
    problems: Vec<Problem>,
    /// How many `{tenant}`s were refused for their place. What they would bind is not reported again.
    misplaced: usize,
    any_table: bool,
    /// Whether the statement itself is an INSERT, UPDATE or DELETE.
    changes: bool,
    /// Whether the statement itself is a SELECT.
    reads: bool,
}

impl Walk {
    fn problem(&mut self, at: std::ops::Range<usize>, message: impl Into<String>) {
        self.problems.push(Problem::new(at, message));
    }

    fn not_understood(&mut self, token: &Token) {
        let shown = match &token.kind {
            Kind::Word(word) => format!("`{}`", word.to_uppercase()),
            Kind::Comma => "this comma".to_owned(),
            _ => "this".to_owned(),
        };
        self.problem(
            token.at.clone(),
            format!("{shown} is not understood here, and so it is refused"),
        );
    }

    fn query(&mut self, tokens: &[Token], context: Context<'_>) {
        let (declared, main) = self.with(tokens, context.declared);
        let context = Context {
            declared: &declared,
            ..context
        };
        if context.outermost {
            let begins_with = |words| main.first().is_some_and(|verb| verb.is(words));
            self.changes = begins_with(&["insert", "update", "delete"]);
            self.reads = begins_with(&["select", "values"]);
        }
        match main.first() {
            Some(first) if first.is(&["insert"]) => self.insert(main, context),
            Some(first) if first.is(&["update"]) => self.update(main, context),
            Some(first) if first.is(&["delete"]) => self.delete(main, context),
            _ => {
                for branch in branches(main) {
                    self.branch(branch, context, tokens);
                }
            }
        }
    }

    /// Reads `WITH name AS (…), …`, and gives the names and what follows.
    ///
    /// A name counts only after its query: until then it still means the table of that name. With
    /// RECURSIVE it counts inside the query too.
    fn with<'a>(&mut self, tokens: &'a [Token], outer: &[String]) -> (Vec<String>, &'a [Token]) {
        let mut declared = outer.to_vec();
        let mut cursor = Cursor(tokens);
        if cursor.keyword(&["with"]).is_none() {
            return (declared, tokens);
        }
        let recursive = cursor.keyword(&["recursive"]).is_some();
        while let Some(name) = cursor.next().and_then(Token::name) {
            let _columns = cursor.group();
            let by = cursor.keyword(&["as"]);
            cursor.keyword(&["not"]);
            cursor.keyword(&["materialized"]);
            let (Some(_), Some(query)) = (by, cursor.group()) else {
                break;
            };
            let before = declared.len();
            declared.push(name.to_owned());
            let visible = if recursive { declared.len() } else { before };
            self.query(
                query,
                Context::inside(declared.get(..visible).unwrap_or_default()),
            );
            if cursor.peek().is_none_or(|token| token.kind != Kind::Comma) {
                return (declared, cursor.0);
            }
            cursor.next();
        }
        let refused = cursor.peek().or(tokens.first());
        if let Some(token) = refused {
            self.problem(
                token.at.clone(),
                "a WITH clause is written `WITH name AS (SELECT …)`",
            );
        }
        (declared, &[])
    }

    fn branch(&mut self, tokens: &[Token], context: Context<'_>, whole: &[Token]) {
        match tokens.first() {
            Some(first) if first.is(&["select"]) => self.select(tokens, context),
            Some(first) if first.is(&["values"]) => self.values(tokens, context),
            Some(Token {
                kind: Kind::Group(query),
                ..
            }) => {
                self.query(query, context);
                for clause in clauses(tokens, clause::SELECT).iter().skip(1) {
                    self.expression(clause.body, context.declared);
                }
            }
            Some(other) => self.problem(
                other.at.clone(),
                "a statement begins with SELECT, INSERT, UPDATE, DELETE or WITH",
            ),
            // An empty statement, or a WITH that was reported already.
            None if whole.is_empty() => self.problem(0..0, "there is no statement"),
            None => {}
        }
    }

    fn select(&mut self, tokens: &[Token], context: Context<'_>) {
        let misplaced = self.misplaced;
        let (mut sources, mut guards) = (Vec::new(), Vec::new());
        let clauses = clauses(tokens, clause::SELECT);
        for clause in &clauses {
            if clause.is(&["from"]) {
                self.sources(clause.body, context.declared, &mut sources, &mut guards);
            } else if clause.is(&["where"]) {
                self.condition(clause.body, context.declared, None, &mut guards);
            } else if !clause.is(&["select"]) {
                self.tail(clause, context.declared);
            }
        }
        if let Some(list) = clauses.first() {
            self.list(list.body, sources.len(), context);
        }
        self.balance(&sources, &guards, misplaced);
    }

    /// Reads the list of a SELECT.
    fn list(&mut self, tokens: &[Token], sources: usize, context: Context<'_>) {
        let tokens = match tokens.split_first() {
            Some((first, rest)) if first.is(&["distinct", "all"]) => rest,
            _ => tokens,
        };
        let star = |token: &Token| token.kind == Kind::Operator("*".to_owned());
        let stars: Vec<&[Token]> = clause::items(tokens)
            .filter(|item| item.last().is_some_and(star))
            .collect();
        let bare = stars.iter().any(|item| item.len() == 1);
        if context.outermost
            && sources > 1
            && (bare || stars.len() > 1)
            && let Some([.., star]) = stars.last()
        {
            self.problem(
                star.at.clone(),
                "with several tables `*` gives several columns of one name; write `p.*` for the table that is read, or \
                 the columns",
            );
        }
        match context.fills {
            Some(fills) => {
                let items: Vec<_> = clause::items(tokens).collect();
                let at = tokens.first().map_or(0..0, |token| token.at.clone());
                self.row(&items, at, fills, context.declared);
            }
            None => self.expression(tokens, context.declared),
        }
    }

    /// Reads a clause in which no condition stands.
    fn tail(&mut self, clause: &clause::Clause<'_>, declared: &[String]) {
        let mut body = clause.body;
        if clause.is(&["limit", "offset", "fetch", "for", "window"]) {
            // SQLite takes some of these words for columns too; then this would be a condition still.
            if let Some(token) = body.iter().find(|token| token.is(&["and", "or"])) {
                self.not_understood(token);
            }
            if clause.is(&["for"]) {
                for lock in [&["update"][..], &["no", "key", "update"]] {
                    if begins(body, lock) {
                        body = body.get(lock.len()..).unwrap_or_default();
                    }
                }
            }
        }
        self.expression(body, declared);
    }

    fn update(&mut self, tokens: &[Token], context: Context<'_>) {
        let misplaced = self.misplaced;
        let (mut sources, mut guards) = (Vec::new(), Vec::new());
        for clause in clauses(tokens, clause::UPDATE) {
            if clause.is(&["update"]) {
                self.target(&clause, context.declared, &mut sources);
            } else if clause.is(&["set"]) {
                self.assignments(clause.body, context.declared);
            } else if clause.is(&["from"]) {
                self.sources(clause.body, context.declared, &mut sources, &mut guards);
            } else if clause.is(&["where"]) {
                self.condition(clause.body, context.declared, None, &mut guards);
            } else {
                self.expression(clause.body, context.declared);
            }
        }
        self.balance(&sources, &guards, misplaced);
    }

    fn delete(&mut self, tokens: &[Token], context: Context<'_>) {
        let misplaced = self.misplaced;
        let (mut sources, mut guards) = (Vec::new(), Vec::new());
        for clause in clauses(tokens, clause::DELETE) {
            if clause.is(&["from"]) {
                self.target(&clause, context.declared, &mut sources);
            } else if clause.is(&["using"]) {
                self.sources(clause.body, context.declared, &mut sources, &mut guards);
            } else if clause.is(&["where"]) {
                self.condition(clause.body, context.declared, None, &mut guards);
            } else if clause.is(&["delete"]) {
                if let Some(token) = clause.body.first() {
                    self.not_understood(token);
                }
            } else {
                self.expression(clause.body, context.declared);
            }
        }
        self.balance(&sources, &guards, misplaced);
    }

    /// Reads the one table that is changed.
    fn target(
        &mut self,
        clause: &clause::Clause<'_>,
        declared: &[String],
        sources: &mut Vec<Source>,
    ) {
        let mut cursor = Cursor(clause.body);
        let Some(source) = self.source(clause.keyword, &mut cursor, declared) else {
            return;
        };
        if let Some(token) = cursor.peek() {
            self.not_understood(token);
        }
        if !source.tenant {
            self.problem(
                source.at.clone(),
                "only tables of the tenant are changed here; what belongs to none is changed by a `SystemTx`",
            );
        }
        sources.push(source);
    }

    /// Reads what a SET clause assigns.
    fn assignments(&mut self, tokens: &[Token], declared: &[String]) {
        for item in clause::items(tokens) {
            let is_operator = |token: &Token| matches!(token.kind, Kind::Operator(_));
            let target = item.split(is_operator).next().unwrap_or_default();
            let grouped = target.iter().filter_map(Token::group).flatten();
            let moved = target
                .iter()
                .chain(grouped)
                .find(|token| is_tenant_id(token));
            if let Some(token) = moved {
                self.problem(
                    token.at.clone(),
                    "a row stays with its tenant: `tenant_id` cannot be changed",
                );
            }
        }
        self.expression(tokens, declared);
    }
}

/// Tells whether this is the column `tenant_id`.
fn is_tenant_id(token: &Token) -> bool {
    token
        .name()
        .is_some_and(|name| name.eq_ignore_ascii_case("tenant_id"))
}
