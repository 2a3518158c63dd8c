//! Errors of a statement, and of the values in its rows.

use std::fmt;

use tokio_postgres::error::SqlState;

/// The result of a statement, or of a value read from its rows.
pub(crate) type SqlResult<T> = Result<T, SqlError>;

/// The error of a statement, or of a value in a row.
#[derive(Debug)]
pub(crate) enum SqlError {
    /// There is no row where one is needed.
    NoRows,
    /// A statement has changed another number of rows than it must.
    ChangedRows(usize),
    /// A value of one row is not what its column should hold; the file and the statement are good.
    Value {
        /// The number of the column, from 0.
        column: usize,
        /// The reason, such as `text, not a number`.
        reason: String,
    },
    /// A log that the transaction has come to late has newer entries than its positions allow: it begins anew, with
    /// this lock among its first.
    LockFirst(i64),
    /// The data is not that with which this process began: it was restored, or another server took over.
    OtherDatabase,
    /// Newer nodes have changed the schema to one with which this version does not work, with a sentence for the operator.
    OtherSchema(String),
    /// The server only follows another one.
    Standby,
    /// The server does not answer, though the connection is open: it hangs, or the network does.
    Unanswered,
    /// The system gives no thread or event loop.
    Thread(std::io::Error),
    /// SQLite reports it.
    Sqlite(rusqlite::Error),
    /// PostgreSQL, or the connection to it, reports it.
    Postgres(tokio_postgres::Error),
}

impl SqlError {
    /// Returns true for an error about a value of one row, and false for one about the file or the statement.
    pub(crate) const fn is_about_value(&self) -> bool {
        matches!(self, Self::Value { .. })
    }

    /// Returns true if the database is there and only takes no writes: it has no room, or is read-only.
    pub(crate) fn is_unwritable(&self) -> bool {
        let Self::Postgres(error) = self else { return false };
        let codes = [SqlState::DISK_FULL, SqlState::READ_ONLY_SQL_TRANSACTION];
        error.code().is_some_and(|code| codes.contains(code))
    }

    /// Returns the error of a value that a column should not hold.
    pub(crate) fn value(column: usize, reason: impl Into<String>) -> Self {
        Self::Value { column, reason: reason.into() }
    }
}

impl From<rusqlite::Error> for SqlError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error;
        match error {
            Error::QueryReturnedNoRows => Self::NoRows,
            Error::FromSqlConversionFailure(column, ..)
            | Error::InvalidColumnType(column, ..)
            | Error::IntegralValueOutOfRange(column, _)
            | Error::Utf8Error(column, _) => Self::value(column, error.to_string()),
            error => Self::Sqlite(error),
        }
    }
}

impl From<tokio_postgres::Error> for SqlError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRows => f.write_str("a row that must be there is missing"),
            Self::ChangedRows(rows) => {
                write!(f, "a statement has changed {rows} rows, which is another number than it must")
            }
            Self::Value { column, reason } => write!(f, "column {column}: {reason}"),
            Self::LockFirst(_) => f.write_str("another node was writing to the same log"),
            Self::OtherDatabase => {
                f.write_str("the database was restored or taken over since the start; restart this server")
            }
            Self::OtherSchema(sentence) => f.write_str(sentence),
            Self::Standby => f.write_str("the database is a standby, on which nothing can be written"),
            Self::Unanswered => f.write_str("the database does not answer"),
            Self::Thread(error) => error.fmt(f),
            Self::Sqlite(error) => error.fmt(f),
            Self::Postgres(error) => match error.as_db_error() {
                Some(reported) => write!(f, "{} ({})", reported.message(), reported.code().code()),
                None => {
                    error.fmt(f)?;
                    std::error::Error::source(error).map_or(Ok(()), |source| write!(f, ": {source}"))
                }
            },
        }
    }
}

impl std::error::Error for SqlError {}
