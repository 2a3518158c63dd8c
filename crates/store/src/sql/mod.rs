//! One interface to the two databases: connections, statements, rows and values with the calls of `rusqlite`, so that a
//! statement is written once. [`translate`] turns its text into PostgreSQL's.

mod error;
mod from_value;
mod parameters;
mod row;
mod statement;
mod to_value;
mod translate;

pub(crate) use error::{SqlError, SqlResult};
pub(crate) use from_value::{FromValue, ValueRef};
pub(crate) use parameters::Params;
pub(crate) use row::{Row, Rows};
pub(crate) use statement::Statement;
pub(crate) use to_value::{ToValue, Value};
pub(crate) use translate::to_postgres;

use crate::postgres::PostgresConnection;

/// A connection to a database, within a transaction.
#[derive(Clone, Copy)]
pub(crate) struct Db<'a>(Database<'a>);

#[derive(Clone, Copy)]
enum Database<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres(&'a PostgresConnection),
}

impl<'a> Db<'a> {
    /// Returns the handle of a connection to SQLite.
    pub(crate) const fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self(Database::Sqlite(connection))
    }

    /// Returns the handle of a connection to PostgreSQL.
    pub(crate) const fn postgres(connection: &'a PostgresConnection) -> Self {
        Self(Database::Postgres(connection))
    }

    /// Returns the connection, if the database is PostgreSQL.
    pub(crate) const fn as_postgres(self) -> Option<&'a PostgresConnection> {
        match self.0 {
            Database::Sqlite(_) => None,
            Database::Postgres(connection) => Some(connection),
        }
    }

    /// Prepares a statement; the connection keeps it for the next time.
    pub(crate) fn prepare_cached(self, sql: &str) -> SqlResult<Statement<'a>> {
        match self.0 {
            Database::Sqlite(connection) => Ok(Statement::sqlite(connection.prepare_cached(sql)?)),
            Database::Postgres(connection) => {
                Ok(Statement::postgres(connection, connection.prepare_cached(sql)?))
            }
        }
    }

    /// Executes a statement and returns what is read from its first row; [`SqlError::NoRows`] if it has none.
    pub(crate) fn query_row<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(Row<'_>) -> SqlResult<T>,
    ) -> SqlResult<T> {
        self.prepare_cached(sql)?.query_row(params, read)
    }

    /// Executes a statement; returns the number of rows that it has changed.
    pub(crate) fn execute(self, sql: &str, params: impl Params) -> SqlResult<usize> {
        self.prepare_cached(sql)?.execute(params)
    }
}

/// A row that may be missing: `Some` for a row that was read, `None` for [`SqlError::NoRows`].
pub(crate) trait OptionalExtension<T> {
    /// Turns [`SqlError::NoRows`] into `None`.
    fn optional(self) -> SqlResult<Option<T>>;
}

impl<T> OptionalExtension<T> for SqlResult<T> {
    fn optional(self) -> SqlResult<Option<T>> {
        match self {
            Ok(value) => Ok(Some(value)),
            Err(SqlError::NoRows) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The values of a statement's parameters, of any types that [`ToValue`] knows.
macro_rules! params {
    () => {
        &[] as &[&dyn $crate::sql::ToValue]
    };
    ($($value:expr),+ $(,)?) => {
        &[$(&$value as &dyn $crate::sql::ToValue),+] as &[&dyn $crate::sql::ToValue]
    };
}
pub(crate) use params;
