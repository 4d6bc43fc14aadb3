//! Everything that can be wrong with a repository, save for the tenant, which is the subject of
//! `scope`.

use std::collections::BTreeMap;

use syn::{ReceiverKind, ReturnType, TraitItem, Type};

use super::{
    excerpt,
    model::{Argument, Method, Model, Shape, last_segment},
    scope::{self, Report},
    sql::{self, Kind, Problem, Token},
};
use crate::errors::Errors;

/// The statement with numbered parameters, and the positions of the arguments in their order.
#[derive(Default)]
pub(super) struct Statement {
    pub(super) sql: String,
    pub(super) order: Vec<usize>,
}

/// Checks everything and gives the statement of each method.
pub(super) fn check(model: &Model, errors: &mut Errors) -> Vec<Statement> {
    let item = &model.item;
    if !item.generics.params.is_empty() {
        errors.at(
            &item.generics,
            "a tenant repository has no generic parameters",
        );
    }
    if let Some(unsafety) = &item.unsafety {
        errors.at(unsafety, "there is nothing unsafe in a tenant repository");
    }
    for member in &item.items {
        if !matches!(member, TraitItem::Fn(_)) {
            errors.at(
                member,
                "a tenant repository has only methods with `#[sql(\"…\")]`",
            );
        }
    }
    let methods = model.methods.iter();
    methods
        .map(|method| {
            signature(method, errors);
            statement(method, errors)
        })
        .collect()
}

fn signature(method: &Method, errors: &mut Errors) {
    let signature = &method.function.sig;
    if signature.asyncness.is_none() {
        errors.at(
            signature.fn_token,
            "a method of a tenant repository waits for the database: write `async fn`",
        );
    }
    if let Some(body) = &method.function.default {
        errors.at(body, "the statement is the body: end the method with `;`");
    }
    if !signature.generics.params.is_empty() {
        errors.at(
            &signature.generics,
            "a method of a tenant repository has no generic parameters",
        );
    }
    if let Some(clause) = &signature.generics.where_clause {
        errors.at(clause, "a method of a tenant repository has no conditions");
    }
    match signature.receiver() {
        None => errors.at(
            &signature.ident,
            "a statement runs on the transaction: take `&mut self`",
        ),
        Some(receiver) if matches!(receiver.kind, ReceiverKind::Reference(_, _, Some(_))) => {}
        Some(receiver) => errors.at(
            receiver,
            "a statement runs on the transaction: take `&mut self`",
        ),
    }
    for argument in method.arguments.iter().filter(|argument| !argument.plain) {
        errors.at(
            &argument.ty,
            "an argument has a plain name, which the statement uses as `:name`",
        );
    }
    match &method.shape {
        None => {
            let message = "a statement can fail: return `Result<…>` of `Vec<T>`, `Option<T>`, `T`, `u64` (rows changed) or `()`";
            match &signature.output {
                // There are no tokens to point at.
                ReturnType::Default => errors.at(&signature.ident, message),
                ReturnType::Type(_, ty) => errors.at(ty, message),
            }
        }
        Some(Shape::Many(ty) | Shape::Maybe(ty) | Shape::One(ty)) => row(ty, errors),
        Some(Shape::Count | Shape::Nothing) => {}
    }
}

/// A row of one column is a tuple, so that a number of rows changed is not mistaken for it.
fn row(ty: &Type, errors: &mut Errors) {
    const SINGLE: &[&str] = &["i64", "i32", "u32", "bool", "f64", "String", "str"];
    if let Some(segment) = last_segment(ty)
        && let name = segment.ident.to_string()
        && SINGLE.contains(&name.as_str())
    {
        errors.at(
            ty,
            format!("a row of one column is a tuple: write `({name},)`"),
        );
    }
}

fn statement(method: &Method, errors: &mut Errors) -> Statement {
    let Some(literal) = &method.sql else {
        return Statement::default();
    };
    let text = literal.value();
    let mut refuse = |problem: &Problem| errors.push(excerpt::error(literal, problem));
    let tokens = match sql::read(&text) {
        Ok(tokens) => tokens,
        Err(problem) => {
            refuse(&problem);
            return Statement::default();
        }
    };
    let report = scope::report(&tokens);
    report.problems.iter().for_each(&mut refuse);
    let mut binds = Binds {
        arguments: &method.arguments,
        numbers: BTreeMap::new(),
        unknown: Vec::new(),
    };
    binds.collect(&tokens);
    binds.unknown.iter().for_each(&mut refuse);
    // Beside a bind that does not exist, an argument without use is most likely the one meant by it.
    if binds.unknown.is_empty() {
        unused(method, &binds, errors);
    }
    rows(method, &report, errors);
    let mut order: Vec<_> = binds.numbers.iter().collect();
    order.sort_by_key(|(_, number)| **number);
    Statement {
        order: order.into_iter().map(|(index, _)| *index).collect(),
        sql: render(&text, &tokens, &binds),
    }
}

fn unused(method: &Method, binds: &Binds<'_>, errors: &mut Errors) {
    for (index, argument) in method.arguments.iter().enumerate() {
        if argument.plain && !binds.numbers.contains_key(&index) {
            errors.at(
                &argument.ident,
                format!(
                    "the statement does not use `:{}`: use it, or take it away",
                    argument.name()
                ),
            );
        }
    }
}

/// Compares what the statement gives with what the method gives.
fn rows(method: &Method, report: &Report, errors: &mut Errors) {
    let message = match &method.shape {
        Some(Shape::Count | Shape::Nothing) if report.only_reads => {
            "`u64` and `()` are for statements that change rows; a SELECT gives `Vec<T>`, `Option<T>` or `T`, and a count \
             is `(i64,)`"
        }
        Some(Shape::Many(_) | Shape::Maybe(_) | Shape::One(_)) if report.only_changes => {
            "this statement gives no rows: add RETURNING to it, or return `Result<u64>` (rows changed) or `Result<()>`"
        }
        _ => return,
    };
    errors.at(&method.function.sig.output, message);
}

/// The numbers of the arguments: `$1` is the tenant, the others follow in the order of their use.
struct Binds<'a> {
    arguments: &'a [Argument],
    numbers: BTreeMap<usize, usize>,
    unknown: Vec<Problem>,
}

impl Binds<'_> {
    fn collect(&mut self, tokens: &[Token]) {
        for token in tokens {
            match &token.kind {
                Kind::Bind(name) => match self.position(name) {
                    Some(index) => {
                        let next = self.numbers.len() + 2;
                        self.numbers.entry(index).or_insert(next);
                    }
                    None => self
                        .unknown
                        .push(Problem::new(token.at.clone(), self.message(name))),
                },
                Kind::Group(tokens) => self.collect(tokens),
                _ => {}
            }
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.arguments
            .iter()
            .position(|argument| argument.name() == name)
    }

    fn message(&self, name: &str) -> String {
        let known: Vec<_> = self
            .arguments
            .iter()
            .map(|argument| format!("`:{}`", argument.name()))
            .collect();
        match known.as_slice() {
            [] => format!("`:{name}` is no argument of the method, which has none"),
            [one] => format!("`:{name}` is no argument of the method; there is {one}"),
            _ => format!(
                "`:{name}` is no argument of the method; there are {}",
                known.join(", ")
            ),
        }
    }

    fn number(&self, name: &str) -> usize {
        let index = self.position(name);
        index
            .and_then(|index| self.numbers.get(&index))
            .copied()
            .unwrap_or_default()
    }
}

/// Writes the statement as the database gets it.
fn render(text: &str, tokens: &[Token], binds: &Binds<'_>) -> String {
    let mut out = String::with_capacity(text.len());
    // Where the last token ended, and whether it was put in place of another.
    let mut last = (0, false);
    write(text, tokens, binds, &mut last, &mut out);
    out
}

fn write(
    text: &str,
    tokens: &[Token],
    binds: &Binds<'_>,
    last: &mut (usize, bool),
    out: &mut String,
) {
    for token in tokens {
        let written = text.get(token.at.clone()).unwrap_or_default();
        let instead = match &token.kind {
            Kind::Bind(name) => Some(format!("${}", binds.number(name))),
            Kind::Tenant(None) => Some("tenant_id = $1".to_owned()),
            Kind::Tenant(Some(alias)) => Some(format!("{alias}.tenant_id = $1")),
            Kind::TenantId => Some("$1".to_owned()),
            Kind::Shared(table) => Some(table.clone()),
            _ => None,
        };
        // A word beside a marker must not become one with it.
        let beside = matches!(
            token.kind,
            Kind::Word(_) | Kind::Number | Kind::Name(_) | Kind::Text
        );
        let apart =
            (last.1 && (beside || instead.is_some())) || (instead.is_some() && !out.ends_with('('));
        let apart = apart && !out.ends_with(['.', ':', ' ']) && !out.is_empty();
        if token.at.start > last.0 || apart {
            let at_start = out.is_empty() || out.ends_with('(');
            if !at_start {
                out.push(' ');
            }
        }
        match &token.kind {
            Kind::Group(inner) => {
                out.push('(');
                *last = (token.at.start + 1, false);
                write(text, inner, binds, last, out);
                out.push(')');
            }
            _ => out.push_str(instead.as_deref().unwrap_or(written)),
        }
        *last = (token.at.end, instead.is_some());
    }
}
