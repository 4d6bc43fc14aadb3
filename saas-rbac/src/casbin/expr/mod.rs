//! The language of matchers, and of the rules that `eval` evaluates.
//!
//! It is read here and not by the evaluator below casbin, which knows statements, loops and
//! closures, and bounds none of them.

mod emit;
mod lex;
mod parse;

pub(super) use emit::emit;
pub(super) use parse::parse;

/// An operator between two operands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

/// Which side of the matcher a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Policy,
}

/// A field of a definition: `r2.sub`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    pub(super) side: Side,
    /// `r`, `r2`, `p` and so on.
    pub(super) section: String,
    pub(super) name: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expr {
    Field(Field),
    Member(Box<Expr>, String),
    Text(String),
    Number(f64),
    Bool(bool),
    List(Vec<Expr>),
    Call(String, Vec<Expr>),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    Binary(Op, Box<Expr>, Box<Expr>),
}

impl Expr {
    /// Calls `visit` with this expression and everything in it.
    pub(super) fn visit<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        match self {
            Self::Field(_) | Self::Text(_) | Self::Number(_) | Self::Bool(_) => {}
            Self::Member(inner, _) | Self::Not(inner) | Self::Negative(inner) => inner.visit(visit),
            Self::List(items) | Self::Call(_, items) | Self::And(items) | Self::Or(items) => {
                for item in items {
                    item.visit(visit);
                }
            }
            Self::Binary(_, left, right) => {
                left.visit(visit);
                right.visit(visit);
            }
        }
    }
}
