//! What has to hold of what clients say of lists.

use saas_core::{Id, TenantId, Timestamp};

use super::{PageQuery, position::Position};
use crate::{
    Dialect, TenantEntity, Value,
    sql::{Condition, Form, Order, Projection, Select},
};

#[derive(Debug, Clone, TenantEntity)]
#[entity(table = "projects", new = "NewProject")]
struct Project {
    #[entity(id)]
    id: Id<Project>,
    #[entity(tenant)]
    tenant_id: TenantId,
    #[entity(filter, sort)]
    name: String,
    #[entity(filter)]
    owner: Option<String>,
    #[entity(filter, sort)]
    rank: i64,
    #[entity(filter)]
    done: bool,
    secret: String,
    #[entity(created, filter, sort)]
    created_at: Timestamp,
}

/// A query string names columns that may be named, asks for a page of bounded size, and puts nothing into the
/// statement but values.
///
/// # Panics
///
/// When it does not hold.
pub fn query(text: &str) {
    let Ok(query) = PageQuery::<Project>::parse(text) else {
        return;
    };
    assert!((1..=100).contains(&query.limit));
    let columns = Project::INFO.columns;
    let sort = query
        .sort
        .as_ref()
        .map(|sort| (sort.index, sort.descending));
    if let Some((index, _)) = sort {
        assert!(columns.get(index).is_some_and(|column| column.sort));
    }
    let conditions: Vec<_> = query
        .filters
        .iter()
        .map(|filter| filter.condition.clone())
        .collect();
    for condition in &conditions {
        let index = named(condition);
        let known = index.and_then(|index| columns.get(index));
        assert!(known.is_some_and(|column| column.filter), "{condition:?}");
    }
    // Whatever the values are, the statement is the same.
    let others: Vec<_> = conditions.iter().map(with_other_values).collect();
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let write = |conditions: &[Condition]| {
            let select = Select {
                entity: Project::INFO,
                dialect,
                form: Form::Inside,
                projection: Projection::Rows,
                deleted: false,
                only: &[],
                conditions,
                order: Some(Order {
                    by: sort.map(|(index, _)| index),
                    descending: sort.is_some_and(|(_, descending)| descending),
                    beyond: None,
                    limit: usize::from(query.limit) + 1,
                }),
            };
            let query = select.query(Value::Text(String::new())).ok()?;
            Some(query.statement.sql.as_str().to_owned())
        };
        let statement = write(&conditions);
        assert!(statement.is_some(), "{text:?}");
        assert_eq!(statement, write(&others));
    }
}

fn with_other_values(condition: &Condition) -> Condition {
    let other = |value: &Value| match value {
        Value::Text(_) => Value::Text("x".to_owned()),
        Value::Integer(_) => Value::Integer(0),
        Value::Bool(_) => Value::Bool(false),
        value => value.clone(),
    };
    match condition {
        Condition::Compare(index, compare, value) => {
            Condition::Compare(*index, *compare, other(value))
        }
        Condition::In(index, values) => Condition::In(*index, values.iter().map(other).collect()),
        Condition::Prefix(index, _) => Condition::Prefix(*index, "x".to_owned()),
        condition => condition.clone(),
    }
}

/// Gives the column of a condition that a query string makes.
fn named(condition: &Condition) -> Option<usize> {
    match condition {
        Condition::Compare(index, ..)
        | Condition::Null(index)
        | Condition::In(index, _)
        | Condition::Prefix(index, _) => Some(*index),
        Condition::Not(inner) => named(inner),
        _ => None,
    }
}

/// A position that can be read is written as it was read.
///
/// # Panics
///
/// When it does not hold.
pub fn position(bytes: &[u8]) {
    if let Some(position) = Position::decode(bytes) {
        let written = position.encode();
        let again = Position::decode(&written).map(|position| position.encode());
        assert_eq!(again, Some(written), "{bytes:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn iso_58_a_query_string_is_nothing_but_values(
            text in "\\PC{0,60}|((filter\\[(name|owner|rank|done|secret|created_at)\\](\\[(ne|lt|gte|in|prefix|null)\\])?|sort|limit|after)=(-?(name|rank|secret)|[0-9]{1,3}|true|'\\)--|[a-z,%+]{0,6})&?){0,4}"
        ) {
            query(&text);
        }
    }
}
