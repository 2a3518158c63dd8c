//! Values that are read from the columns of a row.

use tokio_postgres::types::{FromSql, Type};

/// A value in a column of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ValueRef<'a> {
    Null,
    Integer(i64),
    Real(f64),
    /// The bytes of a text; they may be damaged.
    Text(&'a [u8]),
    Blob(&'a [u8]),
}

/// A type that can be read from a column.
pub(crate) trait FromValue: Sized {
    /// Returns the value, or the reason why it is none of this type.
    fn from_value(value: ValueRef<'_>) -> Result<Self, String>;
}

impl ValueRef<'_> {
    /// Returns the reason why a value has the wrong type.
    fn is_no(&self, expected: &str) -> String {
        let found = match self {
            Self::Null => "null",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "a text",
            Self::Blob(_) => "a blob",
        };
        format!("{found}, not {expected}")
    }
}

impl FromValue for i64 {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Integer(number) => Ok(number),
            other => Err(other.is_no("an integer")),
        }
    }
}

macro_rules! integers {
    ($($type:ty),+) => {
        $(impl FromValue for $type {
            fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
                let number = i64::from_value(value)?;
                Self::try_from(number).map_err(|_| format!("{number} is out of range"))
            }
        })+
    };
}
integers!(u8, u16, u32, u64, usize, i32);

impl FromValue for bool {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        i64::from_value(value).map(|number| number != 0)
    }
}

impl FromValue for String {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Text(text) => match std::str::from_utf8(text) {
                Ok(text) => Ok(text.to_owned()),
                Err(error) => Err(error.to_string()),
            },
            other => Err(other.is_no("a text")),
        }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Blob(bytes) => Ok(bytes.to_vec()),
            other => Err(other.is_no("a blob")),
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Blob(bytes) => bytes.try_into().map_err(|_| format!("{} bytes, not {N}", bytes.len())),
            other => Err(other.is_no("a blob")),
        }
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: ValueRef<'_>) -> Result<Self, String> {
        match value {
            ValueRef::Null => Ok(None),
            value => T::from_value(value).map(Some),
        }
    }
}

impl<'a> From<rusqlite::types::ValueRef<'a>> for ValueRef<'a> {
    fn from(value: rusqlite::types::ValueRef<'a>) -> Self {
        use rusqlite::types::ValueRef as Sqlite;
        match value {
            Sqlite::Null => Self::Null,
            Sqlite::Integer(number) => Self::Integer(number),
            Sqlite::Real(number) => Self::Real(number),
            Sqlite::Text(text) => Self::Text(text),
            Sqlite::Blob(bytes) => Self::Blob(bytes),
        }
    }
}

impl<'a> FromSql<'a> for ValueRef<'a> {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::INT2 => Self::Integer(i16::from_sql(kind, raw)?.into()),
            Type::BOOL => Self::Integer(bool::from_sql(kind, raw)?.into()),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => Self::Text(raw),
            Type::BYTEA => Self::Blob(raw),
            _ => return Err(format!("a column of the type {kind} cannot be read").into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
