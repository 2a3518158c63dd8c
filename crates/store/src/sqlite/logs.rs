use chat::store::Range;
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::{Entry, Epoch, Json, Page, SendId, Seq, Timestamp, Topic};

use super::values::{APPLICATION, checked, seq, sql};

/// A slice of a log. Nothing is ever taken out of one, so it always begins at 1.
pub(super) fn page(
    db: &Connection,
    topic: &Topic,
    range: Range,
    epoch: Epoch,
) -> rusqlite::Result<Page<Json>> {
    let Some((log, head)) = log(db, topic)? else {
        return Ok(Page { entries: Vec::new(), epoch, begins: Seq(1), head: Seq::ZERO });
    };
    let after = sql(range.after.unwrap_or_default());
    let before = sql(range.before.unwrap_or(Seq(u64::MAX)));
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX);
    // With `after` the page begins at the oldest entry, without it ends at the newest.
    let (order, newest_first) = if range.after.is_some() { ("ASC", false) } else { ("DESC", true) };
    let mut select = db.prepare_cached(&format!(
        "SELECT seq, send_id, at, data FROM entries
         WHERE log = ? AND seq > ? AND seq < ? ORDER BY seq {order} LIMIT ?"
    ))?;
    let rows = select.query_map(params![log, after, before, limit], |row| entry(row, topic))?;
    let mut entries = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    if newest_first {
        entries.reverse();
    }
    Ok(Page { entries, epoch, begins: Seq(1), head })
}

/// The newest place of a log.
pub(super) fn head(db: &Connection, topic: &Topic) -> rusqlite::Result<Seq> {
    Ok(log(db, topic)?.map_or(Seq::ZERO, |(_, head)| head))
}

fn log(db: &Connection, topic: &Topic) -> rusqlite::Result<Option<(i64, Seq)>> {
    let mut find = db.prepare_cached("SELECT id, head FROM logs WHERE application = ? AND topic = ?")?;
    find.query_row(params![APPLICATION, topic.as_str()], |row| Ok((row.get(0)?, seq(row, 1)?))).optional()
}

fn entry(row: &Row<'_>, topic: &Topic) -> rusqlite::Result<Entry<Json>> {
    Ok(Entry {
        seq: seq(row, 0)?,
        id: checked(row, 1, |id: String| SendId::new(&id).ok())?,
        topic: topic.clone(),
        timestamp: Timestamp(row.get(2)?),
        data: checked(row, 3, |data: String| Json::new(&data).ok())?,
    })
}
