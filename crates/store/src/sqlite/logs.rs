use chat::store::{BodyHash, Kept, Mentions, Range, Sender, SentBefore, Unread, Version};
use rusqlite::{Connection, OptionalExtension, Row, params};
use wire::{Entry, Epoch, Json, Page, SendId, Seq, Timestamp, Topic, UserId};

use super::values::{APPLICATION, checked, sender, seq, sql};

/// A slice of a log. It always begins at 1: nothing is taken out of a log but the whole.
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

/// One entry as it is now.
pub(super) fn kept(db: &Connection, topic: &Topic, seq: Seq) -> rusqlite::Result<Option<Kept>> {
    let Some((log, _)) = log(db, topic)? else { return Ok(None) };
    let mut find =
        db.prepare_cached("SELECT seq, send_id, at, data, version FROM entries WHERE log = ? AND seq = ?")?;
    let found = find.query_row(params![log, sql(seq)], |row| {
        Ok(Kept {
            entry: entry(row, topic)?,
            version: Version(row.get(4)?),
            mentions: mentions(db, log, seq)?,
        })
    });
    found.optional()
}

/// Whom an entry mentions.
fn mentions(db: &Connection, log: i64, seq: Seq) -> rusqlite::Result<Mentions> {
    let mut select = db.prepare_cached("SELECT user FROM mentions WHERE log = ? AND seq = ?")?;
    let mut mentions = Mentions::default();
    let rows = select.query_map(params![log, sql(seq)], |row| {
        checked(row, 0, |user: String| if user.is_empty() { Some(None) } else { user.parse().ok().map(Some) })
    })?;
    for row in rows {
        match row? {
            Some(user) => mentions.people.push(user),
            None => mentions.everyone = true,
        }
    }
    Ok(mentions)
}

/// What was sent with this id.
pub(super) fn sent(db: &Connection, by: Sender, id: &SendId) -> rusqlite::Result<Option<SentBefore>> {
    let mut find = db.prepare_cached(
        "SELECT logs.topic, entries.seq, entries.body_hash, entries.at FROM entries JOIN logs ON logs.id = entries.log
         WHERE entries.application = ? AND entries.sender = ? AND entries.send_id = ?",
    )?;
    let key = params![APPLICATION, sender(by), id.as_str()];
    let found = find.query_row(key, |row| {
        Ok(SentBefore {
            topic: checked(row, 0, |topic: String| Topic::new(&topic).ok())?,
            seq: seq(row, 1)?,
            body: BodyHash(row.get(2)?),
            at: Timestamp(row.get(3)?),
        })
    });
    found.optional()
}

/// How many messages of others stand after a place, and how many of them mention a user.
pub(super) fn unread(db: &Connection, topic: &Topic, user: UserId, after: Seq) -> rusqlite::Result<Unread> {
    let Some((log, head)) = log(db, topic)? else { return Ok(Unread::default()) };
    if after >= head {
        return Ok(Unread::default());
    }
    let me = sender(Sender::User(user));
    let mut count = db.prepare_cached(
        "SELECT count(*) FROM entries WHERE log = ? AND seq > ? AND counts AND sender <> ?",
    )?;
    let messages = count.query_row(params![log, sql(after), me], |row| row.get(0))?;
    let mut count = db.prepare_cached(
        "SELECT count(DISTINCT entries.seq) FROM mentions
         JOIN entries ON entries.log = mentions.log AND entries.seq = mentions.seq
         WHERE mentions.log = ? AND mentions.user IN (?, '') AND mentions.seq > ? AND entries.counts
           AND entries.sender <> ?",
    )?;
    let mentions = count.query_row(params![log, user.to_string(), sql(after), me], |row| row.get(0))?;
    Ok(Unread { messages, mentions })
}

/// The newest place of a log, and when that was taken; none if it is empty.
pub(super) fn newest(db: &Connection, topic: &Topic) -> rusqlite::Result<Option<(Seq, Timestamp)>> {
    let mut find = db.prepare_cached(
        "SELECT entries.seq, entries.at FROM logs
         JOIN entries ON entries.log = logs.id AND entries.seq = logs.head
         WHERE logs.application = ? AND logs.topic = ?",
    )?;
    let key = params![APPLICATION, topic.as_str()];
    find.query_row(key, |row| Ok((seq(row, 0)?, Timestamp(row.get(1)?)))).optional()
}

/// The entries about one place, oldest first.
pub(super) fn about(db: &Connection, topic: &Topic, seq: Seq) -> rusqlite::Result<Vec<Entry<Json>>> {
    let Some((log, _)) = log(db, topic)? else { return Ok(Vec::new()) };
    let mut select = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM entries WHERE log = ? AND about = ? ORDER BY seq",
    )?;
    select.query_map(params![log, sql(seq)], |row| entry(row, topic))?.collect()
}

/// The pinned entries, oldest first.
pub(super) fn pinned(db: &Connection, topic: &Topic) -> rusqlite::Result<Vec<Entry<Json>>> {
    let Some((log, _)) = log(db, topic)? else { return Ok(Vec::new()) };
    let mut select = db
        .prepare_cached("SELECT seq, send_id, at, data FROM entries WHERE log = ? AND pinned ORDER BY seq")?;
    select.query_map([log], |row| entry(row, topic))?.collect()
}

/// The first place of something taken then or later. The log is in the order of places, and its clock hardly
/// ever goes back, so halving finds the place in a few looks.
pub(super) fn place_at(db: &Connection, topic: &Topic, at: Timestamp) -> rusqlite::Result<Option<Seq>> {
    let Some((log, head)) = log(db, topic)? else { return Ok(None) };
    let mut find = db.prepare_cached("SELECT at FROM entries WHERE log = ? AND seq = ?")?;
    let (mut low, mut high) = (1, head.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        let taken: i64 = find.query_row(params![log, sql(Seq(middle))], |row| row.get(0))?;
        if taken < at.0 { low = middle + 1 } else { high = middle }
    }
    Ok((low <= head.0).then_some(Seq(low)))
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
