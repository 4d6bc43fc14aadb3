//! Conditions on rows.

use super::builder::{Builder, column};
use crate::{Dialect, EntityInfo, Error, Value};

/// More alternatives or values than this are refused, not sent.
const MAX_PARTS: usize = 1000;

/// A tree of this depth is deeper than anybody writes.
const MAX_DEPTH: usize = 16;

/// How a column is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A condition on declared columns, by their positions.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Condition {
    Compare(usize, Compare, Value),
    Null(usize),
    In(usize, Vec<Value>),
    Prefix(usize, String),
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Related(Related),
}

/// That another row refers to this one and fulfils a condition itself.
#[derive(Debug, Clone)]
pub(crate) struct Related {
    pub(crate) entity: &'static EntityInfo,
    /// The column of the other row that holds the id of this one.
    pub(crate) reference: usize,
    pub(crate) condition: Box<Condition>,
}

impl About<'_> {
    /// Writes a column with its table, so that it is that column or none.
    fn push<'b>(&self, sql: &'b mut Builder, index: usize) -> Result<&'b mut Builder, Error> {
        Ok(sql
            .push(self.table)
            .push(".")
            .push(column(self.entity, index)?))
    }
}

impl PartialEq for Related {
    fn eq(&self, other: &Self) -> bool {
        // A table belongs to one entity.
        (self.entity.table, self.reference) == (other.entity.table, other.reference)
            && self.condition == other.condition
    }
}

/// The rows that a condition is about.
#[derive(Clone, Copy)]
struct About<'a> {
    entity: &'a EntityInfo,
    /// What their table is called in the statement.
    table: &'a str,
    dialect: Dialect,
    depth: usize,
}

impl Condition {
    /// Writes the condition, in parentheses where it needs them. A row for which it is unknown,
    /// because a column is NULL, does not fulfil it, and neither does it fulfil its opposite.
    pub(super) fn write(
        &self,
        sql: &mut Builder,
        entity: &EntityInfo,
        dialect: Dialect,
    ) -> Result<(), Error> {
        let about = About {
            entity,
            table: entity.table,
            dialect,
            depth: 0,
        };
        self.write_at(sql, about)
    }

    fn write_at(&self, sql: &mut Builder, about: About<'_>) -> Result<(), Error> {
        if about.depth > MAX_DEPTH {
            return Err(Error::Misuse("a filter nests too deeply"));
        }
        let deeper = About {
            depth: about.depth + 1,
            ..about
        };
        let dialect = about.dialect;
        match self {
            // `= NULL` is never true.
            Self::Compare(index, Compare::Equal, Value::Null(_)) | Self::Null(index) => {
                about.push(sql, *index)?.push(" IS NULL");
            }
            Self::Compare(index, Compare::NotEqual, Value::Null(_)) => {
                about.push(sql, *index)?.push(" IS NOT NULL");
            }
            Self::Compare(index, compare, value) => {
                about
                    .push(sql, *index)?
                    .push(compare.operator())
                    .bind(value.clone());
            }
            Self::In(_, values) if values.is_empty() => {
                sql.push("1 = 0");
            }
            Self::In(index, values) => {
                check_parts(values.len())?;
                about.push(sql, *index)?.push(" IN (");
                sql.separated(", ", padded(values), |sql, value| {
                    sql.bind(value.clone());
                    Ok(())
                })?;
                sql.push(")");
            }
            Self::Prefix(index, prefix) => {
                // LIKE ignores case on SQLite, and its wildcards would have to be escaped.
                let value = Value::Text(prefix.clone());
                match dialect {
                    Dialect::Postgres => {
                        about.push(sql.push("starts_with("), *index)?.push(", ");
                    }
                    Dialect::Sqlite => {
                        let length = i64::try_from(prefix.chars().count()).unwrap_or(i64::MAX);
                        about.push(sql.push("(substr("), *index)?.push(", 1, ");
                        sql.bind(Value::Integer(length)).push(") = ");
                    }
                }
                sql.bind(value).push(")");
            }
            Self::All(parts) if parts.is_empty() => {
                sql.push("1 = 1");
            }
            Self::Any(parts) if parts.is_empty() => {
                sql.push("1 = 0");
            }
            Self::All(parts) | Self::Any(parts) => {
                check_parts(parts.len())?;
                let word = match self {
                    Self::All(_) => " AND ",
                    _ => " OR ",
                };
                sql.push("(");
                sql.separated(word, parts, |sql, part| part.write_at(sql, deeper))?;
                sql.push(")");
            }
            Self::Not(part) => {
                sql.push("NOT (");
                part.write_at(sql, deeper)?;
                sql.push(")");
            }
            Self::Related(related) => related.write(sql, about)?,
        }
        Ok(())
    }
}

impl Related {
    /// Writes `EXISTS (…)`, in which the other table is bound to the tenant as every table is.
    fn write(&self, sql: &mut Builder, about: About<'_>) -> Result<(), Error> {
        let alias = format!("saas_related_{}", about.depth);
        let inside = About {
            entity: self.entity,
            table: &alias,
            depth: about.depth + 1,
            ..about
        };
        sql.push("EXISTS (SELECT 1 FROM ").push(self.entity.table);
        sql.push(" AS ").push(&alias).push(" WHERE ");
        inside.push(sql, self.entity.tenant)?.push(" = ");
        sql.push_tenant().push(" AND ");
        inside.push(sql, self.reference)?.push(" = ");
        about.push(sql, about.entity.id)?;
        if let Some(deleted) = self.entity.deleted {
            inside.push(sql.push(" AND "), deleted)?.push(" IS NULL");
        }
        sql.push(" AND ");
        self.condition.write_at(sql, inside)?;
        sql.push(")");
        Ok(())
    }
}

impl Compare {
    const fn operator(self) -> &'static str {
        match self {
            Self::Equal => " = ",
            Self::NotEqual => " <> ",
            Self::Less => " < ",
            Self::LessOrEqual => " <= ",
            Self::Greater => " > ",
            Self::GreaterOrEqual => " >= ",
        }
    }
}

fn check_parts(number: usize) -> Result<(), Error> {
    if number > MAX_PARTS {
        return Err(Error::Misuse("a filter has more than 1000 parts"));
    }
    Ok(())
}

/// Repeats the last value up to the next power of two, so that lists of many lengths share few
/// statements, which the connection keeps prepared.
pub(super) fn padded(values: &[Value]) -> impl Iterator<Item = &Value> {
    let length = values.len().next_power_of_two();
    let last = values.last().into_iter().cycle();
    values.iter().chain(last).take(length)
}
