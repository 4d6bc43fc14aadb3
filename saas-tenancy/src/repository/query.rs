//! Query strings of lists.

use std::{borrow::Cow, collections::HashSet};

use percent_encoding::percent_decode_str;
use saas_core::{Code, Problem};

use super::{Filter, PageQuery, Sort};
use crate::{
    Error, Kind, TenantEntity, Value,
    sql::{Compare, Condition},
};

/// More parameters than any list has are not even looked at.
const MAX_PARAMETERS: usize = 32;

/// How many values `in` may have.
const MAX_VALUES: usize = 100;

/// Says what is wrong with a query string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("query parameter `{parameter}` {message}")]
pub struct QueryError {
    code: Code,
    parameter: Cow<'static, str>,
    message: Cow<'static, str>,
}

impl QueryError {
    pub(crate) fn cursor() -> Self {
        Self::new(
            Code::CURSOR_INVALID,
            "after",
            "was not issued for this list, or has been changed",
        )
    }

    fn new(
        code: Code,
        parameter: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self {
            code,
            parameter: parameter.into(),
            message: message.into(),
        }
    }

    fn invalid(
        parameter: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::new(Code::QUERY_INVALID, parameter, message)
    }

    /// Gives the kind of the mistake.
    #[must_use]
    pub const fn code(&self) -> Code {
        self.code
    }

    /// Turns it into what the client sees.
    pub fn to_problem(&self) -> Problem {
        Problem::new(self.code).field(self.parameter.clone(), self.message.clone())
    }
}

impl From<QueryError> for Problem {
    fn from(error: QueryError) -> Self {
        error.to_problem()
    }
}

pub(super) fn parse<E: TenantEntity>(query: &str) -> Result<PageQuery<E>, QueryError> {
    let mut result = PageQuery::new();
    let mut limit = None;
    let mut named = HashSet::new();
    for (number, pair) in query.split('&').filter(|pair| !pair.is_empty()).enumerate() {
        if number == MAX_PARAMETERS {
            return Err(QueryError::invalid(
                "",
                format!("is one of more than {MAX_PARAMETERS}"),
            ));
        }
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decode(name)?, decode(value)?);
        let once = |set: bool| match set {
            true => Err(QueryError::invalid(shortened(&name), "appears twice")),
            false => Ok(()),
        };
        match name.as_str() {
            "limit" => {
                once(limit.is_some())?;
                limit = Some(parse_limit::<E>(&value)?);
            }
            "after" | "before" => {
                once(result.cursor.is_some())?;
                result.cursor = Some(value);
            }
            "sort" => {
                once(result.sort.is_some())?;
                result.sort = Some(parse_sort(&value)?);
            }
            _ => {
                // Two conditions on one column may hold together, but the same twice is a mistake.
                once(named.contains(&name))?;
                result.filters.push(parse_filter::<E>(&name, &value)?);
                named.insert(name);
            }
        }
    }
    result.limit = limit.unwrap_or(PageQuery::<E>::DEFAULT_LIMIT);
    Ok(result)
}

fn parse_limit<E: TenantEntity>(text: &str) -> Result<u16, QueryError> {
    let max = PageQuery::<E>::MAX_LIMIT;
    match text.parse() {
        Ok(limit) if (1..=max).contains(&limit) => Ok(limit),
        _ => Err(QueryError::invalid(
            "limit",
            format!("must be a number from 1 to {max}"),
        )),
    }
}

fn parse_sort<E: TenantEntity>(text: &str) -> Result<Sort<E>, QueryError> {
    let (name, descending) = text
        .strip_prefix('-')
        .map_or((text, false), |name| (name, true));
    let index = E::INFO
        .columns
        .iter()
        .position(|column| column.sort && column.name == name);
    index
        .map(|index| Sort::new(index, descending))
        .ok_or_else(|| {
            let known = names::<E>(|column| column.sort);
            QueryError::new(
                Code::SORT_UNKNOWN,
                "sort",
                format!("must be one of {known}, with `-` in front for descending"),
            )
        })
}

fn parse_filter<E: TenantEntity>(parameter: &str, text: &str) -> Result<Filter<E>, QueryError> {
    let parts = parameter
        .strip_prefix("filter[")
        .and_then(|rest| rest.strip_suffix(']'))
        .map(|inner| inner.split_once("][").unwrap_or((inner, "")));
    let Some((name, operator)) = parts else {
        let message = "is unknown; there are `filter[…]`, `sort`, `limit`, `after` and `before`";
        return Err(QueryError::invalid(shortened(parameter), message));
    };
    let columns = E::INFO.columns.iter().enumerate();
    let found = columns
        .filter(|(_, column)| column.filter)
        .find(|(_, column)| column.name == name);
    let Some((index, column)) = found else {
        let known = names::<E>(|column| column.filter);
        return Err(QueryError::new(
            Code::FILTER_UNKNOWN,
            shortened(parameter),
            format!("is unknown; the list can be filtered by {known}"),
        ));
    };
    let value = |text: &str| match E::parse_filter(index, text) {
        Ok(value) => Ok(value),
        Err(Error::Decode(decode)) => Err(QueryError::invalid(
            shortened(parameter),
            format!("must be {}", decode.expected()),
        )),
        Err(_) => Err(QueryError::invalid(
            shortened(parameter),
            "has a value that cannot be read",
        )),
    };
    let compare = |compare| Ok(Condition::Compare(index, compare, value(text)?));
    let condition = match operator {
        "" => compare(Compare::Equal),
        "ne" => compare(Compare::NotEqual),
        "lt" => compare(Compare::Less),
        "lte" => compare(Compare::LessOrEqual),
        "gt" => compare(Compare::Greater),
        "gte" => compare(Compare::GreaterOrEqual),
        "in" if text.split(',').count() > MAX_VALUES => Err(QueryError::invalid(
            shortened(parameter),
            format!("has more than {MAX_VALUES} values"),
        )),
        "in" => {
            let values = text.split(',').map(value).collect::<Result<Vec<_>, _>>()?;
            Ok(Condition::In(index, values))
        }
        "prefix" if column.kind == Kind::Text => match value(text)? {
            Value::Text(text) => Ok(Condition::Prefix(index, text)),
            _ => Err(QueryError::invalid(shortened(parameter), "must be text")),
        },
        "null" if column.nullable => match text {
            "true" => Ok(Condition::Null(index)),
            "false" => Ok(Condition::Not(Box::new(Condition::Null(index)))),
            _ => Err(QueryError::invalid(
                shortened(parameter),
                "must be `true` or `false`",
            )),
        },
        _ => Err(QueryError::new(
            Code::FILTER_UNKNOWN,
            shortened(parameter),
            "has an operator that the column does not have; there are `ne`, `lt`, `lte`, `gt`, `gte`, `in`, `prefix` \
             for text, and `null` where a value may be missing",
        )),
    };
    condition.map(Filter::new)
}

fn names<E: TenantEntity>(which: impl Fn(&crate::ColumnInfo) -> bool) -> String {
    let names: Vec<_> = E::INFO
        .columns
        .iter()
        .filter(|column| which(column))
        .map(|column| format!("`{}`", column.name))
        .collect();
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}

/// Decodes a form-encoded name or value: `+` is a space, the rest is percent-encoded UTF-8.
fn decode(text: &str) -> Result<String, QueryError> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced)
        .decode_utf8()
        .map(Cow::into_owned)
        .map_err(|_| QueryError::invalid("", "is not UTF-8"))
}

/// Cuts a name that a client made up before it is repeated to it.
fn shortened(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(64).collect()
}
