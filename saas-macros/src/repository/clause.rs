//! Divides a query into its clauses.

use super::sql::{Kind, Token};

/// A keyword and what follows it, up to the next one.
pub(super) struct Clause<'a> {
    pub(super) keyword: &'a Token,
    pub(super) body: &'a [Token],
}

impl Clause<'_> {
    pub(super) fn is(&self, keywords: &[&str]) -> bool {
        self.keyword.is(keywords)
    }
}

/// The words that begin the clauses of a SELECT.
pub(super) const SELECT: &[&str] = &[
    "select", "from", "where", "group", "having", "window", "order", "limit", "offset", "fetch",
    "for",
];
/// The words that begin the clauses of an UPDATE.
pub(super) const UPDATE: &[&str] = &["update", "set", "from", "where", "returning"];
/// The words that begin the clauses of a DELETE.
pub(super) const DELETE: &[&str] = &["delete", "from", "using", "where", "returning"];

/// Divides at the keywords. The first token is taken for the first of them.
pub(super) fn clauses<'a>(tokens: &'a [Token], keywords: &[&str]) -> Vec<Clause<'a>> {
    let mut clauses = Vec::new();
    let mut rest = tokens.split_first();
    while let Some((keyword, after)) = rest {
        let length = (0..after.len())
            .find(|at| {
                after.get(*at).is_some_and(|token| token.is(keywords))
                    && !is_distinct_from(after, *at)
            })
            .unwrap_or(after.len());
        let (body, next) = after.split_at_checked(length).unwrap_or((after, &[]));
        clauses.push(Clause { keyword, body });
        rest = next.split_first();
    }
    clauses
}

/// Tells whether the token is the FROM of `IS [NOT] DISTINCT FROM`, which names no table.
pub(super) fn is_distinct_from(tokens: &[Token], at: usize) -> bool {
    let word = |back: usize, word: &str| {
        at.checked_sub(back)
            .and_then(|at| tokens.get(at))
            .is_some_and(|token| token.is(&[word]))
    };
    word(0, "from") && word(1, "distinct") && (word(2, "is") || (word(2, "not") && word(3, "is")))
}

/// Divides at the commas.
pub(super) fn items(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    tokens.split(|token| token.kind == Kind::Comma)
}

/// Divides at the set operators; what they are followed by is no part of the branches.
pub(super) fn branches(tokens: &[Token]) -> impl Iterator<Item = &[Token]> {
    tokens
        .split(|token| token.is(&["union", "intersect", "except"]))
        .enumerate()
        .map(|(number, branch)| match branch.split_first() {
            Some((first, rest)) if number > 0 && first.is(&["all", "distinct"]) => rest,
            _ => branch,
        })
}

/// The parts of a condition, which all have to hold when no OR stands between them.
pub(super) struct Condition<'a> {
    pub(super) parts: Vec<&'a [Token]>,
    pub(super) ors: Vec<&'a Token>,
    /// A CASE without END, or the other way round.
    pub(super) unpaired: Option<&'a Token>,
}

/// Divides a condition at the ANDs and ORs, save for those inside a CASE and the AND of a BETWEEN.
pub(super) fn condition(tokens: &[Token]) -> Condition<'_> {
    let mut condition = Condition {
        parts: Vec::new(),
        ors: Vec::new(),
        unpaired: None,
    };
    let mut cases: Vec<&Token> = Vec::new();
    let mut betweens = 0_usize;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.word() {
            Some("case") => cases.push(token),
            Some("end") if cases.pop().is_none() => condition.unpaired = Some(token),
            Some(_) if !cases.is_empty() => {}
            Some("between") => betweens += 1,
            Some("and") if betweens > 0 => betweens -= 1,
            Some("and" | "or") => {
                let part = tokens.get(start..at).unwrap_or_default();
                condition.parts.push(part);
                condition.ors.extend(token.is(&["or"]).then_some(token));
                start = at + 1;
            }
            _ => {}
        }
    }
    condition
        .parts
        .push(tokens.get(start..).unwrap_or_default());
    condition.unpaired = condition.unpaired.or_else(|| cases.pop());
    condition
}

/// Goes through tokens one by one.
pub(super) struct Cursor<'a>(pub(super) &'a [Token]);

impl<'a> Cursor<'a> {
    pub(super) fn peek(&self) -> Option<&'a Token> {
        self.0.first()
    }

    pub(super) fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    /// Takes the next token when it is one of these keywords.
    pub(super) fn keyword(&mut self, keywords: &[&str]) -> Option<&'a Token> {
        self.peek().filter(|token| token.is(keywords))?;
        self.next()
    }

    /// Takes the next token when it is something in parentheses.
    pub(super) fn group(&mut self) -> Option<&'a [Token]> {
        let group = self.peek()?.group()?;
        self.next();
        Some(group)
    }

    /// Takes all tokens up to the first of which this holds.
    pub(super) fn until(&mut self, ends: impl Fn(&[Token]) -> bool) -> &'a [Token] {
        let length = (0..self.0.len())
            .find(|at| self.0.get(*at..).is_some_and(&ends))
            .unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at_checked(length).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}

/// Tells whether the tokens begin with these words.
pub(super) fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len()
        && tokens
            .iter()
            .zip(words)
            .all(|(token, word)| token.is(&[word]))
}
