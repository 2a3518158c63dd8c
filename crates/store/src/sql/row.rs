//! Rows of a result.

use super::{FromValue, SqlError, SqlResult, ValueRef};

/// A row of a result.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a>(Source<'a>);

#[derive(Clone, Copy)]
enum Source<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl<'a> Row<'a> {
    pub(crate) const fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Self(Source::Postgres(row))
    }

    pub(super) const fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self(Source::Sqlite(row))
    }

    /// Reads a column, from 0.
    pub(crate) fn get<T: FromValue>(self, column: usize) -> SqlResult<T> {
        T::from_value(self.get_ref(column)?).map_err(|reason| SqlError::value(column, reason))
    }

    /// Returns the value of a column, from 0, as it is.
    pub(crate) fn get_ref(self, column: usize) -> SqlResult<ValueRef<'a>> {
        match self.0 {
            Source::Sqlite(row) => Ok(row.get_ref(column)?.into()),
            Source::Postgres(row) => Ok(row.try_get(column)?),
        }
    }
}

/// The rows of a result, one after the other.
pub(crate) enum Rows<'a> {
    /// Read from the file with each call.
    Sqlite(rusqlite::Rows<'a>),
    /// Read as a whole; every statement with many rows has a limit.
    Postgres {
        /// All rows.
        rows: Vec<tokio_postgres::Row>,
        /// The number of those that were returned.
        returned: usize,
    },
}

impl Rows<'_> {
    /// Returns the next row; none after the last.
    pub(crate) fn next(&mut self) -> SqlResult<Option<Row<'_>>> {
        match self {
            Self::Sqlite(rows) => Ok(rows.next()?.map(Row::sqlite)),
            Self::Postgres { rows, returned } => {
                *returned += 1;
                Ok(rows.get(*returned - 1).map(Row::postgres))
            }
        }
    }
}
