//! Logs: slices of history, single entries, unread counts and heads.

use chat::store::{
    BodyHash, Kept, LogBounds, Mentions, OpenTopicUsage, Range, RowPage, RowRange, Sender, SentBefore,
};
use serde_json::json;
use wire::{ApplicationId, Entry, Epoch, Json, LogKey, Page, Rows, SendId, Seq, Timestamp, Topic, TopicKind};

use super::values::{checked, sender, seq, sql};
use super::{append, damaged, restricted};
use crate::sql::{Db, OptionalExtension, Row, SqlResult, params};

/// A log, as its row says.
#[derive(Clone, Copy, Debug)]
pub(super) struct LogRow {
    pub(super) id: i64,
    /// The Seq of the newest entry, also if the counter is damaged.
    pub(super) head: Seq,
    /// Grows when an entry that is there counts differently from now on, mentions others, or is trimmed. None if it is
    /// damaged.
    pub(super) recounts: Option<i64>,
    /// The Seq of the oldest entry that the log has, or is going to have.
    pub(super) begins: Seq,
}

/// Returns a slice of a log.
pub(super) fn page(db: Db<'_>, key: &LogKey, range: Range, epoch: Epoch) -> SqlResult<Page<Json>> {
    let Some(LogRow { id: log, head, begins, .. }) = log_row(db, key)? else {
        return Ok(Page { entries: Vec::new(), epoch, begins: Seq(1), head: Seq::ZERO });
    };
    let after = sql(range.after.unwrap_or_default());
    let before = sql(range.before.unwrap_or(Seq(u64::MAX)));
    let limit = i64::try_from(range.limit).unwrap_or(i64::MAX);
    // With `after` the page begins at the oldest entry, without it the page ends at the newest.
    let (order, newest_first) = if range.after.is_some() { ("ASC", false) } else { ("DESC", true) };
    let mut select = db.prepare_cached(&format!(
        "SELECT seq, send_id, at, data FROM entries
         WHERE log = ? AND seq > ? AND seq < ? ORDER BY seq {order} LIMIT ?"
    ))?;
    let bounds = params![log, after, before, limit];
    let mut entries = damaged::list(&mut select, bounds, "entries", |row| entry(row, key))?;
    if newest_first {
        entries.reverse();
    }
    fill(&mut entries, key, range, begins, head);
    show_copies(db, key, &mut entries)?;
    Ok(Page { entries, epoch, begins, head })
}

/// Fills the copies of restricted messages, which only the own logs of users have.
pub(super) fn show_copies(db: Db<'_>, key: &LogKey, entries: &mut [Entry<Json>]) -> SqlResult<()> {
    if matches!(key.topic.kind(), TopicKind::User(_)) {
        restricted::fill_copies(db, key.application, entries)?;
    }
    Ok(())
}

/// The most missing rows that are shown as damaged, each at its Seq; a longer hole is not one of single rows.
const HOLE: u64 = 10_000;

/// Puts a damaged entry at each Seq of a page whose row is missing, so that the page is dense.
fn fill(entries: &mut Vec<Entry<Json>>, key: &LogKey, range: Range, begins: Seq, head: Seq) {
    let end = head.next().min(range.before.unwrap_or(Seq(u64::MAX))).0;
    let most = u64::try_from(range.limit).unwrap_or(u64::MAX);
    let (first, end) = match range.after.map(|after| after.0.saturating_add(1)) {
        Some(first) => {
            let first = first.max(begins.0);
            (first, end.min(first.saturating_add(most)))
        }
        None => (end.saturating_sub(most).max(begins.0), end),
    };
    let is_dense = entries.iter().map(|entry| entry.seq.0).eq(first..end);
    if is_dense || end.saturating_sub(first) > HOLE + entries.len() as u64 {
        return;
    }
    let mut there = std::mem::take(entries).into_iter().peekable();
    let mut at = Timestamp(0);
    for seq in (first..end).map(Seq) {
        while there.next_if(|entry| entry.seq < seq).is_some() {}
        let entry = there.next_if(|entry| entry.seq == seq);
        if entry.is_none() {
            damaged::log("entries", &format_args!("{key}, {seq}"), &"the row is missing");
        }
        let entry = entry.unwrap_or_else(|| placeholder(&key.topic, seq, at));
        at = entry.timestamp;
        entries.push(entry);
    }
}

/// Returns the rows around a Seq.
pub(super) fn rows(db: Db<'_>, key: &LogKey, range: RowRange, epoch: Epoch) -> SqlResult<Rows<Json>> {
    let found = log_row(db, key)?;
    let (log, begins, head) = found.map_or((0, Seq(1), Seq::ZERO), |log| (log.id, log.begins, log.head));
    let mut page = RowPage::new(range, LogBounds { epoch, begins, head });
    let at = sql(page.at());
    // Neither side ever needs more than this, plus one to see that there are more.
    let most = i64::try_from(range.before + range.after + 1).unwrap_or(i64::MAX);
    let viewer = range.viewer.filter(|_| log > 0);
    if let Some(most) = page.to_count() {
        let mut count = db.prepare_cached(
            "SELECT count(*) FROM (
                 SELECT 1 FROM entries WHERE log = ? AND seq < ? AND is_row LIMIT ?) AS counted",
        )?;
        let public: usize = count.query_row(params![log, at, most as i64], |row| row.get(0))?;
        let own = match viewer {
            Some(viewer) => restricted::count_rows(db, key, log, viewer, page.at(), most)?,
            None => 0,
        };
        page.count_older((public + own).min(most));
    }
    if range.after > 0 {
        let mut newer = db.prepare_cached(
            "SELECT seq, send_id, at, data FROM entries
             WHERE log = ? AND seq >= ? AND is_row ORDER BY seq LIMIT ?",
        )?;
        let mut own = match viewer {
            Some(viewer) => {
                restricted::rows_after(db, key, log, viewer, page.at(), most)?.into_iter().peekable()
            }
            None => Vec::new().into_iter().peekable(),
        };
        let mut rows = newer.query(params![log, at, most])?;
        let mut has_room = true;
        while has_room && let Some(row) = rows.next()? {
            let Some(entry) = damaged::row(row, "entries", entry(row, key))? else { continue };
            while has_room && let Some(first) = own.next_if(|own| own.seq < entry.seq) {
                has_room = page.push_newer(first);
            }
            has_room = has_room && page.push_newer(entry);
        }
        while has_room && let Some(first) = own.next() {
            has_room = page.push_newer(first);
        }
    }
    let mut older = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM entries
         WHERE log = ? AND seq < ? AND is_row ORDER BY seq DESC LIMIT ?",
    )?;
    let mut own = match viewer {
        Some(viewer) => {
            restricted::rows_before(db, key, log, viewer, page.at(), most)?.into_iter().peekable()
        }
        None => Vec::new().into_iter().peekable(),
    };
    let mut rows = older.query(params![log, at, most])?;
    let mut has_room = true;
    while has_room && let Some(row) = rows.next()? {
        let Some(entry) = damaged::row(row, "entries", entry(row, key))? else { continue };
        while has_room && let Some(first) = own.next_if(|own| own.seq > entry.seq) {
            has_room = page.push_older(first);
        }
        has_room = has_room && page.push_older(entry);
    }
    while has_room && let Some(first) = own.next() {
        has_room = page.push_older(first);
    }
    Ok(page.finish())
}

/// Returns one entry as it is now.
pub(super) fn kept(db: Db<'_>, key: &LogKey, seq: Seq) -> SqlResult<Option<Kept>> {
    let Some((log, _)) = log(db, key)? else { return Ok(None) };
    let mut find =
        db.prepare_cached("SELECT seq, send_id, at, data FROM entries WHERE log = ? AND seq = ?")?;
    let found = find.query_row(params![log, sql(seq)], |row| {
        Ok(Kept { entry: entry(row, key)?, mentions: mentions(db, log, seq)? })
    });
    let Some(mut kept) = found.optional()? else { return Ok(None) };
    show_copies(db, key, std::slice::from_mut(&mut kept.entry))?;
    Ok(Some(kept))
}

/// Returns the mentions of an entry.
fn mentions(db: Db<'_>, log: i64, seq: Seq) -> SqlResult<Mentions> {
    let mut select =
        db.prepare_cached("SELECT user FROM mentions WHERE log = ? AND seq = ? ORDER BY user")?;
    let mut mentions = Mentions::default();
    let users = damaged::list(&mut select, params![log, sql(seq)], "mentions", |row| {
        checked(row, 0, |user: String| if user.is_empty() { Some(None) } else { user.parse().ok().map(Some) })
    })?;
    for user in users {
        match user {
            Some(user) => mentions.people.push(user),
            None => mentions.everyone = true,
        }
    }
    Ok(mentions)
}

/// Returns the entry that was sent with this id.
pub(super) fn sent(
    db: Db<'_>,
    application: ApplicationId,
    by: Sender,
    id: &SendId,
) -> SqlResult<Option<SentBefore>> {
    let mut find = db.prepare_cached(
        "SELECT logs.topic, entries.seq, entries.body_hash, entries.at,
                CASE WHEN substr(logs.topic, 1, 5) = 'user/' THEN entries.data END
         FROM entries JOIN logs ON logs.id = entries.log
         WHERE entries.application = ? AND entries.sender = ? AND entries.send_id = ?",
    )?;
    let key = params![application.0, sender(by), id.as_str()];
    damaged::one(&mut find, key, "entries", |row| {
        let (topic, seq) = append::place(row, 0, 1, 4)?;
        Ok(SentBefore { topic, seq, body: BodyHash(row.get(2)?), at: Timestamp(row.get(3)?) })
    })
}

/// Returns the newest Seq of a log and its time; none if the log is empty.
pub(super) fn newest(db: Db<'_>, key: &LogKey) -> SqlResult<Option<(Seq, Timestamp)>> {
    let mut find =
        db.prepare_cached("SELECT topic, head, at FROM logs WHERE application = ? AND topic = ?")?;
    let key = params![key.application.0, key.topic.as_str()];
    damaged::one(&mut find, key, "logs", |row| Ok((seq(row, 1)?, Timestamp(row.get(2)?))))
}

/// Returns the amendments of one entry, oldest first.
pub(super) fn about(db: Db<'_>, key: &LogKey, seq: Seq) -> SqlResult<Vec<Entry<Json>>> {
    let Some((log, _)) = log(db, key)? else { return Ok(Vec::new()) };
    let mut select = db.prepare_cached(
        "SELECT seq, send_id, at, data FROM entries WHERE log = ? AND about = ? ORDER BY seq",
    )?;
    let mut about = damaged::list(&mut select, params![log, sql(seq)], "entries", |row| entry(row, key))?;
    show_copies(db, key, &mut about)?;
    Ok(about)
}

/// Returns the pinned entries, oldest first.
pub(super) fn pinned(db: Db<'_>, key: &LogKey) -> SqlResult<Vec<Entry<Json>>> {
    let Some((log, _)) = log(db, key)? else { return Ok(Vec::new()) };
    let mut select = db
        .prepare_cached("SELECT seq, send_id, at, data FROM entries WHERE log = ? AND pinned ORDER BY seq")?;
    damaged::list(&mut select, [log], "entries", |row| entry(row, key))
}

/// Returns the first Seq at this time or later. The log is in Seq order and its clock hardly ever goes back, so a
/// binary search finds the Seq in a few steps. Rows that are missing or have no time are skipped.
pub(super) fn place_at(db: Db<'_>, key: &LogKey, at: Timestamp) -> SqlResult<Option<Seq>> {
    let Some(LogRow { id: log, head, begins, .. }) = log_row(db, key)? else { return Ok(None) };
    let (mut low, mut high) = (begins.0, head.0 + 1);
    while low < high {
        let middle = low + (high - low) / 2;
        match first_with_time(db, log, Seq(middle), Seq(high))? {
            Some((seq, taken)) if taken < at => low = seq.0 + 1,
            _ => high = middle,
        }
    }
    Ok((low <= head.0).then_some(Seq(low)))
}

/// Returns the first entry of a log from a Seq on, and before another one, whose time can be read.
fn first_with_time(db: Db<'_>, log: i64, mut from: Seq, end: Seq) -> SqlResult<Option<(Seq, Timestamp)>> {
    let mut find = db.prepare_cached(
        "SELECT seq, at FROM entries WHERE log = ? AND seq >= ? AND seq < ? ORDER BY seq LIMIT 1",
    )?;
    loop {
        let found = find.query_row(params![log, sql(from), sql(end)], |row| {
            Ok((seq(row, 0)?, damaged::or(row, "entries", row.get(1).map(Some), None)?))
        });
        match found.optional()? {
            Some((seq, None)) => from = seq.next(),
            Some((seq, Some(at))) => return Ok(Some((seq, Timestamp(at)))),
            None => return Ok(None),
        }
    }
}

/// Returns the head of a log.
pub(super) fn head(db: Db<'_>, key: &LogKey) -> SqlResult<Seq> {
    Ok(log(db, key)?.map_or(Seq::ZERO, |(_, head)| head))
}

/// Returns a log and its head.
pub(super) fn log(db: Db<'_>, key: &LogKey) -> SqlResult<Option<(i64, Seq)>> {
    Ok(log_row(db, key)?.map(|log| (log.id, log.head)))
}

/// Returns the row of a log.
pub(super) fn log_row(db: Db<'_>, key: &LogKey) -> SqlResult<Option<LogRow>> {
    let mut find = db.prepare_cached(
        "SELECT topic, id, head, recounts, begins FROM logs WHERE application = ? AND topic = ?",
    )?;
    let key = params![key.application.0, key.topic.as_str()];
    find.query_row(key, |row| read_log(db, row, 1)).optional()
}

/// Reads a log from its columns `id`, `head`, `recounts` and `begins`, the first of which is `column`. If its counter is
/// damaged, the head is the Seq of its newest entry; so is the beginning that of its oldest one.
pub(super) fn read_log(db: Db<'_>, row: Row<'_>, column: usize) -> SqlResult<LogRow> {
    let id = row.get(column)?;
    let head = match damaged::or(row, "logs", seq(row, column + 1).map(Some), None)? {
        Some(head) => head,
        None => newest_entry(db, id)?,
    };
    let recounts = damaged::or(row, "logs", row.get(column + 2).map(Some), None)?;
    let begins = match damaged::or(row, "logs", seq(row, column + 3).map(Some), None)? {
        Some(begins) => begins,
        None => oldest_entry(db, id)?.unwrap_or(head.next()),
    };
    // A damaged head of a log whose entries were all trimmed.
    let head = head.max(Seq(begins.0.saturating_sub(1)));
    Ok(LogRow { id, head, recounts, begins })
}

/// Returns the size of all open topics of an application; zero if the counter is damaged.
pub(super) fn open_topics(db: Db<'_>, application: ApplicationId) -> SqlResult<OpenTopicUsage> {
    let mut find =
        db.prepare_cached("SELECT application, topics, bytes FROM open_topics WHERE application = ?")?;
    let found = damaged::one(&mut find, [application.0], "open_topics", |row| {
        Ok(OpenTopicUsage { topics: row.get(1)?, bytes: row.get(2)? })
    });
    Ok(found?.unwrap_or_default())
}

/// Returns the Seq of the oldest entry of a log.
fn oldest_entry(db: Db<'_>, log: i64) -> SqlResult<Option<Seq>> {
    let mut find = db.prepare_cached("SELECT seq FROM entries WHERE log = ? ORDER BY seq LIMIT 1")?;
    damaged::one(&mut find, [log], "entries", |row| seq(row, 0))
}

/// Returns the Seq of the newest entry of a log.
fn newest_entry(db: Db<'_>, log: i64) -> SqlResult<Seq> {
    let mut find = db.prepare_cached("SELECT seq FROM entries WHERE log = ? ORDER BY seq DESC LIMIT 1")?;
    Ok(damaged::one(&mut find, [log], "entries", |row| seq(row, 0))?.unwrap_or_default())
}

/// Reads an entry; an unreadable one keeps its Seq.
pub(super) fn entry(row: Row<'_>, key: &LogKey) -> SqlResult<Entry<Json>> {
    match whole_entry(row, key) {
        Err(error) if error.is_about_value() => {
            let seq = seq(row, 0)?;
            damaged::log("entries", &format_args!("{key}, {seq}"), &error);
            Ok(placeholder(&key.topic, seq, Timestamp(row.get(2).unwrap_or_default())))
        }
        entry => entry,
    }
}

fn whole_entry(row: Row<'_>, key: &LogKey) -> SqlResult<Entry<Json>> {
    Ok(Entry {
        seq: seq(row, 0)?,
        id: checked(row, 1, |id: String| SendId::stored(&id).ok())?,
        topic: key.topic.clone(),
        timestamp: Timestamp(row.get(2)?),
        data: checked(row, 3, |data: String| Json::new(&data).ok())?,
    })
}

/// Returns a placeholder for a damaged entry. Pages skip entries of its type.
fn placeholder(topic: &Topic, seq: Seq, timestamp: Timestamp) -> Entry<Json> {
    let mut id = [0xff; 10];
    id[2..].copy_from_slice(&seq.0.to_be_bytes());
    let data = Json::of(&json!({ "type": "damaged" }));
    Entry { seq, id: SendId::from_bytes(id), topic: topic.clone(), timestamp, data }
}
