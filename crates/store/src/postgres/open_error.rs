//! Errors of opening a database: each says what the operator can do.

use std::fmt;

use chat::Fault;
use tokio_postgres::error::SqlState;

use super::config::PostgresConfig;
use crate::sql::SqlError;

/// The reason that a database cannot be opened. No text has a password in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OpenError {
    /// The server does not answer, or not yet: it may be worth waiting.
    Unreachable(String),
    /// Something else has what the start needs: it may be worth waiting.
    Busy(String),
    /// The server or its data is not right: somebody has to change something.
    Refused(String),
}

impl OpenError {
    pub(super) fn refused(sentence: impl fmt::Display) -> Self {
        Self::Refused(sentence.to_string())
    }

    /// Explains the error of a connection or of a statement at the start.
    pub(crate) fn of(config: &PostgresConfig, error: &SqlError) -> Self {
        let SqlError::Postgres(reported) = error else {
            return match error {
                SqlError::Standby => Self::Unreachable(format!(
                    "{}: it is a standby, on which nothing can be written; name the primary in store, or promote it",
                    config.place()
                )),
                SqlError::Unanswered => Self::Unreachable(format!("{} does not answer", config.place())),
                _ => Self::Refused(format!("the database cannot be used: {error}")),
            };
        };
        let (user, database) = (config.user(), config.database());
        match reported.code() {
            Some(code) if *code == SqlState::INVALID_PASSWORD => Self::Refused(format!(
                "the database does not accept {user} with this password: either is wrong; look at the user in store, and \
                 at HUBBUB_STORE_PASSWORD or store_password_file"
            )),
            Some(code) if *code == SqlState::INVALID_AUTHORIZATION_SPECIFICATION => Self::Refused(format!(
                "the database does not let {user} in: {error}; create the user, and allow it in pg_hba.conf"
            )),
            Some(code) if *code == SqlState::INVALID_CATALOG_NAME => Self::Refused(format!(
                "there is no database {database} at {}; create it: createdb -O {user} {database}",
                config.place()
            )),
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => Self::Refused(format!(
                "{user} lacks a permission in the database: {error}; make it the owner: ALTER DATABASE {database} \
                 OWNER TO {user}"
            )),
            Some(code)
                if *code == SqlState::LOCK_NOT_AVAILABLE || *code == SqlState::T_R_DEADLOCK_DETECTED =>
            {
                Self::Busy(format!(
                    "the tables cannot be changed, because others use them ({error}); look for long transactions in \
                     pg_stat_activity, and end them"
                ))
            }
            Some(code) if ["08", "53", "57"].iter().any(|class| code.code().starts_with(class)) => {
                Self::Unreachable(format!("{}: {error}", config.place()))
            }
            Some(_) => Self::Refused(format!("the database cannot be used: {error}")),
            None if error.to_string().contains("password missing") => Self::Refused(format!(
                "the database wants a password for {user}; set HUBBUB_STORE_PASSWORD, or store_password_file"
            )),
            None if error.to_string().contains("TLS") => Self::Refused(format!(
                "the database cannot be reached at {} with TLS: {error}; look at sslmode and sslrootcert of its \
                 address",
                config.place()
            )),
            // Refused, cut off, or read-only.
            None => Self::Unreachable(format!("{}: {error}", config.place())),
        }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(reason) => write!(f, "the database cannot be reached at {reason}"),
            Self::Busy(sentence) | Self::Refused(sentence) => f.write_str(sentence),
        }
    }
}

impl std::error::Error for OpenError {}

impl From<Fault> for OpenError {
    fn from(fault: Fault) -> Self {
        Self::Refused(fault.to_string())
    }
}
