//! Slices of many logs at once, in one round trip: what the tailer of a node reads.

use std::collections::HashMap;

use chat::store::{LogSlice, SLICE_ENTRIES};
use futures::future::try_join;
use tokio_postgres::types::ToSql;
use wire::{LogKey, Seq};

use super::connection::PostgresConnection;
use crate::sql::{Db, Row, SqlResult};
use crate::tables::slices::{Found, SliceEntry, read, slice_of};
use crate::tables::values::sql;

const LOGS: &str = "
    SELECT wanted.place, logs.id, logs.begins, logs.head
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[])) WITH ORDINALITY AS wanted (application, topic, place)
    JOIN logs ON logs.application = wanted.application AND logs.topic = wanted.topic";
const ENTRIES: &str = "
    SELECT later.seq, later.send_id, later.at, later.data, later.ends, wanted.place
    FROM unnest(CAST(? AS bigint[]), CAST(? AS text[]), CAST(? AS bigint[]))
        WITH ORDINALITY AS wanted (application, topic, after, place)
    JOIN logs ON logs.application = wanted.application AND logs.topic = wanted.topic
        AND logs.head > wanted.after
    CROSS JOIN LATERAL (
        SELECT seq, send_id, at, data, ends FROM entries
        WHERE entries.log = logs.id AND entries.seq > wanted.after ORDER BY seq LIMIT CAST(? AS bigint)
    ) AS later
    ORDER BY wanted.place, later.seq";

/// Returns the heads of logs; none for a log that does not exist.
pub(crate) fn heads(connection: &PostgresConnection, keys: &[LogKey]) -> SqlResult<Vec<Option<Seq>>> {
    let (applications, topics) = columns(keys.iter());
    let find = connection.prepare_cached(LOGS)?;
    let values: [&(dyn ToSql + Sync); 2] = [&applications, &topics];
    let rows = connection.within_transaction(connection.client().query(&find, &values))?;
    let mut heads = vec![None; keys.len()];
    for row in rows.iter().map(Row::postgres) {
        if let Some(head) = heads.get_mut(row.get::<usize>(0)?.saturating_sub(1)) {
            *head = Some(Seq(row.get(3)?));
        }
    }
    Ok(heads)
}

/// Returns the entries of logs after a Seq of each.
pub(crate) fn slices(connection: &PostgresConnection, wanted: &[(LogKey, Seq)]) -> SqlResult<Vec<LogSlice>> {
    let (applications, topics) = columns(wanted.iter().map(|(key, _)| key));
    let after: Vec<i64> = wanted.iter().map(|(_, after)| sql(*after)).collect();
    let most = i64::try_from(SLICE_ENTRIES).unwrap_or(i64::MAX);
    let [find, select] = connection.prepare_all([LOGS, ENTRIES])?;
    let keys: [&(dyn ToSql + Sync); 2] = [&applications, &topics];
    let places: [&(dyn ToSql + Sync); 4] = [&applications, &topics, &after, &most];
    let client = connection.client();
    // Both in the snapshot of the transaction.
    let both = try_join(client.query(&find, &keys), client.query(&select, &places));
    let (logs, rows) = connection.within_transaction(both)?;
    let mut found = HashMap::new();
    for row in logs.iter().map(Row::postgres) {
        let log = Found { log: row.get(1)?, begins: Seq(row.get(2)?), head: Seq(row.get(3)?) };
        found.insert(row.get::<usize>(0)?.saturating_sub(1), log);
    }
    let mut entries: Vec<Vec<SliceEntry>> = wanted.iter().map(|_| Vec::new()).collect();
    for row in rows.iter().map(Row::postgres) {
        let place = row.get::<usize>(5)?.saturating_sub(1);
        entries[place].push(read(row, &wanted[place].0)?);
    }
    let db = Db::postgres(connection);
    let slice = |(place, ((key, after), entries)): (usize, (&(LogKey, Seq), Vec<SliceEntry>))| {
        slice_of(db, key, *after, found.remove(&place), |_| Ok(entries))
    };
    wanted.iter().zip(entries).enumerate().map(slice).collect()
}

fn columns<'k>(keys: impl Iterator<Item = &'k LogKey>) -> (Vec<i64>, Vec<String>) {
    keys.map(|key| (i64::from(key.application.0), key.topic.as_str().to_owned())).unzip()
}
