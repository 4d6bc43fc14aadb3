//! Whether every table of a statement is bound to the tenant.
//!
//! The statement is walked once. Each query in it (the statement itself, a subquery, a branch of a
//! UNION) is a scope with its tables and its `{tenant}`s:
//!
//! - a table is what follows FROM, JOIN, UPDATE or USING; it needs a `{tenant …}` of the same query;
//! - a `{tenant}` stands directly in a WHERE or ON clause, joined to the rest by AND, where no OR,
//!   NOT, CASE or function can switch it off;
//! - in an ON clause it speaks about the table just joined: for any other, an outer join would let
//!   the rows through;
//! - what is inserted carries `{tenant_id}`.

use std::collections::BTreeSet;

use super::sql::Token;

#[derive(Default)]
struct Query {
    tables: Vec<Table>,
    markers: Vec<Option<String>>,
    clause: Clause,
    /// An OR or a CASE stands in the clause.
    branching: bool,
    /// A `{tenant}` stands in the clause.
    bound: bool,
    inserts: bool,
    tenant_values: usize,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Clause {
    Where,
    On,
    #[default]
    Other,
}

struct Table {
    name: String,
    alias: Option<String>,
}

impl Table {
    fn shown(&self) -> &str {
        self.alias.as_deref().unwrap_or(&self.name)
    }
}

/// An open parenthesis: around a query of its own, or around anything else.
enum Level {
    Query(Query),
    Plain,
}

pub(super) fn problems(tokens: &[Token]) -> Vec<String> {
    let mut walk = Walk {
        tokens,
        declared: common_tables(tokens),
        levels: vec![Level::Query(Query::default())],
        problems: Vec::new(),
        any_table: false,
    };
    for at in 0..tokens.len() {
        walk.step(at);
    }
    while let Some(level) = walk.levels.pop() {
        walk.close(level);
    }
    if !walk.any_table {
        let message = "the statement has no table of a tenant; use a `SystemTx` for tables that belong to none";
        walk.problems.push(message.to_owned());
    }
    walk.problems.dedup();
    walk.problems
}

struct Walk<'a> {
    tokens: &'a [Token],
    declared: BTreeSet<String>,
    levels: Vec<Level>,
    problems: Vec<String>,
    any_table: bool,
}

impl Walk<'_> {
    fn step(&mut self, at: usize) {
        let Some(token) = self.tokens.get(at) else {
            return;
        };
        match token {
            Token::Open => self.levels.push(Level::Plain),
            Token::Close => {
                if self.levels.len() < 2 {
                    self.problems.push("a `)` closes nothing".to_owned());
                } else if let Some(level) = self.levels.pop() {
                    self.close(level);
                }
            }
            Token::Word(word) => self.word(at, &word.to_ascii_lowercase()),
            Token::Marker(marker) if marker == "tenant_id" => {
                if let Some(query) = self.innermost() {
                    query.tenant_values += 1;
                }
            }
            Token::Marker(marker) if marker == "tenant" => self.tenant(at, None),
            Token::Marker(marker) => {
                if let Some(alias) = marker.strip_prefix("tenant ") {
                    self.tenant(at, Some(alias.trim().to_owned()));
                }
            }
            _ => {}
        }
    }

    fn word(&mut self, at: usize, word: &str) {
        if ["select", "insert", "update", "delete"].contains(&word)
            && let Some(level @ Level::Plain) = self.levels.last_mut()
        {
            *level = Level::Query(Query::default());
        }
        match word {
            "from" | "join" | "update" | "using" | "into" => self.table(at, word),
            "or" | "case" => {
                if let Some(Level::Query(query)) = self.levels.last_mut() {
                    query.branching = true;
                }
            }
            _ => {}
        }
        let next_clause = match word {
            "where" => Clause::Where,
            "on" if !self.is(at + 1, "conflict") => Clause::On,
            "on" | "from" | "join" | "using" | "group" | "order" | "limit" | "returning"
            | "having" | "set" | "values" | "union" | "intersect" | "except" | "window"
            | "offset" => Clause::Other,
            _ => return,
        };
        if let Some(Level::Query(query)) = self.levels.last_mut() {
            self.problems.extend(query.end_clause());
            query.clause = next_clause;
            if ["union", "intersect", "except"].contains(&word) {
                let branch = std::mem::take(query);
                self.close(Level::Query(branch));
            }
        }
    }

    fn table(&mut self, at: usize, word: &str) {
        // `FOR UPDATE`, `DO UPDATE` and `IS DISTINCT FROM` name no table.
        let before = at.checked_sub(1);
        let previous = |keyword: &str| before.is_some_and(|before| self.is(before, keyword));
        if (word == "update" && (previous("for") || previous("do")))
            || (word == "from" && previous("distinct"))
        {
            return;
        }
        if matches!(self.levels.last(), Some(Level::Plain)) {
            self.problems.push(format!(
                "`{}` is not understood inside these parentheses",
                word.to_uppercase()
            ));
            return;
        }
        let next = if self.is(at + 1, "only") {
            at + 2
        } else {
            at + 1
        };
        match self.tokens.get(next) {
            Some(Token::Open) => {}
            Some(Token::Marker(marker)) if marker.starts_with("shared ") => self.no_comma(next),
            Some(Token::Word(name) | Token::Quoted(name)) => {
                if matches!(self.tokens.get(next + 1), Some(Token::Dot)) {
                    self.problems
                        .push(format!("`{name}.`: tables are named without a schema"));
                }
                let alias = self.alias(next);
                if word == "into" {
                    self.any_table = true;
                    if let Some(query) = self.innermost() {
                        query.inserts = true;
                    }
                    return;
                }
                self.no_comma(next);
                if !self.declared.contains(&name.to_ascii_lowercase()) {
                    self.any_table = true;
                    let name = name.clone();
                    if let Some(query) = self.innermost() {
                        query.tables.push(Table { name, alias });
                    }
                }
            }
            _ => self
                .problems
                .push(format!("a table has to follow {}", word.to_uppercase())),
        }
    }

    fn tenant(&mut self, at: usize, alias: Option<String>) {
        let before = |back: usize, words: &[&str]| {
            at.checked_sub(back)
                .is_some_and(|place| words.iter().any(|word| self.is(place, word)))
        };
        let joined_before = before(1, &["where", "on", "and"]) && !before(3, &["between"]);
        let joined_after = match self.tokens.get(at + 1) {
            None | Some(Token::Close) => true,
            Some(next) => ENDS.iter().any(|word| next.is(word)),
        };
        let clause = match self.levels.last() {
            Some(Level::Query(query)) => query.clause,
            _ => Clause::Other,
        };
        if clause == Clause::Other || !joined_before || !joined_after {
            self.problems.push(
                "`{tenant}` has to hold for every row: put it directly into the WHERE or ON clause, outside parentheses, joined by AND"
                    .to_owned(),
            );
            return;
        }
        let Some(query) = self.innermost() else {
            return;
        };
        query.bound = true;
        let last = query.tables.last().map(|table| table.shown().to_owned());
        let misplaced = clause == Clause::On
            && alias.as_deref().is_some_and(|alias| {
                last.as_deref()
                    .is_none_or(|last| !last.eq_ignore_ascii_case(alias))
            });
        query.markers.push(alias);
        if misplaced {
            self.problems.push(
                "in an ON clause `{tenant …}` speaks about the table just joined; put the others into the WHERE clause".to_owned(),
            );
        }
    }

    fn close(&mut self, level: Level) {
        let Level::Query(mut query) = level else {
            return;
        };
        self.problems.extend(query.end_clause());
        self.problems.extend(query.unbound());
    }

    fn innermost(&mut self) -> Option<&mut Query> {
        self.levels.iter_mut().rev().find_map(|level| match level {
            Level::Query(query) => Some(query),
            Level::Plain => None,
        })
    }

    fn is(&self, at: usize, keyword: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(keyword))
    }

    fn alias(&self, table: usize) -> Option<String> {
        let next = if self.is(table + 1, "as") {
            table + 2
        } else {
            table + 1
        };
        match self.tokens.get(next)? {
            Token::Word(word)
                if !AFTER_TABLE
                    .iter()
                    .any(|after| word.eq_ignore_ascii_case(after)) =>
            {
                Some(word.clone())
            }
            Token::Quoted(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn no_comma(&mut self, table: usize) {
        let words = match (self.alias(table).is_some(), self.is(table + 1, "as")) {
            (true, true) => 3,
            (true, false) => 2,
            (false, _) => 1,
        };
        if matches!(self.tokens.get(table + words), Some(Token::Comma)) {
            self.problems
                .push("write JOIN instead of a comma between tables".to_owned());
        }
    }
}

impl Query {
    /// Ends a WHERE or ON clause.
    fn end_clause(&mut self) -> Option<String> {
        let opened = self.bound && self.branching;
        self.bound = false;
        self.branching = false;
        opened.then(|| {
            "an OR or CASE beside `{tenant}` opens the query to every tenant: put it into parentheses, `{tenant} AND (… OR …)`".to_owned()
        })
    }

    /// Compares the tables of the query with its `{tenant}`s.
    fn unbound(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.inserts && self.tenant_values == 0 {
            problems.push("an INSERT says whose row it is: put `{tenant_id}` among the values, for the column `tenant_id`".to_owned());
        }
        if !self.inserts && self.tenant_values > 0 {
            problems.push(
                "`{tenant_id}` is a value of an INSERT; in a condition write `{tenant}`".to_owned(),
            );
        }
        let marked = |table: &Table| {
            self.markers
                .iter()
                .flatten()
                .filter(|alias| table.shown().eq_ignore_ascii_case(alias))
                .count()
        };
        let unknown = self.markers.iter().flatten().find(|alias| {
            !self
                .tables
                .iter()
                .any(|table| table.shown().eq_ignore_ascii_case(alias))
        });
        if let Some(alias) = unknown {
            problems.push(format!("`{{tenant {alias}}}` names no table of its query"));
        }
        match self.tables.as_slice() {
            [table] if self.markers.is_empty() => problems.push(format!(
                "the statement reaches every tenant: add `{{tenant}}`, such as `… {} WHERE {{tenant}} AND …`",
                table.name
            )),
            [] | [_] => {}
            tables => {
                for table in tables.iter().filter(|table| marked(table) == 0) {
                    problems.push(format!(
                        "the table `{}` is open to every tenant: add `{{tenant {}}}` to its ON or WHERE clause",
                        table.name,
                        table.shown()
                    ));
                }
                let shown: BTreeSet<_> = tables.iter().map(|table| table.shown().to_ascii_lowercase()).collect();
                if shown.len() < tables.len() {
                    problems.push("two tables of one query have the same name: give them aliases".to_owned());
                }
            }
        }
        problems
    }
}

/// The names that a WITH clause declares: `name AS (`.
fn common_tables(tokens: &[Token]) -> BTreeSet<String> {
    if !tokens.first().is_some_and(|token| token.is("with")) {
        return BTreeSet::new();
    }
    tokens
        .windows(3)
        .filter_map(|window| match window {
            [Token::Word(name), by, Token::Open] if by.is("as") => Some(name.to_ascii_lowercase()),
            _ => None,
        })
        .collect()
}

/// Words that can follow a table and are not its alias.
const AFTER_TABLE: &[&str] = &[
    "where",
    "join",
    "left",
    "inner",
    "cross",
    "on",
    "using",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "intersect",
    "except",
    "set",
    "values",
    "select",
    "returning",
    "for",
    "window",
    "fetch",
    "default",
];

/// Words that can follow a `{tenant}`.
const ENDS: &[&str] = &[
    "and",
    "or",
    "join",
    "left",
    "inner",
    "cross",
    "where",
    "group",
    "order",
    "limit",
    "union",
    "intersect",
    "except",
    "returning",
    "having",
    "for",
    "offset",
    "window",
];
