//! Reading rows.

use saas_core::{Id, Page, page::Cursor};

use super::{Filter, PageQuery, QueryError, Repository, position::Position};
use crate::{
    Error, Row, TenantEntity, Value,
    sql::{Compare, Condition, Form, Order, Projection, Select, literal, literal_alone},
};

impl<E: TenantEntity> Repository<'_, E> {
    /// Finds a row. An id of another tenant is as unknown as one that never existed.
    ///
    /// # Errors
    ///
    /// As the database answers; a missing row is `Ok(None)`.
    pub async fn find(&mut self, id: Id<E>) -> Result<Option<E>, Error> {
        let id = Value::Uuid(id.as_uuid());
        let row = if self.deleted || !self.only.is_empty() {
            let condition = Condition::Compare(E::INFO.id, Compare::Equal, id);
            self.select(Projection::Rows, &[condition], None)
                .await?
                .into_iter()
                .next()
        } else {
            let statement = match self.tx.form() {
                Form::Inside => literal(E::INFO.sql.select_one),
                Form::Alone => literal_alone(E::INFO.sql.select_one_alone),
            };
            let values = [self.tenant(), id];
            self.tx.fetch_optional(statement, &values).await?
        };
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

    /// Counts the rows that a filter keeps.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn count(&mut self, filter: Filter<E>) -> Result<u64, Error> {
        let rows = self
            .select(Projection::Count, &[filter.condition], None)
            .await?;
        let count: i64 = first(&rows)?.get(0)?;
        u64::try_from(count).map_err(|_| Error::decode("a number of rows"))
    }

    /// Tells whether a filter keeps any row.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn exists(&mut self, filter: Filter<E>) -> Result<bool, Error> {
        let rows = self
            .select(Projection::Exists, &[filter.condition], None)
            .await?;
        first(&rows)?.get(0)
    }

    /// Gives a page of the rows that the query asks for.
    ///
    /// # Errors
    ///
    /// [`Error::Query`] when the cursor was not issued for this list, filter, order and tenant.
    pub async fn list(&mut self, query: PageQuery<E>) -> Result<Page<E>, Error> {
        let info = E::INFO;
        let (sort, sort_descending) = match &query.sort {
            Some(sort) => (Some(sort.index), sort.descending),
            None => (None, false),
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

        if position
            .as_ref()
            .is_some_and(|position| position.sort.is_some() != sort.is_some())
        {
            return Err(QueryError::cursor().into());
        }
        // One row more than asked for tells whether there is a page beyond.
        let limit = usize::from(query.limit);
        let order = Order {
            by: sort,
            descending,
            beyond: position
                .as_ref()
                .map(|position| (position.sort.clone(), Value::Uuid(position.id))),
            limit: limit + 1,
        };
        let conditions: Vec<_> = query
            .filters
            .into_iter()
            .map(|filter| filter.condition)
            .collect();
        let rows = self
            .select(Projection::Rows, &conditions, Some(order))
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
                let sort = sort.and_then(|index| row.column_value(index));
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

    /// Runs a reading statement in the form that is the cheapest here.
    pub(super) async fn select(
        &mut self,
        projection: Projection,
        conditions: &[Condition],
        order: Option<Order>,
    ) -> Result<Vec<Row>, Error> {
        let select = Select {
            entity: E::INFO,
            dialect: self.tx.database().dialect(),
            form: self.tx.form(),
            projection,
            deleted: self.deleted,
            only: &self.only,
            conditions,
            order,
        };
        let query = select.query(self.tenant())?;
        self.tx.fetch_all(query.statement, &query.values).await
    }

    pub(super) fn tenant(&self) -> Value {
        Value::Uuid(self.tx.scope().tenant().id().as_uuid())
    }
}

fn first(rows: &[Row]) -> Result<&Row, Error> {
    rows.first()
        .ok_or(Error::Misuse("an aggregate gives one row"))
}
