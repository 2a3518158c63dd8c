//! The tables of a move: the columns that both databases have in common, in an order in which each row comes after those
//! that it belongs to.

use std::collections::BTreeMap;

use rusqlite::Connection;

/// A table that both databases have.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) columns: Vec<Column>,
    /// The columns of the primary key in PostgreSQL, in its order.
    pub(super) key: Vec<usize>,
    /// The rows that a row of this table belongs to.
    pub(super) parents: Vec<Parent>,
    /// The column lists by which rows of other tables name a row of this one.
    pub(super) named_by: Vec<Vec<usize>>,
    /// The statement that makes the table in SQLite, if it has conditions for values.
    pub(super) conditions: Option<String>,
}

/// A column that both databases have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) nullable: bool,
    /// True if PostgreSQL counts its numbers.
    pub(super) identity: bool,
}

/// The type of a column in PostgreSQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Integer,
    /// 0 or 1 in SQLite.
    Boolean,
    Text,
    Bytes,
}

/// The row of another table that a row belongs to.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) table: String,
    /// The columns with its key.
    pub(super) columns: Vec<usize>,
    /// The names of these columns in the other table.
    pub(super) names: Vec<String>,
}

/// A column of a PostgreSQL table, as its catalogue describes it.
#[derive(Clone, Debug)]
pub(super) struct Described {
    pub(super) table: String,
    pub(super) column: Column,
    /// The place in the primary key, if it is a part of it.
    pub(super) in_key: Option<i64>,
}

/// Tables of one database alone. A row of `meta` is made anew: it is about the database, not about the data.
pub(super) const APART: [&str; 4] = ["meta", "nodes", "schema_steps", "writers"];

/// Returns the tables of both databases, each after those that its rows belong to.
///
/// # Errors
/// A sentence, if a table or a column is in one of them alone.
pub(super) fn plan(db: &Connection, described: Vec<Described>) -> Result<Vec<Table>, String> {
    let sql = |error: rusqlite::Error| error.to_string();
    let mut there: BTreeMap<String, Vec<Described>> = BTreeMap::new();
    for column in described.into_iter().filter(|column| !APART.contains(&column.table.as_str())) {
        there.entry(column.table.clone()).or_default().push(column);
    }
    let mut tables = Vec::new();
    for (name, create) in tables_of(db).map_err(sql)? {
        let columns = there.remove(&name).ok_or_else(|| format!("PostgreSQL has no table {name}"))?;
        tables.push(table(db, name, &create, columns)?);
    }
    if let Some(name) = there.keys().next() {
        return Err(format!("SQLite has no table {name}"));
    }
    in_order(tables)
}

/// Returns the tables of the file, with the statements that make them.
fn tables_of(db: &Connection) -> rusqlite::Result<Vec<(String, String)>> {
    let mut select = db.prepare(
        "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'
         ORDER BY name",
    )?;
    let all = select.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    all.filter(|row| row.as_ref().map_or(true, |(name, _)| !APART.contains(&name.as_str()))).collect()
}

fn table(
    db: &Connection,
    name: String,
    create: &str,
    mut described: Vec<Described>,
) -> Result<Table, String> {
    let sql = |error: rusqlite::Error| error.to_string();
    let mut here = names(db, "SELECT name FROM pragma_table_info(?)", &name).map_err(sql)?;
    let mut there: Vec<String> = described.iter().map(|column| column.column.name.clone()).collect();
    here.sort();
    there.sort();
    if here != there {
        return Err(format!("the columns of {name} are {here:?} in SQLite and {there:?} in PostgreSQL"));
    }
    described.sort_by(|one, other| one.column.name.cmp(&other.column.name));
    let mut key: Vec<(i64, usize)> =
        described.iter().enumerate().filter_map(|(number, column)| Some((column.in_key?, number))).collect();
    key.sort_unstable();
    if key.is_empty() {
        return Err(format!("{name} has no primary key in PostgreSQL"));
    }
    let mut table = Table {
        columns: described.into_iter().map(|column| column.column).collect(),
        key: key.into_iter().map(|(_, number)| number).collect(),
        parents: Vec::new(),
        named_by: Vec::new(),
        conditions: create.contains("CHECK").then(|| create.to_owned()),
        name,
    };
    table.parents = parents(db, &table)?;
    Ok(table)
}

fn names(db: &Connection, select: &str, table: &str) -> rusqlite::Result<Vec<String>> {
    db.prepare(select)?.query_map([table], |row| row.get(0))?.collect()
}

/// Reads the foreign keys of a table. SQLite has all that PostgreSQL has, and those of the tables of messages.
fn parents(db: &Connection, table: &Table) -> Result<Vec<Parent>, String> {
    let sql = |error: rusqlite::Error| error.to_string();
    let select = "SELECT id, \"table\", \"from\", \"to\" FROM pragma_foreign_key_list(?) ORDER BY id, seq";
    let mut select = db.prepare(select).map_err(sql)?;
    let mut rows = select.query([&table.name]).map_err(sql)?;
    let mut found: BTreeMap<i64, Parent> = BTreeMap::new();
    while let Some(row) = rows.next().map_err(sql)? {
        let (id, parent, from): (i64, String, String) = row.try_into().map_err(sql)?;
        let to: Option<String> = row.get(3).map_err(sql)?;
        let parent = found.entry(id).or_insert_with(|| Parent {
            table: parent,
            columns: Vec::new(),
            names: Vec::new(),
        });
        parent.columns.push(table.column(&from)?);
        parent.names.push(to.unwrap_or(from));
    }
    Ok(found.into_values().collect())
}

/// Sorts tables so that each comes after its parents, and notes by which columns its rows are named.
fn in_order(mut tables: Vec<Table>) -> Result<Vec<Table>, String> {
    let mut sorted: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let is_free =
            |table: &Table| table.parents.iter().all(|one| sorted.iter().any(|done| done.name == one.table));
        let Some(next) = tables.iter().position(is_free) else {
            return Err("tables belong to each other in a circle".into());
        };
        let next = tables.remove(next);
        for parent in &next.parents {
            if let Some(table) = sorted.iter_mut().find(|table| table.name == parent.table) {
                let named = parent.names.iter().map(|name| table.column(name)).collect::<Result<_, _>>()?;
                if !table.named_by.contains(&named) {
                    table.named_by.push(named);
                }
            }
        }
        sorted.push(next);
    }
    Ok(sorted)
}

impl Table {
    /// Returns the statement that reads all rows in the order of the key.
    pub(super) fn select(&self) -> String {
        let key: Vec<String> = self.key.iter().map(|column| quoted(&self.columns[*column].name)).collect();
        format!("SELECT {} FROM {} ORDER BY {}", self.column_list(), quoted(&self.name), key.join(", "))
    }

    /// Returns the names of the columns for a statement.
    pub(super) fn column_list(&self) -> String {
        let columns: Vec<String> = self.columns.iter().map(|column| quoted(&column.name)).collect();
        columns.join(", ")
    }

    fn column(&self, name: &str) -> Result<usize, String> {
        let found = self.columns.iter().position(|column| column.name == name);
        found.ok_or_else(|| format!("{} has no column {name}", self.name))
    }
}

/// Quotes a name of a table or column, in either database.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
