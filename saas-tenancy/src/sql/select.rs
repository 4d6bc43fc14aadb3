//! Reading statements.
//!
//! # Outside a transaction
//!
//! On PostgreSQL a policy asks a setting for the tenant, and the setting has to be made in the same
//! transaction. For a single read that would be three round trips instead of one. So a reading
//! statement can carry its tenant by itself ([`Form::Alone`]):
//!
//! ```sql
//! SELECT saas_row.* FROM
//!   (SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope
//!   CROSS JOIN LATERAL (SELECT … FROM projects WHERE tenant_id = saas_scope.tenant AND … OFFSET 0) AS saas_row
//! ```
//!
//! `docs/decisions/0009` says why no plan can read a row of the table before the setting is made,
//! and why nothing is left of it afterwards.

use super::{
    Condition, Query,
    builder::{Builder, column},
};
use crate::{Dialect, EntityInfo, Error, Value};

/// Where a statement is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// In a transaction that was told the tenant.
    Inside,
    /// On its own.
    Alone,
}

/// What is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Projection {
    /// All columns.
    Rows,
    /// The number of rows.
    Count,
    /// Whether there is a row.
    Exists,
}

/// A reading statement.
#[derive(Debug)]
pub(crate) struct Select<'a> {
    pub(crate) entity: &'static EntityInfo,
    pub(crate) dialect: Dialect,
    pub(crate) form: Form,
    pub(crate) projection: Projection,
    /// Whether rows that were deleted softly are read too.
    pub(crate) deleted: bool,
    /// What the repository is narrowed to.
    pub(crate) only: &'a [Condition],
    pub(crate) conditions: &'a [Condition],
    pub(crate) order: Option<Order>,
}

/// The order of rows, by at most one column and then by the id, and where in it to begin and end.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) by: Option<usize>,
    pub(crate) descending: bool,
    /// Only rows beyond this one.
    pub(crate) beyond: Option<(Option<Value>, Value)>,
    pub(crate) limit: usize,
}

const ALONE: &str = "(SELECT set_config('app.tenant_id', $1::uuid::text, true)::uuid AS tenant OFFSET 0) AS saas_scope \
     CROSS JOIN LATERAL (";

impl Select<'_> {
    /// Writes the statement.
    pub(crate) fn query(self, tenant: Value) -> Result<Query, Error> {
        let alone = self.form == Form::Alone;
        let mut sql = Builder::new(tenant);
        if alone {
            sql.push("SELECT saas_row.* FROM ").push(ALONE);
            sql.tenant_is("saas_scope.tenant");
        }
        let (columns, after) = match self.projection {
            Projection::Rows => (self.entity.sql.columns, ""),
            Projection::Count => ("count(*)", ""),
            Projection::Exists => ("EXISTS (SELECT 1", ")"),
        };
        sql.push("SELECT ").push(columns);
        sql.push(" FROM ").push(self.entity.table);
        sql.push(" WHERE ")
            .push(column(self.entity, self.entity.tenant)?)
            .push(" = ")
            .push_tenant();
        if let (Some(deleted), false) = (self.entity.deleted, self.deleted) {
            sql.push(" AND ")
                .push(column(self.entity, deleted)?)
                .push(" IS NULL");
        }
        for condition in self.only.iter().chain(self.conditions) {
            sql.push(" AND ");
            condition.write(&mut sql, self.entity, self.dialect)?;
        }
        sql.push(after);
        let mut limit = None;
        if let Some(order) = &self.order {
            if let Some((sort, id)) = &order.beyond {
                order.write_beyond(&mut sql, self.entity, sort.clone(), id.clone())?;
            }
            order.write(&mut sql, self.entity, "")?;
            limit = Some(order.limit);
        }
        if let Some(limit) = limit {
            sql.push(" LIMIT ").number(limit);
        }
        if alone {
            sql.push(" OFFSET 0) AS saas_row");
            // The order of a subquery is kept in practice and promised by nobody.
            if let Some(order) = &self.order {
                order.write(&mut sql, self.entity, "saas_row.")?;
            }
        }
        let mut query = sql.finish();
        query.statement.alone = alone;
        Ok(query)
    }
}

impl Order {
    fn write(&self, sql: &mut Builder, entity: &EntityInfo, table: &str) -> Result<(), Error> {
        let direction = if self.descending { " DESC" } else { " ASC" };
        sql.push(" ORDER BY ");
        let columns = self.by.into_iter().chain([entity.id]);
        sql.separated(", ", columns, |sql, index| {
            sql.push(table).push(column(entity, index)?).push(direction);
            Ok(())
        })?;
        Ok(())
    }

    fn write_beyond(
        &self,
        sql: &mut Builder,
        entity: &EntityInfo,
        sort: Option<Value>,
        row: Value,
    ) -> Result<(), Error> {
        let than = if self.descending { " < " } else { " > " };
        let id = column(entity, entity.id)?;
        match (self.by, sort) {
            (Some(by), Some(sort)) => {
                sql.push(" AND (")
                    .push(column(entity, by)?)
                    .push(", ")
                    .push(id)
                    .push(")")
                    .push(than)
                    .push("(")
                    .bind(sort)
                    .push(", ")
                    .bind(row)
                    .push(")");
            }
            (None, None) => {
                sql.push(" AND ").push(id).push(than).bind(row);
            }
            _ => return Err(Error::Misuse("a position belongs to another order")),
        }
        Ok(())
    }
}
