//! Reading rows.

use saas_core::{Id, Page, page::Cursor};

use super::{PageQuery, QueryError, Repository, page::Position};
use crate::{
    Error, TenantEntity, Value,
    sql::{ListSql, literal},
};

impl<E: TenantEntity> Repository<'_, E> {
    /// Finds a row. An id of another tenant is as unknown as one that never existed.
    ///
    /// # Errors
    ///
    /// As the database answers; a missing row is `Ok(None)`.
    pub async fn find(&mut self, id: Id<E>) -> Result<Option<E>, Error> {
        let values = [self.tenant(), Value::Uuid(id.as_uuid())];
        let row = self
            .tx
            .fetch_optional(literal(E::INFO.sql.select_one), &values)
            .await?;
        row.as_ref().map(E::from_row).transpose()
    }

    /// Gives a row.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such row in this tenant.
    pub async fn get(&mut self, id: Id<E>) -> Result<E, Error> {
        self.find(id).await?.ok_or(Error::NotFound)
    }

    /// Gives a page of the rows that the query asks for.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] when the cursor was not issued for this list, filter, order and tenant.
    pub async fn list(&mut self, query: PageQuery<E>) -> Result<Page<E>, Error> {
        let info = E::INFO;
        let id = info
            .columns
            .get(info.id)
            .map(|column| column.name)
            .ok_or(Error::Misuse("an entity has an id"))?;
        let name = |index: usize| {
            info.columns
                .get(index)
                .map(|column| column.name)
                .ok_or(Error::Misuse("a query names no column of the entity"))
        };
        let (sort, sort_column, sort_descending) = match &query.sort {
            Some(sort) => (Some(name(sort.index)?), Some(sort.index), sort.descending),
            None => (None, None, false),
        };

        let keys = self.tx.database().keys().clone();
        let fingerprint = query.fingerprint();
        let cursor = Cursor::of(
            &keys,
            self.tx.scope().tenant().id(),
            info.table,
            &fingerprint,
        );
        let position = match &query.cursor {
            Some(text) => {
                let bytes = cursor.open(text).map_err(|_| QueryError::cursor())?;
                Some(Position::decode(&bytes).ok_or_else(QueryError::cursor)?)
            }
            None => None,
        };
        let backward = position.as_ref().is_some_and(|position| position.backward);
        // A page before a position is read in the opposite order and turned around.
        let descending = sort_descending != backward;

        let mut sql = ListSql::new(info);
        let mut values = vec![self.tenant()];
        for filter in &query.filters {
            if matches!(filter.value, Value::Null(_)) {
                sql.is_null(name(filter.index)?);
            } else {
                sql.equals(name(filter.index)?);
                values.push(filter.value.clone());
            }
        }
        if let Some(position) = &position {
            if position.sort.is_some() != sort.is_some() {
                return Err(QueryError::cursor().into());
            }
            sql.beyond(sort, id, descending);
            values.extend(position.sort.clone());
            values.push(Value::Uuid(position.id));
        }
        // One row more than asked for tells whether there is a page beyond.
        let limit = usize::from(query.limit);
        let rows = self
            .tx
            .fetch_all(sql.finish(sort, id, descending, limit + 1), &values)
            .await?;
        let more = rows.len() > limit;
        let mut items = rows
            .iter()
            .take(limit)
            .map(E::from_row)
            .collect::<Result<Vec<E>, Error>>()?;
        if backward {
            items.reverse();
        }

        let seal = |row: Option<&E>, backward: bool| {
            row.map(|row| {
                let sort = sort_column.and_then(|index| row.column_value(index));
                cursor.seal(
                    &Position {
                        backward,
                        sort,
                        id: row.row_id(),
                    }
                    .encode(),
                )
            })
        };
        let (next, prev) = if backward {
            (true, more)
        } else {
            (more, position.is_some())
        };
        let next = if next {
            seal(items.last(), false)
        } else {
            None
        };
        let prev = if prev {
            seal(items.first(), true)
        } else {
            None
        };
        Ok(Page::new(items, next, prev))
    }

    pub(super) fn tenant(&self) -> Value {
        Value::Uuid(self.tx.scope().tenant().id().as_uuid())
    }
}
