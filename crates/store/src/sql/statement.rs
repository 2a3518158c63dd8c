//! Statements that a connection keeps, for their next execution.

use super::{Params, Row, Rows, SqlError, SqlResult, Value};
use crate::postgres::PostgresConnection;

/// A prepared statement of a connection.
pub(crate) enum Statement<'a> {
    Sqlite(rusqlite::CachedStatement<'a>),
    Postgres { connection: &'a PostgresConnection, statement: tokio_postgres::Statement },
}

impl<'a> Statement<'a> {
    pub(super) const fn sqlite(statement: rusqlite::CachedStatement<'a>) -> Self {
        Self::Sqlite(statement)
    }

    pub(super) const fn postgres(
        connection: &'a PostgresConnection,
        statement: tokio_postgres::Statement,
    ) -> Self {
        Self::Postgres { connection, statement }
    }

    /// Executes the statement and returns its rows.
    pub(crate) fn query(&mut self, params: impl Params) -> SqlResult<Rows<'_>> {
        Ok(match self {
            Self::Sqlite(statement) => {
                Rows::Sqlite(statement.query(rusqlite::params_from_iter(values(&params)))?)
            }
            Self::Postgres { connection, statement } => {
                Rows::Postgres { rows: connection.query(statement, values(&params))?, returned: 0 }
            }
        })
    }

    /// Executes the statement and returns what is read from its first row; [`SqlError::NoRows`] if it has none.
    pub(crate) fn query_row<T>(
        &mut self,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> SqlResult<T>,
    ) -> SqlResult<T> {
        match self.query(params)?.next()? {
            Some(row) => read(row),
            None => Err(SqlError::NoRows),
        }
    }

    /// Executes the statement; returns true if it has a row.
    pub(crate) fn exists(&mut self, params: impl Params) -> SqlResult<bool> {
        Ok(self.query(params)?.next()?.is_some())
    }

    /// Executes the statement; returns the number of rows that it has changed.
    pub(crate) fn execute(&mut self, params: impl Params) -> SqlResult<usize> {
        match self {
            Self::Sqlite(statement) => Ok(statement.execute(rusqlite::params_from_iter(values(&params)))?),
            Self::Postgres { connection, statement } => connection.execute(statement, values(&params)),
        }
    }
}

fn values(params: &impl Params) -> impl ExactSizeIterator<Item = Value<'_>> {
    (0..params.len()).map(|index| params.value(index))
}
