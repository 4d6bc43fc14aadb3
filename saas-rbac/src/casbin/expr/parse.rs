//! Tokens as an expression.

use super::{
    Expr, Field, Op, Side,
    lex::{Token, tokens},
};
use crate::casbin::{PolicyError, limits};

/// Reads an expression.
///
/// # Errors
///
/// [`PolicyError`] when it is not one, or is larger than the limits.
pub(in crate::casbin) fn parse(text: &str) -> Result<Expr, PolicyError> {
    if text.len() > limits::MODEL_BYTES {
        return Err(PolicyError::new("the expression is too long"));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(PolicyError::new("the expression is empty"));
    }
    if tokens.len() > limits::NODES {
        let (length, max) = (tokens.len(), limits::NODES);
        return Err(PolicyError::new(format!(
            "the expression has {length} parts, at most {max} are allowed"
        )));
    }
    let mut parser = Parser {
        tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.or()?;
    if let Some(token) = parser.peek() {
        return Err(unexpected(token));
    }
    if height(&expr) > limits::HEIGHT {
        return Err(PolicyError::new("the expression nests too deep"));
    }
    Ok(expr)
}

/// Counts the levels of the evaluator. A chain of `&&` is written as a balanced tree.
fn height(expr: &Expr) -> usize {
    let highest = |items: &[Expr]| items.iter().map(height).max().unwrap_or_default();
    1 + match expr {
        Expr::Field(_) | Expr::Text(_) | Expr::Number(_) | Expr::Bool(_) => 0,
        Expr::Member(inner, _) | Expr::Not(inner) | Expr::Negative(inner) => height(inner),
        Expr::List(items) | Expr::Call(_, items) => highest(items),
        Expr::And(items) | Expr::Or(items) => {
            highest(items) + items.len().next_power_of_two().ilog2() as usize
        }
        Expr::Binary(_, left, right) => height(left).max(height(right)),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

fn unexpected(token: &Token) -> PolicyError {
    PolicyError::new(match token {
        Token::Name(name) => format!("`{name}` is not expected"),
        Token::Text(text) => format!("the text `{text}` is not expected"),
        Token::Number(number) => format!("`{number}` is not expected"),
        Token::Sign(sign) => format!("`{sign}` is not expected"),
    })
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Result<Token, PolicyError> {
        let token = self.peek().cloned();
        self.at += 1;
        token.ok_or_else(|| PolicyError::new("the expression is not complete"))
    }

    fn sees(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(seen)) if *seen == sign)
    }

    fn takes(&mut self, sign: &str) -> bool {
        let sees = self.sees(sign);
        self.at += usize::from(sees);
        sees
    }

    fn needs(&mut self, sign: &str) -> Result<(), PolicyError> {
        match self.next()? {
            Token::Sign(seen) if seen == sign => Ok(()),
            token => Err(unexpected(&token)),
        }
    }

    /// Goes one level down, which is where the recursion of the parser, and later of the evaluator,
    /// is bounded.
    fn deeper<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, PolicyError>,
    ) -> Result<T, PolicyError> {
        self.depth += 1;
        if self.depth > limits::DEPTH {
            let max = limits::DEPTH;
            return Err(PolicyError::new(format!(
                "the expression nests deeper than {max}"
            )));
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn or(&mut self) -> Result<Expr, PolicyError> {
        let mut items = Vec::new();
        loop {
            // Parentheses within a chain of the same kind mean nothing.
            match self.and()? {
                Expr::Or(more) => items.extend(more),
                item => items.push(item),
            }
            if !self.takes("||") {
                break;
            }
        }
        Ok(one(items, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, PolicyError> {
        let mut items = Vec::new();
        loop {
            match self.comparison()? {
                Expr::And(more) => items.extend(more),
                item => items.push(item),
            }
            if !self.takes("&&") {
                break;
            }
        }
        Ok(one(items, Expr::And))
    }

    fn comparison(&mut self) -> Result<Expr, PolicyError> {
        let left = self.sum()?;
        let op = match self.peek() {
            Some(Token::Sign("==")) => Op::Equal,
            Some(Token::Sign("!=")) => Op::Unequal,
            Some(Token::Sign("<")) => Op::Less,
            Some(Token::Sign("<=")) => Op::LessOrEqual,
            Some(Token::Sign(">")) => Op::Greater,
            Some(Token::Sign(">=")) => Op::GreaterOrEqual,
            Some(Token::Name(name)) if name == "in" => Op::In,
            _ => return Ok(left),
        };
        self.at += 1;
        let right = if op == Op::In && self.takes("(") {
            Expr::List(self.items(")")?)
        } else {
            self.sum()?
        };
        Ok(Expr::Binary(op, left.into(), right.into()))
    }

    fn sum(&mut self) -> Result<Expr, PolicyError> {
        self.chain(Self::product, &[("+", Op::Add), ("-", Op::Subtract)])
    }

    fn product(&mut self) -> Result<Expr, PolicyError> {
        self.chain(
            Self::prefix,
            &[("*", Op::Multiply), ("/", Op::Divide), ("%", Op::Remainder)],
        )
    }

    /// Reads `a + b - c`, which nests to the left and therefore counts as depth.
    fn chain(
        &mut self,
        operand: fn(&mut Self) -> Result<Expr, PolicyError>,
        ops: &[(&str, Op)],
    ) -> Result<Expr, PolicyError> {
        let mut left = operand(self)?;
        while let Some((_, op)) = ops.iter().find(|(sign, _)| self.sees(sign)) {
            self.at += 1;
            left = Expr::Binary(*op, left.into(), operand(self)?.into());
        }
        Ok(left)
    }

    fn prefix(&mut self) -> Result<Expr, PolicyError> {
        if self.takes("!") {
            return Ok(Expr::Not(self.deeper(Self::prefix)?.into()));
        }
        if self.takes("-") {
            return Ok(Expr::Negative(self.deeper(Self::prefix)?.into()));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expr, PolicyError> {
        match self.next()? {
            Token::Text(text) => Ok(Expr::Text(text)),
            Token::Number(number) => Ok(Expr::Number(number)),
            Token::Sign("(") => {
                let inner = self.deeper(Self::or)?;
                self.needs(")")?;
                Ok(inner)
            }
            Token::Sign("[") => Ok(Expr::List(self.items("]")?)),
            Token::Name(name) if name == "true" || name == "false" => {
                Ok(Expr::Bool(name == "true"))
            }
            Token::Name(name) if self.takes("(") => Ok(Expr::Call(name, self.items(")")?)),
            Token::Name(name) if self.sees(".") => self.field(name),
            token => Err(unexpected(&token)),
        }
    }

    /// Reads the rest of `(a, b)` or `[a, b]`.
    fn items(&mut self, end: &str) -> Result<Vec<Expr>, PolicyError> {
        let mut items = Vec::new();
        if self.takes(end) {
            return Ok(items);
        }
        loop {
            items.push(self.deeper(Self::or)?);
            if self.takes(end) {
                return Ok(items);
            }
            self.needs(",")?;
        }
    }

    fn field(&mut self, section: String) -> Result<Expr, PolicyError> {
        let side = match section.strip_prefix('r').or(section.strip_prefix('p')) {
            Some(number) if number.bytes().all(|byte| byte.is_ascii_digit()) => {
                if section.starts_with('r') {
                    Side::Request
                } else {
                    Side::Policy
                }
            }
            _ => return Err(PolicyError::new(format!("`{section}` is not a section"))),
        };
        let mut names = Vec::new();
        while self.takes(".") {
            match self.next()? {
                Token::Name(name) => names.push(name),
                token => return Err(unexpected(&token)),
            }
        }
        if names.len() > limits::DEPTH {
            return Err(PolicyError::new("the attribute is too deep"));
        }
        let mut names = names.into_iter();
        let name = names.next().unwrap_or_default();
        let field = Expr::Field(Field {
            side,
            section,
            name,
        });
        Ok(names.fold(field, |of, name| Expr::Member(of.into(), name)))
    }
}

fn one(mut items: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    match items.pop() {
        Some(only) if items.is_empty() => only,
        Some(last) => {
            items.push(last);
            many(items)
        }
        None => many(items),
    }
}
