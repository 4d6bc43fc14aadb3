//! Changing rows.

use saas_core::Id;

use super::Repository;
use crate::{
    Error, TenantEntity, Value,
    sql::{self, literal},
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
        let info = E::INFO;
        let now = self.tx.database().clock().now();
        let mut values = vec![self.tenant(), Value::Uuid(id.as_uuid())];
        values.extend(info.version.map(|_| Value::Integer(1)));
        values.extend(info.created.map(|_| Value::Timestamp(now)));
        values.extend(info.updated.map(|_| Value::Timestamp(now)));
        let given = E::new_values(new);
        if given.len() != info.given.len() {
            return Err(Error::Misuse(
                "an entity gives one value for each column on insert",
            ));
        }
        values.extend(given);
        let row = self
            .tx
            .fetch_optional(literal(info.sql.insert), &values)
            .await?;
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
        let mut changes = E::patch_values(patch);
        // The same columns always make the same statement, which the connection has prepared.
        changes.sort_by_key(|(index, _)| *index);
        if changes.is_empty() && info.version.is_none() && info.updated.is_none() {
            return self.get(id).await;
        }
        let columns: Vec<usize> = changes.iter().map(|(index, _)| *index).collect();
        let mut values = vec![self.tenant(), Value::Uuid(id.as_uuid())];
        values.extend(changes.into_iter().map(|(_, value)| value));
        values.extend(
            info.updated
                .map(|_| Value::Timestamp(self.tx.database().clock().now())),
        );
        let expected = expected.filter(|_| info.version.is_some());
        values.extend(expected.map(Value::Integer));
        let statement = sql::update(info, &columns, expected.is_some())?;
        match self.tx.fetch_optional(statement, &values).await? {
            Some(row) => E::from_row(&row),
            None => Err(self.missing(id, expected).await),
        }
    }

    /// Deletes a row.
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
        let expected = expected.filter(|_| E::INFO.version.is_some());
        let mut values = vec![self.tenant(), Value::Uuid(id.as_uuid())];
        values.extend(expected.map(Value::Integer));
        let statement = match expected {
            Some(_) => sql::delete_version(E::INFO)?,
            None => literal(E::INFO.sql.delete),
        };
        match self.tx.execute(statement, &values).await? {
            0 => Err(self.missing(id, expected).await),
            _ => Ok(()),
        }
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
