use std::collections::HashMap;

use chat::store::{Draft, Mentions, Outcome};
use rusqlite::{OptionalExtension, Transaction, params};
use wire::{Seq, Timestamp, Topic, UserId};

use super::values::{APPLICATION, sender, seq, sql};

/// Where the logs stand to which a run of posts is appended: read once, and written once at its end. Most of what a post
/// costs would else be the counter of its log.
#[derive(Default)]
pub(super) struct Heads(HashMap<Topic, (i64, Seq)>);

impl Heads {
    /// The next place of a log, and the log.
    pub(super) fn next(&mut self, db: &Transaction<'_>, topic: &Topic) -> rusqlite::Result<(i64, Seq)> {
        if let Some((log, head)) = self.0.get_mut(topic) {
            *head = head.next();
            return Ok((*log, *head));
        }
        let next = next_place(db, topic)?;
        self.0.insert(topic.clone(), next);
        Ok(next)
    }

    /// The place that was given last stays free.
    pub(super) fn take_back(&mut self, topic: &Topic) {
        if let Some((_, head)) = self.0.get_mut(topic) {
            *head = Seq(head.0 - 1);
        }
    }

    /// Writes them; from now on they are in the file.
    pub(super) fn settle(&mut self, db: &Transaction<'_>) -> rusqlite::Result<()> {
        for (_, (log, head)) in self.0.drain() {
            db.prepare_cached("UPDATE logs SET head = ? WHERE id = ?")?.execute(params![sql(head), log])?;
        }
        Ok(())
    }
}

/// What a draft comes to whose id was sent before; none if it was not.
pub(super) fn sent_before(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Option<Outcome>> {
    let mut find = db.prepare_cached(
        "SELECT entries.seq, entries.at, entries.body_hash, logs.topic
         FROM entries JOIN logs ON logs.id = entries.log
         WHERE entries.application = ? AND entries.sender = ? AND entries.send_id = ?",
    )?;
    let key = params![APPLICATION, sender(draft.sender), draft.id.as_str()];
    find.query_row(key, |row| {
        let same =
            row.get::<_, [u8; 16]>(2)? == draft.body.0 && row.get::<_, String>(3)? == draft.topic.as_str();
        Ok(if same {
            Outcome::Repeated { seq: seq(row, 0)?, at: Timestamp(row.get(1)?) }
        } else {
            Outcome::SendIdTaken
        })
    })
    .optional()
}

/// Appends a draft whose id was not sent before to its log; gives its place.
pub(super) fn append(db: &Transaction<'_>, draft: &Draft) -> rusqlite::Result<Seq> {
    let (log, seq) = next_place(db, &draft.topic)?;
    match append_at(db, log, seq, draft)? {
        true => Ok(seq),
        // A place that stays empty would be a hole: nothing of the batch becomes a fact.
        false => Err(rusqlite::Error::StatementChangedRows(0)),
    }
}

/// Writes a draft to a place that is its own; gives whether it is there now, and not that its id was sent before.
pub(super) fn append_at(db: &Transaction<'_>, log: i64, seq: Seq, draft: &Draft) -> rusqlite::Result<bool> {
    let mut insert = db.prepare_cached(
        "INSERT INTO entries (log, seq, application, sender, send_id, body_hash, at, data, about, counts)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (application, sender, send_id) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        log,
        sql(seq),
        APPLICATION,
        sender(draft.sender),
        draft.id.as_str(),
        draft.body.0,
        draft.at.0,
        draft.data.as_str(),
        draft.about.map(sql),
        draft.counts
    ])?;
    if inserted > 0 {
        mention(db, log, seq, &draft.mentions)?;
    }
    Ok(inserted > 0)
}

/// Notes whom an entry mentions; an empty user is every member.
pub(super) fn mention(db: &Transaction<'_>, log: i64, seq: Seq, mentions: &Mentions) -> rusqlite::Result<()> {
    let everyone = mentions.everyone.then(String::new);
    for user in mentions.people.iter().map(UserId::to_string).chain(everyone) {
        let mut insert = db.prepare_cached("INSERT INTO mentions (log, user, seq) VALUES (?, ?, ?)")?;
        insert.execute(params![log, user, sql(seq)])?;
    }
    Ok(())
}

/// Takes the next place of a log, which begins with its first entry.
fn next_place(db: &Transaction<'_>, topic: &Topic) -> rusqlite::Result<(i64, Seq)> {
    let mut next = db.prepare_cached(
        "INSERT INTO logs (application, topic, head) VALUES (?, ?, 1)
         ON CONFLICT (application, topic) DO UPDATE SET head = head + 1
         RETURNING id, head",
    )?;
    next.query_row(params![APPLICATION, topic.as_str()], |row| Ok((row.get(0)?, seq(row, 1)?)))
}
