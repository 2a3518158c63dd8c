//! Values that are bound to the parameters of a statement.

use bytes::{BufMut as _, BytesMut};
use rusqlite::types::{ToSqlOutput, ValueRef as SqliteValue};
use tokio_postgres::types::{IsNull, Type, to_sql_checked};

/// A value of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Null,
    Integer(i64),
    /// 0 or 1 for SQLite.
    Boolean(bool),
    Text(&'a str),
    Blob(&'a [u8]),
}

/// A type that can be bound to a parameter.
pub(crate) trait ToValue {
    /// Returns the value. A number that a column cannot hold becomes the greatest that it can.
    fn to_value(&self) -> Value<'_>;
}

macro_rules! integers {
    ($($type:ty),+) => {
        $(impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                Value::Integer(i64::try_from(*self).unwrap_or(i64::MAX))
            }
        })+
    };
}
integers!(u8, u16, u32, u64, usize, i32, i64);

impl ToValue for bool {
    fn to_value(&self) -> Value<'_> {
        Value::Boolean(*self)
    }
}

impl ToValue for str {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for String {
    fn to_value(&self) -> Value<'_> {
        Value::Text(self)
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl ToValue for Vec<u8> {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        Value::Blob(self)
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null, T::to_value)
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value<'_> {
        (**self).to_value()
    }
}

impl rusqlite::ToSql for Value<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => SqliteValue::Null,
            Self::Integer(number) => SqliteValue::Integer(*number),
            Self::Boolean(flag) => SqliteValue::Integer(i64::from(*flag)),
            Self::Text(text) => SqliteValue::Text(text.as_bytes()),
            Self::Blob(bytes) => SqliteValue::Blob(bytes),
        }))
    }
}

impl tokio_postgres::types::ToSql for Value<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match (self, kind) {
            (Self::Null, _) => return Ok(IsNull::Yes),
            (Self::Integer(number), &Type::INT8) => out.put_i64(*number),
            (Self::Integer(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Self::Integer(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Self::Boolean(flag), &Type::BOOL) => out.put_u8(u8::from(*flag)),
            // PostgreSQL has no NUL in texts. Stored texts have none; words of a search may, and are found nowhere.
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR) if text.contains('\0') => {
                out.put_slice(text.replace('\0', "\u{fffd}").as_bytes());
            }
            (Self::Text(text), &Type::TEXT | &Type::VARCHAR) => out.put_slice(text.as_bytes()),
            (Self::Blob(bytes), &Type::BYTEA) => out.put_slice(bytes),
            _ => return Err(format!("{self:?} is no {kind}").into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
