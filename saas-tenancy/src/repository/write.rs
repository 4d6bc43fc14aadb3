//! Changing rows.

use saas_core::Id;

use super::Repository;
use crate::{
    Error, TenantEntity, Value,
    sql::{self, Target, literal},
};

impl<E: TenantEntity> Repository<'_, E> {
    /// Inserts a row with a new id and gives it as the database holds it.
    ///
    /// # Errors
    ///
    /// [`Error::Unique`], [`Error::Reference`] or [`Error::InvalidValue`] when the database refuses
    /// it. The transaction cannot be committed then.
    ///
    /// # Cancel safety
    ///
    /// A dropped future leaves the transaction good for nothing but a rollback.
    pub async fn insert(&mut self, new: E::New) -> Result<E, Error> {
        self.insert_as(Id::generate(), new).await
    }

    /// Inserts a row with an id that is known beforehand, such as that of the person whose
    /// membership the row is.
    ///
    /// # Errors
    ///
    /// As [`Repository::insert`]; [`Error::Unique`] when the tenant has a row of that id.
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert`].
    pub async fn insert_as(&mut self, id: Id<E>, new: E::New) -> Result<E, Error> {
        self.tx.writable()?;
        let mut values = vec![self.tenant()];
        values.extend(self.inserted_values(id, new));
        let row = self
            .tx
            .fetch_optional(literal(E::INFO.sql.insert), &values)
            .await
            .map_err(|error| error.of(E::INFO))?;
        // Row-level security that hides a row just written would show here.
        E::from_row(row.as_ref().ok_or(Error::NotFound)?)
    }

    /// Changes a row and gives it as it is afterwards. An empty patch still counts as a change.
    ///
    /// With `expected`, the row is changed only if it still has that version: whoever read an older
    /// one gets [`Error::VersionMismatch`] and overwrites nothing.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such row in this tenant; [`Error::VersionMismatch`];
    /// otherwise as [`Repository::insert`].
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert`].
    pub async fn update(
        &mut self,
        id: Id<E>,
        expected: Option<i64>,
        patch: E::Patch,
    ) -> Result<E, Error> {
        self.tx.writable()?;
        let info = E::INFO;
        let changes = self.changes(patch);
        if changes.is_empty() && info.version.is_none() {
            return self.get(id).await;
        }
        let expected = expected.filter(|_| info.version.is_some());
        let query = sql::update(info, self.tenant(), self.target(id, expected), changes)?;
        match self
            .tx
            .fetch_optional(query.statement, &query.values)
            .await
            .map_err(|error| error.of(info))?
        {
            Some(row) => E::from_row(&row),
            None => Err(self.missing(id, expected).await),
        }
    }

    /// Deletes a row. Where the entity has a `deleted` column, the row is kept, is left out of every
    /// read from now on, and can be [restored](Self::restore).
    ///
    /// With `expected`, the row is deleted only if it still has that version.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such row in this tenant; [`Error::VersionMismatch`];
    /// [`Error::Reference`] when another row refers to it.
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert`].
    pub async fn delete(&mut self, id: Id<E>, expected: Option<i64>) -> Result<(), Error> {
        if E::INFO.deleted.is_none() {
            return self.purge(id, expected).await;
        }
        self.tx.writable()?;
        let expected = expected.filter(|_| E::INFO.version.is_some());
        let target = self.target(id, expected);
        let query = sql::update(E::INFO, self.tenant(), target, self.deletion())?;
        match self
            .tx
            .fetch_optional(query.statement, &query.values)
            .await?
        {
            Some(_) => Ok(()),
            None => Err(self.missing(id, expected).await),
        }
    }

    /// Brings a row back that was deleted, and gives it as it is afterwards.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when there is no such deleted row in this tenant; [`Error::Unique`] when
    /// another row has taken its place; [`Error::Misuse`] when the entity has no `deleted` column.
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert`].
    pub async fn restore(&mut self, id: Id<E>) -> Result<E, Error> {
        self.tx.writable()?;
        let deleted = E::INFO.deleted.ok_or(Error::Misuse(
            "only an entity with a `deleted` column can be restored",
        ))?;
        let mut changes = self.touched();
        changes.push((deleted, Value::Null(crate::Kind::Timestamp)));
        let query = sql::restore(E::INFO, self.tenant(), self.target(id, None), changes)?;
        let row = self
            .tx
            .fetch_optional(query.statement, &query.values)
            .await
            .map_err(|error| error.of(E::INFO))?;
        E::from_row(row.as_ref().ok_or(Error::NotFound)?)
    }

    /// Removes a row for good, also one that was deleted softly.
    ///
    /// # Errors
    ///
    /// As [`Repository::delete`].
    ///
    /// # Cancel safety
    ///
    /// As [`Repository::insert`].
    pub async fn purge(&mut self, id: Id<E>, expected: Option<i64>) -> Result<(), Error> {
        let expected = expected.filter(|_| E::INFO.version.is_some());
        let query = sql::delete(E::INFO, self.tenant(), self.target(id, expected))?;
        match self.tx.execute(query.statement, &query.values).await? {
            0 => Err(self.missing(id, expected).await),
            _ => Ok(()),
        }
    }

    fn target(&self, id: Id<E>, expected: Option<i64>) -> Target<'_> {
        Target {
            dialect: self.tx.database().dialect(),
            id: Value::Uuid(id.as_uuid()),
            expected,
            only: &self.only,
        }
    }

    /// What a patch changes, with the time of the change.
    pub(super) fn changes(&self, patch: E::Patch) -> Vec<(usize, Value)> {
        let mut changes = E::patch_values(patch);
        // The same columns always make the same statement, which the connection has prepared.
        changes.sort_by_key(|(index, _)| *index);
        changes.extend(self.touched());
        changes
    }

    /// What a soft deletion changes.
    pub(super) fn deletion(&self) -> Vec<(usize, Value)> {
        let now = Value::Timestamp(self.tx.database().clock().now());
        let mut changes = self.touched();
        changes.extend(E::INFO.deleted.map(|index| (index, now)));
        changes
    }

    fn touched(&self) -> Vec<(usize, Value)> {
        let now = self.tx.database().clock().now();
        let updated = E::INFO.updated;
        updated
            .map(|index| (index, Value::Timestamp(now)))
            .into_iter()
            .collect()
    }

    /// Finds out why a change met no row.
    async fn missing(&mut self, id: Id<E>, expected: Option<i64>) -> Error {
        match self.find(id).await {
            Ok(Some(_)) if expected.is_some() => Error::VersionMismatch,
            Ok(_) => Error::NotFound,
            Err(error) => error,
        }
    }
}
