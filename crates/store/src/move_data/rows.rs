//! Rows of SQLite in the binary format of PostgreSQL's `COPY`, and the reasons why a row cannot be moved.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::plan::{Column, Kind, Table, quoted};

/// The reader of rows: it knows which rows were left out, so that those that belong to them are left out, too.
pub(super) struct RowReader<'a> {
    db: &'a Connection,
    /// The keys of rows that were left out, by table and columns.
    left_out: HashMap<(String, Vec<usize>), HashSet<Vec<u8>>>,
    /// Empty tables with the conditions of the originals.
    conditions: Connection,
    tried: HashSet<String>,
    /// The keys of the last row's parents, which the next row often has, too.
    known: HashMap<(String, Vec<usize>), Vec<u8>>,
}

/// The end of reading a row.
pub(super) enum Read {
    /// The row is in the buffer.
    Good,
    /// It cannot be moved; the sentence names it.
    Damaged(String),
}

/// The number of characters of a text, and of bytes of anything else, by which a key is shown.
const SHOWN: usize = 40;

impl<'a> RowReader<'a> {
    pub(super) fn new(db: &'a Connection) -> rusqlite::Result<Self> {
        let conditions = Connection::open_in_memory()?;
        conditions.pragma_update(None, "foreign_keys", false)?;
        Ok(Self { db, left_out: HashMap::new(), conditions, tried: HashSet::new(), known: HashMap::new() })
    }

    /// Reads a row of a table, as [`Table::select`] returns it, into an empty buffer.
    pub(super) fn read(
        &mut self,
        table: &Table,
        row: &Row<'_>,
        tuple: &mut Vec<u8>,
    ) -> rusqlite::Result<Read> {
        tuple.clear();
        tuple.extend(i16::try_from(table.columns.len()).unwrap_or(i16::MAX).to_be_bytes());
        let mut wrong = None;
        for (number, column) in table.columns.iter().enumerate() {
            if let Err(reason) = put(column, row.get_ref(number)?, tuple) {
                wrong = Some(format!("{} has {reason}", column.name));
                break;
            }
        }
        if wrong.is_none() {
            wrong = self.missing_parent(table, row)?;
        }
        if wrong.is_none() {
            wrong = self.broken_condition(table, row)?;
        }
        let Some(reason) = wrong else { return Ok(Read::Good) };
        for columns in &table.named_by {
            let names = key(row, columns)?;
            self.left_out.entry((table.name.clone(), columns.clone())).or_default().insert(names);
        }
        Ok(Read::Damaged(format!("{}: {reason}", shown(table, row)?)))
    }

    /// Returns the reason, if a row belongs to one that is missing or was left out.
    fn missing_parent(&mut self, table: &Table, row: &Row<'_>) -> rusqlite::Result<Option<String>> {
        for parent in &table.parents {
            let mut values = Vec::new();
            for column in &parent.columns {
                values.push(row.get_ref(*column)?);
            }
            if values.contains(&ValueRef::Null) {
                continue;
            }
            let named = key(row, &parent.columns)?;
            let last = self.known.entry((table.name.clone(), parent.columns.clone())).or_default();
            if *last == named {
                continue;
            }
            let is_left_out = self
                .left_out
                .iter()
                .any(|((of, _), left_out)| *of == parent.table && left_out.contains(&named));
            let columns: Vec<String> =
                parent.names.iter().map(|name| format!("{} = ?", quoted(name))).collect();
            let select = format!("SELECT 1 FROM {} WHERE {}", quoted(&parent.table), columns.join(" AND "));
            let mut find = self.db.prepare_cached(&select)?;
            if is_left_out || !find.exists(rusqlite::params_from_iter(values.into_iter().map(Bound)))? {
                return Ok(Some(format!(
                    "the row of {} that it belongs to is missing or damaged",
                    parent.table
                )));
            }
            *last = named;
        }
        Ok(None)
    }

    /// Returns the reason, if a row breaks a condition of its table.
    fn broken_condition(&mut self, table: &Table, row: &Row<'_>) -> rusqlite::Result<Option<String>> {
        let Some(create) = &table.conditions else { return Ok(None) };
        if self.tried.insert(table.name.clone()) {
            self.conditions.execute_batch(create)?;
        }
        let mut values = Vec::new();
        for column in 0..table.columns.len() {
            values.push(Bound(row.get_ref(column)?));
        }
        let (name, columns) = (quoted(&table.name), table.column_list());
        let places = vec!["?"; values.len()].join(", ");
        let insert = format!("INSERT INTO {name} ({columns}) VALUES ({places})");
        let mut insert = self.conditions.prepare_cached(&insert)?;
        match insert.execute(rusqlite::params_from_iter(values)) {
            Ok(_) => {
                self.conditions.prepare_cached(&format!("DELETE FROM {name}"))?.execute([])?;
                Ok(None)
            }
            Err(error) => Ok(Some(format!("a value is not one of its column ({error})"))),
        }
    }
}

/// A value as the parameter of a statement.
struct Bound<'a>(ValueRef<'a>);

impl rusqlite::ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(rusqlite::types::ToSqlOutput::Borrowed(self.0))
    }
}

/// Appends a value with its length, or says what it is instead.
fn put(column: &Column, value: ValueRef<'_>, tuple: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut sized = |bytes: &[u8]| {
        let length = i32::try_from(bytes.len()).map_err(|_| "more than 2 GiB")?;
        tuple.extend(length.to_be_bytes());
        tuple.extend(bytes);
        Ok(())
    };
    match (column.kind, value) {
        (_, ValueRef::Null) if column.nullable => {
            tuple.extend((-1_i32).to_be_bytes());
            Ok(())
        }
        (_, ValueRef::Null) => Err("no value"),
        (Kind::Integer, ValueRef::Integer(number)) => sized(&number.to_be_bytes()),
        (Kind::Boolean, ValueRef::Integer(0)) => sized(&[0]),
        (Kind::Boolean, ValueRef::Integer(1)) => sized(&[1]),
        (Kind::Text, ValueRef::Text(text)) => match std::str::from_utf8(text) {
            Err(_) => Err("a text that is not UTF-8"),
            Ok(text) if text.contains('\0') => Err("a text with the character NUL, which PostgreSQL has not"),
            Ok(text) => sized(text.as_bytes()),
        },
        (Kind::Bytes, ValueRef::Blob(bytes)) => sized(bytes),
        (Kind::Boolean, ValueRef::Integer(_)) => Err("a number that is neither 0 nor 1"),
        (_, ValueRef::Integer(_)) => Err("a whole number"),
        (_, ValueRef::Real(_)) => Err("a real number"),
        (_, ValueRef::Text(_)) => Err("a text"),
        (_, ValueRef::Blob(_)) => Err("bytes"),
    }
}

/// Returns the values of some columns as bytes that are the same for the same values only.
fn key(row: &Row<'_>, columns: &[usize]) -> rusqlite::Result<Vec<u8>> {
    let mut key = Vec::new();
    for column in columns {
        let value = row.get_ref(*column)?;
        let (kind, bytes) = match value {
            ValueRef::Null => (0, Vec::new()),
            ValueRef::Integer(number) => (1, number.to_be_bytes().to_vec()),
            ValueRef::Real(number) => (2, number.to_be_bytes().to_vec()),
            ValueRef::Text(text) => (3, text.to_vec()),
            ValueRef::Blob(bytes) => (4, bytes.to_vec()),
        };
        key.push(kind);
        key.extend(bytes.len().to_be_bytes());
        key.extend(bytes);
    }
    Ok(key)
}

/// Names a row by its table and key.
pub(super) fn shown(table: &Table, row: &Row<'_>) -> rusqlite::Result<String> {
    let mut shown = format!("{} with", table.name);
    for (number, column) in table.key.iter().enumerate() {
        let and = if number == 0 { "" } else { "," };
        // Writing to a String cannot fail.
        let _ = write!(shown, "{and} {} ", table.columns[*column].name);
        match row.get_ref(*column)? {
            ValueRef::Null => shown.push_str("null"),
            ValueRef::Integer(number) => shown.push_str(&number.to_string()),
            ValueRef::Real(number) => shown.push_str(&number.to_string()),
            ValueRef::Text(text) => {
                let text: String = String::from_utf8_lossy(text).chars().take(SHOWN).collect();
                let _ = write!(shown, "'{}'", text.escape_debug());
            }
            // A hash of a token need not be shown as a whole to be found.
            ValueRef::Blob(bytes) => {
                let bytes = &bytes[..bytes.len().min(4)];
                let _ = write!(shown, "x'{}…'", data_encoding::HEXLOWER.encode(bytes));
            }
        }
    }
    Ok(shown)
}
