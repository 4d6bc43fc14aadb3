//! Many rows at once.

use std::{collections::HashMap, hash::Hash};

use futures_util::{Stream, TryStreamExt as _, stream};
use saas_core::Id;

use super::{Field, Filter, Repository};
use crate::{
    Column, Error, TenantEntity, Value,
    sql::{self, Condition, Order, Projection},
};

/// How many rows a statement reads or writes at most.
const BATCH: usize = 500;

/// How many values a statement has at most. SQLite bears 32,766 of them.
const MAX_VALUES: usize = 30_000;

impl<'tx, E: TenantEntity> Repository<'tx, E> {
    /// Finds rows by their ids, in one statement for each 500. Ids that are unknown in this tenant are left
    /// out; the order is that of the ids.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn find_many(
        &mut self,
        ids: impl IntoIterator<Item = Id<E>>,
    ) -> Result<Vec<E>, Error> {
        let ids: Vec<Id<E>> = ids.into_iter().collect();
        let mut found = HashMap::with_capacity(ids.len());
        for batch in ids.chunks(BATCH) {
            let values = batch.iter().map(|id| Value::Uuid(id.as_uuid())).collect();
            let condition = Condition::In(E::INFO.id, values);
            for row in self.select(Projection::Rows, &[condition], None).await? {
                let row = E::from_row(&row)?;
                found.insert(row.row_id(), row);
            }
        }
        Ok(ids
            .into_iter()
            .filter_map(|id| found.remove(&id.as_uuid()))
            .collect())
    }

    /// Loads the rows that refer to each of the keys, in one statement for each 500 keys: the tasks of all
    /// the projects on a page, say. A key without rows is left out. Rows of one key are in the order of
    /// their ids.
    ///
    /// # Errors
    ///
    /// As the database answers.
    pub async fn find_by<C, const UNIQUE: bool>(
        &mut self,
        field: Field<E, C, UNIQUE>,
        keys: impl IntoIterator<Item = C>,
    ) -> Result<HashMap<C, Vec<E>>, Error>
    where
        C: Column + Eq + Hash,
    {
        let keys: Vec<Value> = keys.into_iter().map(|key| key.to_value()).collect();
        let mut groups: HashMap<C, Vec<E>> = HashMap::new();
        for batch in keys.chunks(BATCH) {
            let condition = Condition::In(field.index(), batch.to_vec());
            for row in self.select(Projection::Rows, &[condition], None).await? {
                let row = E::from_row(&row)?;
                let key = row.column_value(field.index());
                let key = C::from_value(key.ok_or(Error::decode("a column of the entity"))?)?;
                groups.entry(key).or_default().push(row);
            }
        }
        for rows in groups.values_mut() {
            rows.sort_by_key(TenantEntity::row_id);
        }
        Ok(groups)
    }

    /// Reads all rows that a filter keeps, by id, a batch at a time, so that memory does not grow with
    /// their number.
    ///
    /// Rows that are there from the beginning to the end come once. Those that are written meanwhile
    /// by others may come or not.
    ///
    /// # Errors
    ///
    /// An item is an error when the database gives one; it is the last then.
    ///
    /// # Cancel safety
    ///
    /// The stream may be dropped after any item.
    pub fn stream(self, filter: Filter<E>) -> impl Stream<Item = Result<E, Error>> + use<'tx, E> {
        let conditions = vec![filter.condition];
        let start = (self, None, false);
        let batches = stream::try_unfold(start, move |(mut repository, beyond, done)| {
            let conditions = conditions.clone();
            async move {
                if done {
                    return Ok::<_, Error>(None);
                }
                let order = Order {
                    by: None,
                    descending: false,
                    beyond: beyond.map(|id| (None, Value::Uuid(id))),
                    limit: BATCH,
                };
                let rows = repository
                    .select(Projection::Rows, &conditions, Some(order))
                    .await?;
                let done = rows.len() < BATCH;
                let rows = rows
                    .iter()
                    .map(E::from_row)
                    .collect::<Result<Vec<E>, Error>>()?;
                let beyond = rows.last().map(TenantEntity::row_id);
                let batch = stream::iter(rows.into_iter().map(Ok::<E, Error>));
                Ok(Some((batch, (repository, beyond, done))))
            }
        });
        batches.try_flatten()
    }

    /// Inserts rows with new ids, in one statement for each few hundred, and gives them as the database
    /// holds them, in the given order.
    ///
    /// # Errors
    ///
    /// As [`Repository::insert`](Repository::insert). None is kept then, because the transaction
    /// cannot be committed.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn insert_many(
        &mut self,
        new: impl IntoIterator<Item = E::New>,
    ) -> Result<Vec<E>, Error> {
        self.tx.writable()?;
        let columns = self.inserted_columns();
        let per_statement = (MAX_VALUES / columns.len().max(1)).clamp(1, BATCH);
        let mut rows = Vec::new();
        let mut new = new.into_iter().peekable();
        while new.peek().is_some() {
            let batch: Vec<_> = new.by_ref().take(per_statement).collect();
            let ids: Vec<Id<E>> = batch.iter().map(|_| Id::generate()).collect();
            let values = ids.iter().zip(batch);
            let values = values.map(|(id, new)| self.inserted_values(*id, new));
            let query = sql::insert_many(E::INFO, self.tenant(), &columns, values.collect())?;
            let written = self.tx.fetch_all(query.statement, &query.values).await;
            let written = written.map_err(|error| error.of(E::INFO))?;
            // What RETURNING gives has no promised order.
            let written = written.iter().map(|row| {
                let row = E::from_row(row)?;
                Ok((row.row_id(), row))
            });
            let mut written = written.collect::<Result<HashMap<_, _>, Error>>()?;
            for id in ids {
                rows.push(written.remove(&id.as_uuid()).ok_or(Error::NotFound)?);
            }
        }
        Ok(rows)
    }

    /// Inserts a row or, when this tenant has one with the same value in the `unique` column, changes
    /// that one to the given values. Of many at once all succeed, and one row is there.
    ///
    /// # Errors
    ///
    /// As [`Repository::insert`](Repository::insert), for another unique column too; [`Error::Misuse`] in a
    /// repository that is [narrowed](Repository::only).
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert_many`].
    pub async fn upsert<C: Column>(
        &mut self,
        unique: Field<E, C, true>,
        new: E::New,
    ) -> Result<E, Error> {
        self.tx.writable()?;
        if !self.only.is_empty() {
            return Err(Error::Misuse("a narrowed repository does not upsert"));
        }
        let columns = self.inserted_columns();
        let values = self.inserted_values(Id::generate(), new);
        let query = sql::upsert(E::INFO, self.tenant(), &columns, values, unique.index())?;
        let row = self
            .tx
            .fetch_optional(query.statement, &query.values)
            .await
            .map_err(|error| error.of(E::INFO))?;
        E::from_row(row.as_ref().ok_or(Error::NotFound)?)
    }

    /// Changes all rows that a filter keeps, each to its next version. Gives their number.
    ///
    /// # Errors
    ///
    /// As [`Repository::insert`](Repository::insert).
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert_many`].
    pub async fn update_where(&mut self, filter: Filter<E>, patch: E::Patch) -> Result<u64, Error> {
        let changes = self.changes(patch);
        if changes.is_empty() {
            return Ok(0);
        }
        let dialect = self.tx.database().dialect();
        let tenant = self.tenant();
        let condition = self.narrowed(filter);
        let query = sql::update_many(E::INFO, dialect, tenant, changes, &condition)?;
        let changed = self.tx.execute(query.statement, &query.values).await;
        changed.map_err(|error| error.of(E::INFO))
    }

    /// Deletes all rows that a filter keeps: softly where the entity has a `deleted` column. Gives
    /// their number.
    ///
    /// # Errors
    ///
    /// [`Error::Reference`] when another row refers to one of them.
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert_many`].
    pub async fn delete_where(&mut self, filter: Filter<E>) -> Result<u64, Error> {
        let (dialect, tenant) = (self.tx.database().dialect(), self.tenant());
        let condition = self.narrowed(filter);
        let query = match E::INFO.deleted {
            Some(_) => {
                let changes = self.deletion();
                sql::update_many(E::INFO, dialect, tenant, changes, &condition)?
            }
            None => sql::delete_many(E::INFO, dialect, tenant, &condition)?,
        };
        self.tx.execute(query.statement, &query.values).await
    }

    fn narrowed(&self, filter: Filter<E>) -> Condition {
        if self.only.is_empty() {
            return filter.condition;
        }
        let only = self.only.iter().cloned();
        Condition::All(only.chain([filter.condition]).collect())
    }

    /// The columns of an INSERT besides the tenant, in the order of [`Self::inserted_values`].
    pub(super) fn inserted_columns(&self) -> Vec<usize> {
        let info = E::INFO;
        let automatic = [Some(info.id), info.version, info.created, info.updated];
        let automatic = automatic.into_iter().flatten();
        automatic.chain(info.given.iter().copied()).collect()
    }

    pub(super) fn inserted_values(&self, id: Id<E>, new: E::New) -> Vec<Value> {
        let (info, now) = (E::INFO, self.tx.database().clock().now());
        let mut values = vec![Value::Uuid(id.as_uuid())];
        values.extend(info.version.map(|_| Value::Integer(1)));
        values.extend(info.created.map(|_| Value::Timestamp(now)));
        values.extend(info.updated.map(|_| Value::Timestamp(now)));
        values.extend(E::new_values(new));
        values
    }
}
