//! An expression as casbin's evaluator reads it.
//!
//! Every operator becomes a call of a function of ours, because the evaluator's own know neither
//! floats nor texts compared with numbers. Texts are escaped down to letters and digits: casbin
//! replaces `r.` and `eval(` wherever they occur, in texts too.

use std::fmt::Write as _;

use super::{Expr, Op, Side};

/// Writes the expression for casbin. Fields lose the number of their section: there is one
/// evaluator for each matcher.
pub(in crate::casbin) fn emit(expr: &Expr) -> String {
    let mut out = String::new();
    write(expr, &mut out);
    out
}

fn write(expr: &Expr, out: &mut String) {
    match expr {
        Expr::Field(field) => {
            out.push_str(match field.side {
                Side::Request => "r_",
                Side::Policy => "p_",
            });
            out.push_str(&field.name);
        }
        Expr::Member(of, name) => {
            out.push_str("_member(");
            write(of, out);
            out.push_str(", ");
            text(name, out);
            out.push(')');
        }
        Expr::Text(value) => text(value, out),
        Expr::Number(number) => {
            out.push_str("_number(");
            text(&number.to_string(), out);
            out.push(')');
        }
        Expr::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Expr::List(items) => {
            out.push('[');
            list(items, out);
            out.push(']');
        }
        Expr::Call(name, items) => call(name, items, out),
        Expr::Not(inner) => {
            out.push_str("!(");
            write(inner, out);
            out.push(')');
        }
        Expr::Negative(inner) => {
            out.push_str("_negative(");
            write(inner, out);
            out.push(')');
        }
        Expr::And(items) => balanced(items, " && ", out),
        Expr::Or(items) => balanced(items, " || ", out),
        Expr::Binary(op, left, right) => {
            out.push_str(match op {
                Op::Equal => "_equal(",
                Op::Unequal => "_unequal(",
                Op::Less => "_less(",
                Op::LessOrEqual => "_less_or_equal(",
                Op::Greater => "_greater(",
                Op::GreaterOrEqual => "_greater_or_equal(",
                Op::In => "_in(",
                Op::Add => "_add(",
                Op::Subtract => "_subtract(",
                Op::Multiply => "_multiply(",
                Op::Divide => "_divide(",
                Op::Remainder => "_remainder(",
            });
            write(left, out);
            out.push_str(", ");
            write(right, out);
            out.push(')');
        }
    }
}

fn call(name: &str, items: &[Expr], out: &mut String) {
    let roles = name.starts_with('g') && name.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    if name == "eval" || !roles {
        out.push_str(name);
        out.push('(');
        list(items, out);
        out.push(')');
        return;
    }
    // Casbin keeps the links of every role definition in one graph. The definition becomes part of
    // the domain, so that they stay apart.
    out.push_str(name);
    out.push('(');
    for item in items.iter().take(2) {
        out.push_str("_text(");
        write(item, out);
        out.push_str("), ");
    }
    out.push_str("_domain(");
    text(name, out);
    out.push_str(", ");
    match items.get(2) {
        Some(domain) => write(domain, out),
        None => out.push_str("\"\""),
    }
    out.push_str("))");
}

fn list(items: &[Expr], out: &mut String) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(", ");
        }
        write(item, out);
    }
}

/// Writes a chain as a balanced tree: the evaluator recurses into a chain as often as it is long.
fn balanced(items: &[Expr], op: &str, out: &mut String) {
    match items {
        [] => out.push_str("true"),
        [only] => {
            out.push('(');
            write(only, out);
            out.push(')');
        }
        more => {
            let (left, right) = more.split_at_checked(more.len() / 2).unwrap_or((more, &[]));
            out.push('(');
            balanced(left, op, out);
            out.push_str(op);
            balanced(right, op, out);
            out.push(')');
        }
    }
}

fn text(value: &str, out: &mut String) {
    out.push('"');
    for c in value.chars() {
        if c.is_ascii_alphanumeric() {
            out.push(c);
        } else {
            // Writing to a string does not fail.
            let _ = write!(out, "\\U{:08X}", u32::from(c));
        }
    }
    out.push('"');
}
