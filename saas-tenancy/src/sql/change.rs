//! Writing statements. In each, `$1` is the tenant.

use super::{
    Condition, Query,
    builder::{Builder, column},
};
use crate::{Dialect, EntityInfo, Error, Value};

/// Columns and their new values.
type Changes = Vec<(usize, Value)>;

/// Inserts rows. Each has a value for each column that `columns` names; the tenant comes first and
/// has none.
pub(crate) fn insert_many(
    entity: &EntityInfo,
    tenant: Value,
    columns: &[usize],
    rows: Vec<Vec<Value>>,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    write_insert(&mut sql, entity, columns, rows)?;
    sql.push(" RETURNING ").push(entity.sql.columns);
    Ok(sql.finish())
}

/// Inserts a row or, when there is one with the same value in the `unique` column, changes that.
pub(crate) fn upsert(
    entity: &EntityInfo,
    tenant: Value,
    columns: &[usize],
    row: Vec<Value>,
    unique: usize,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    write_insert(&mut sql, entity, columns, vec![row])?;
    sql.push(" ON CONFLICT (")
        .push(column(entity, entity.tenant)?)
        .push(", ")
        .push(column(entity, unique)?)
        .push(")");
    if let Some(deleted) = entity.deleted {
        // The index covers the rows that are there.
        sql.push(" WHERE ")
            .push(column(entity, deleted)?)
            .push(" IS NULL");
    }
    sql.push(" DO UPDATE SET ");
    let fixed = |index: &usize| {
        entity
            .columns
            .get(*index)
            .is_some_and(|column| column.fixed)
    };
    let given = entity
        .given
        .iter()
        .copied()
        .filter(|index| *index == unique || !fixed(index));
    let changed = given.chain(entity.updated);
    sql.separated(", ", changed, |sql, index| {
        let name = column(entity, index)?;
        sql.push(name).push(" = excluded.").push(name);
        Ok(())
    })?;
    if let Some(version) = entity.version {
        let (table, version) = (entity.table, column(entity, version)?);
        sql.push(", ").push(version).push(" = ");
        sql.push(table).push(".").push(version).push(" + 1");
    }
    sql.push(" RETURNING ").push(entity.sql.columns);
    Ok(sql.finish())
}

/// One row.
#[derive(Debug)]
pub(crate) struct Target<'a> {
    pub(crate) dialect: Dialect,
    pub(crate) id: Value,
    /// The version that it has to have.
    pub(crate) expected: Option<i64>,
    /// What it has to fulfil.
    pub(crate) only: &'a [Condition],
}

/// Changes one row, if it is there and as expected.
pub(crate) fn update(
    entity: &EntityInfo,
    tenant: Value,
    target: Target<'_>,
    changes: Changes,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    write_update(&mut sql, entity, changes)?;
    write_target(&mut sql, entity, target, Some(false))?;
    sql.push(" RETURNING ").push(entity.sql.columns);
    Ok(sql.finish())
}

/// Changes all rows that fulfil the conditions.
pub(crate) fn update_many(
    entity: &EntityInfo,
    dialect: Dialect,
    tenant: Value,
    changes: Changes,
    condition: &Condition,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    write_update(&mut sql, entity, changes)?;
    write_tenant(&mut sql, entity, Some(false))?;
    sql.push(" AND ");
    condition.write(&mut sql, entity, dialect)?;
    Ok(sql.finish())
}

/// Brings a row back that was deleted softly.
pub(crate) fn restore(
    entity: &EntityInfo,
    tenant: Value,
    target: Target<'_>,
    changes: Changes,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    write_update(&mut sql, entity, changes)?;
    write_target(&mut sql, entity, target, Some(true))?;
    sql.push(" RETURNING ").push(entity.sql.columns);
    Ok(sql.finish())
}

/// Removes one row for good, if it is there and as expected.
pub(crate) fn delete(
    entity: &EntityInfo,
    tenant: Value,
    target: Target<'_>,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    sql.push("DELETE FROM ").push(entity.table);
    write_target(&mut sql, entity, target, None)?;
    Ok(sql.finish())
}

/// Removes all rows for good that fulfil the conditions.
pub(crate) fn delete_many(
    entity: &EntityInfo,
    dialect: Dialect,
    tenant: Value,
    condition: &Condition,
) -> Result<Query, Error> {
    let mut sql = Builder::new(tenant);
    sql.push("DELETE FROM ").push(entity.table);
    write_tenant(&mut sql, entity, None)?;
    sql.push(" AND ");
    condition.write(&mut sql, entity, dialect)?;
    Ok(sql.finish())
}

fn write_insert(
    sql: &mut Builder,
    entity: &EntityInfo,
    columns: &[usize],
    rows: Vec<Vec<Value>>,
) -> Result<(), Error> {
    sql.push("INSERT INTO ").push(entity.table).push(" (");
    sql.push(column(entity, entity.tenant)?);
    for &index in columns {
        sql.push(", ").push(column(entity, index)?);
    }
    sql.push(") VALUES ");
    sql.separated(", ", rows, |sql, row| {
        if row.len() != columns.len() {
            return Err(Error::Misuse(
                "an entity gives one value for each column on insert",
            ));
        }
        sql.push("($1");
        for value in row {
            sql.push(", ").bind(value);
        }
        sql.push(")");
        Ok(())
    })?;
    Ok(())
}

fn write_update(sql: &mut Builder, entity: &EntityInfo, changes: Changes) -> Result<(), Error> {
    if changes.is_empty() && entity.version.is_none() {
        return Err(Error::Misuse("an update changes nothing"));
    }
    sql.push("UPDATE ").push(entity.table).push(" SET ");
    let some = !changes.is_empty();
    sql.separated(", ", changes, |sql, (index, value)| {
        sql.push(column(entity, index)?).push(" = ").bind(value);
        Ok(())
    })?;
    if let Some(version) = entity.version {
        let version = column(entity, version)?;
        sql.push(if some { ", " } else { "" });
        sql.push(version).push(" = ").push(version).push(" + 1");
    }
    Ok(())
}

/// Writes the condition on the tenant and, where it matters, on being deleted.
fn write_tenant(
    sql: &mut Builder,
    entity: &EntityInfo,
    deleted: Option<bool>,
) -> Result<(), Error> {
    sql.push(" WHERE ")
        .push(column(entity, entity.tenant)?)
        .push(" = $1");
    if let (Some(column_of), Some(deleted)) = (entity.deleted, deleted) {
        sql.push(" AND ").push(column(entity, column_of)?);
        sql.push(if deleted { " IS NOT NULL" } else { " IS NULL" });
    }
    Ok(())
}

fn write_target(
    sql: &mut Builder,
    entity: &EntityInfo,
    target: Target<'_>,
    deleted: Option<bool>,
) -> Result<(), Error> {
    write_tenant(sql, entity, deleted)?;
    sql.push(" AND ")
        .push(column(entity, entity.id)?)
        .push(" = ")
        .bind(target.id);
    if let (Some(version), Some(expected)) = (entity.version, target.expected) {
        sql.push(" AND ")
            .push(column(entity, version)?)
            .push(" = ")
            .bind(Value::Integer(expected));
    }
    for condition in target.only {
        sql.push(" AND ");
        condition.write(sql, entity, target.dialect)?;
    }
    Ok(())
}
