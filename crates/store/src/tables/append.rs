//! Appending entries to logs, with idempotent sends.

use std::collections::HashMap;

use chat::store::{CopyPointer, Draft, LogOutcome, MembershipState, Mentions, OpenTopicUsage, Sender};
use wire::{ApplicationId, Conversation, GroupId, Json, LogKey, Seq, Timestamp, Topic, UserId};

use super::commit::note_spoken;
use super::locks::Locks;
use super::scope::Scope;
use super::trim::length;
use super::values::{checked, ends, sender, seq, sql};
use super::{conversations, damaged, logs};
use crate::postgres::Run;
use crate::sql::{Db, OptionalExtension, Row, SqlError, SqlResult, params};

/// The heads of the logs that a run of posts appends to: read once, and written once at its end. Otherwise most of the
/// cost of a post would be the counter of its log.
#[derive(Default)]
pub(super) struct Heads {
    logs: HashMap<LogKey, Head>,
    /// The size of all open topics of each application for which it was read.
    open_topics: HashMap<ApplicationId, OpenTopicUsage>,
    /// On PostgreSQL, what the run was read for at once, and the entries that are written at its end.
    run: Option<Run>,
}

/// A log as a run of posts finds it.
#[derive(Clone, Copy)]
pub(crate) struct LogHead {
    pub(crate) log: i64,
    pub(crate) seq: Seq,
    pub(crate) at: Timestamp,
    pub(crate) begins: Seq,
    pub(crate) newest_position: i64,
}

/// A log as a run of posts leaves it.
pub(crate) struct MovedHead {
    key: LogKey,
    pub(crate) log: i64,
    pub(crate) seq: i64,
    pub(crate) at: i64,
    /// The growth of its data.
    pub(crate) bytes: i64,
    /// The position of its newest entry.
    pub(crate) position: i64,
}

struct Head {
    log: i64,
    begins: Seq,
    seq: Seq,
    at: Timestamp,
    /// The growth of the log since the head was read or written.
    growth: Growth,
}

impl Head {
    /// Returns the row of the log as it is from now on.
    fn moved(self, key: LogKey) -> MovedHead {
        let Growth { bytes, position } = self.growth;
        MovedHead { key, log: self.log, seq: sql(self.seq), at: self.at.0, bytes, position }
    }
}

/// The growth of a log by new entries.
#[derive(Clone, Copy, Default)]
struct Growth {
    /// The bytes of their data.
    bytes: i64,
    /// The position of the newest; 0 if there is none.
    position: i64,
}

impl MovedHead {
    /// Returns the rows of a direct that move with its log: application, user, the other user, and time.
    pub(crate) fn directs(&self) -> Vec<(u32, String, String, i64)> {
        let Some(Conversation::Direct(pair)) = self.key.topic.conversation() else { return Vec::new() };
        let [one, other] = pair.people().map(|user| user.to_string());
        let application = self.key.application.0;
        vec![(application, one.clone(), other.clone(), self.at), (application, other, one, self.at)]
    }
}

impl Heads {
    /// Begins a run of posts, of which these are the next.
    pub(super) fn begin<'d>(
        &mut self,
        db: Db<'_>,
        drafts: impl Iterator<Item = (ApplicationId, &'d Draft)>,
        checked: bool,
    ) -> SqlResult<()> {
        if let Some(connection) = db.as_postgres()
            && self.run.is_none()
        {
            self.run = Some(Run::begin(connection, drafts, checked)?);
        }
        Ok(())
    }

    /// Returns the membership state that a permission depends on.
    pub(super) fn standing(
        &self,
        scope: Scope<'_>,
        conversation: Conversation,
        user: UserId,
    ) -> SqlResult<Option<MembershipState>> {
        match self.run.as_ref().and_then(|run| run.standing(scope.application, conversation, user)) {
            Some(standing) => Ok(standing),
            None => conversations::standing(scope.db, scope.application, conversation, user),
        }
    }

    /// Notes the time of a message, in a group whose slow mode applies to the sender.
    pub(super) fn note_spoken(
        &mut self,
        scope: Scope<'_>,
        draft: &Draft,
        watched: Option<GroupId>,
    ) -> SqlResult<()> {
        match (&mut self.run, draft.right) {
            (Some(run), Some(right)) if watched.is_some() => {
                run.spoke(scope.application, right.conversation, right.user, right.now);
                Ok(())
            }
            (Some(_), _) => Ok(()),
            (None, _) => note_spoken(scope, draft, watched),
        }
    }

    /// Writes a draft at a reserved Seq, or adds it to the run; returns false if its `SendId` was used before.
    pub(super) fn append_at(
        &mut self,
        scope: Scope<'_>,
        log: i64,
        seq: Seq,
        draft: &Draft,
    ) -> SqlResult<bool> {
        let Some(run) = &mut self.run else { return append_at(scope, log, seq, draft) };
        let position = scope.positions.reserve();
        Ok(run.append(scope.application, log, seq, position, draft))
    }

    /// Returns the outcome of a draft whose `SendId` was used before; none if it is new.
    pub(super) fn sent_before(&mut self, scope: Scope<'_>, draft: &Draft) -> SqlResult<Option<LogOutcome>> {
        // It may be in the same run.
        if let (Some(run), Some(connection)) = (&mut self.run, scope.db.as_postgres()) {
            run.write(connection, &[])?;
        }
        sent_before(scope, draft)
    }

    /// Returns true if the next draft of a log is its first.
    pub(super) fn begins(&self, db: Db<'_>, log: &LogKey) -> SqlResult<bool> {
        let is_known =
            self.logs.contains_key(log) || self.run.as_ref().is_some_and(|run| run.log(log).is_some());
        Ok(!is_known && logs::log(db, log)?.is_none())
    }

    /// Returns the size of all open topics of an application.
    pub(super) fn open_topics(
        &mut self,
        db: Db<'_>,
        application: ApplicationId,
    ) -> SqlResult<OpenTopicUsage> {
        let kept = match self.open_topics.get(&application) {
            Some(kept) => *kept,
            None => logs::open_topics(db, application)?,
        };
        self.open_topics.insert(application, kept);
        Ok(kept)
    }

    /// Reserves the next Seq of a log for a draft; returns it with the log's row and its oldest Seq.
    pub(super) fn next(
        &mut self,
        scope: Scope<'_>,
        log: &LogKey,
        draft: &Draft,
    ) -> SqlResult<(i64, Seq, Seq)> {
        if let Some(head) = self.logs.get_mut(log) {
            head.seq = head.seq.next();
            return Ok((head.log, head.seq, head.begins));
        }
        let head = match self.run.as_ref().and_then(|run| run.log(log)) {
            Some(LogHead { log: row, seq, at, begins, newest_position }) => {
                Locks::check_order(log, newest_position, scope.positions)?;
                Head { log: row, begins, seq: seq.next(), at, growth: Growth::default() }
            }
            None => next_place(scope, log, draft)?,
        };
        let (row, seq, begins) = (head.log, head.seq, head.begins);
        self.logs.insert(log.clone(), head);
        Ok((row, seq, begins))
    }

    /// Keeps the last reserved Seq, which is now used.
    pub(super) fn keep(&mut self, scope: Scope<'_>, log: &LogKey, draft: &Draft, seq: Seq) -> SqlResult<()> {
        if let Some(head) = self.logs.get_mut(log) {
            head.at = draft.at;
            head.growth.bytes += length(draft.data.as_str());
            head.growth.position = scope.positions.last();
        }
        if draft.sender == Sender::Open {
            let OpenTopicUsage { topics, bytes } = self.open_topics(scope.db, log.application)?;
            let usage = OpenTopicUsage {
                topics: topics + u64::from(seq == Seq(1)),
                bytes: bytes + draft.data.as_str().len() as u64,
            };
            self.open_topics.insert(log.application, usage);
        }
        Ok(())
    }

    /// Releases the last reserved Seq.
    pub(super) fn take_back(&mut self, log: &LogKey) {
        if let Some(head) = self.logs.get_mut(log) {
            head.seq = Seq(head.seq.0 - 1);
        }
    }

    /// Writes the heads to the file.
    pub(super) fn settle(&mut self, db: Db<'_>) -> SqlResult<()> {
        if let (Some(mut run), Some(connection)) = (self.run.take(), db.as_postgres()) {
            let heads: Vec<_> = self.logs.drain().map(|(key, head)| head.moved(key)).collect();
            run.write(connection, &heads)?;
        }
        for (key, head) in self.logs.drain() {
            move_head(db, &head)?;
            move_direct(db, &key, head.at)?;
        }
        for (application, OpenTopicUsage { topics, bytes }) in self.open_topics.drain() {
            let mut set = db.prepare_cached(
                "INSERT INTO open_topics (application, topics, bytes) VALUES (?, ?, ?)
                 ON CONFLICT (application) DO UPDATE SET topics = excluded.topics, bytes = excluded.bytes",
            )?;
            set.execute(params![application.0, topics, bytes])?;
        }
        Ok(())
    }
}

/// Returns the outcome of a draft whose `SendId` was used before; none if it is new.
pub(super) fn sent_before(scope: Scope<'_>, draft: &Draft) -> SqlResult<Option<LogOutcome>> {
    let mut find = scope.db.prepare_cached(
        "SELECT entries.seq, entries.at, entries.body_hash, logs.topic,
                CASE WHEN logs.topic <> ?4 THEN entries.data END
         FROM entries JOIN logs ON logs.id = entries.log
         WHERE entries.application = ?1 AND entries.sender = ?2 AND entries.send_id = ?3",
    )?;
    let key = params![scope.application.0, sender(draft.sender), draft.id.as_str(), draft.topic.as_str()];
    find.query_row(key, |row| {
        let repeated = || {
            let (topic, seq) = place(row, 3, 0, 4)?;
            Ok(if topic == draft.topic && row.get::<[u8; 16]>(2)? == draft.body.0 {
                LogOutcome::Repeated { seq, at: Timestamp(row.get(1)?) }
            } else {
                LogOutcome::SendIdTaken
            })
        };
        damaged::or(row, "entries", repeated(), LogOutcome::SendIdTaken)
    })
    .optional()
}

/// Reads the place of an entry from its topic, its Seq and, if it may be a copy of a restricted message, its data: the
/// place of such a message is that in its group.
pub(super) fn place(row: Row<'_>, topic: usize, own: usize, data: usize) -> SqlResult<(Topic, Seq)> {
    let topic = checked(row, topic, |topic: String| Topic::new(&topic).ok())?;
    let data = row.get::<Option<String>>(data)?.and_then(|data| Json::new(&data).ok());
    match data.and_then(|data| CopyPointer::of(&topic, &data)) {
        Some((_, pointer)) => Ok((pointer.topic, pointer.seq)),
        None => Ok((topic, seq(row, own)?)),
    }
}

/// Appends a copy of a restricted message: subscribers get it with the message.
pub(super) fn append_copy(scope: Scope<'_>, draft: &Draft, message: &Json) -> SqlResult<Seq> {
    let seq = append_unannounced(scope, draft)?;
    let filled = CopyPointer::of(&draft.topic, &draft.data).map(|(_, pointer)| pointer.filled(Some(message)));
    let data = filled.unwrap_or_else(|| draft.data.clone());
    scope.appended(Draft { data, ..draft.clone() }, seq);
    Ok(seq)
}

/// Appends a draft with a new `SendId` to its log; returns its Seq.
pub(super) fn append(scope: Scope<'_>, draft: &Draft) -> SqlResult<Seq> {
    let seq = append_unannounced(scope, draft)?;
    scope.appended(draft.clone(), seq);
    Ok(seq)
}

fn append_unannounced(scope: Scope<'_>, draft: &Draft) -> SqlResult<Seq> {
    let (db, key) = (scope.db, scope.log(&draft.topic));
    let mut head = next_place(scope, &key, draft)?;
    if !append_at(scope, head.log, head.seq, draft)? {
        // An unused Seq would be a hole: the whole batch is rolled back.
        return Err(SqlError::ChangedRows(0));
    }
    head.at = draft.at;
    head.growth = Growth { bytes: length(draft.data.as_str()), position: scope.positions.last() };
    move_head(db, &head)?;
    move_direct(db, &key, draft.at)?;
    Ok(head.seq)
}

/// Writes a draft at a reserved Seq; returns false if its `SendId` was used before.
pub(super) fn append_at(scope: Scope<'_>, log: i64, seq: Seq, draft: &Draft) -> SqlResult<bool> {
    let mut insert = scope.db.prepare_cached(
        "INSERT INTO entries
             (position, log, seq, application, sender, send_id, body_hash, at, data, about, counts, is_row,
              ends)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (application, sender, send_id) DO NOTHING",
    )?;
    let inserted = insert.execute(params![
        scope.positions.next(),
        log,
        sql(seq),
        scope.application.0,
        sender(draft.sender),
        draft.id.as_str(),
        draft.body.0,
        draft.at.0,
        draft.data.as_str(),
        draft.about.map(sql),
        draft.counts,
        draft.is_row,
        ends(&draft.ends)
    ])?;
    if inserted > 0 {
        scope.positions.used();
        mention(scope.db, log, seq, &draft.mentions)?;
    }
    Ok(inserted > 0)
}

/// Stores the mentions of an entry; an empty user is every member.
pub(super) fn mention(db: Db<'_>, log: i64, seq: Seq, mentions: &Mentions) -> SqlResult<()> {
    let everyone = mentions.everyone.then(String::new);
    for user in mentions.people.iter().map(UserId::to_string).chain(everyone) {
        let mut insert = db.prepare_cached("INSERT INTO mentions (log, user, seq) VALUES (?, ?, ?)")?;
        insert.execute(params![log, user, sql(seq)])?;
    }
    Ok(())
}

/// Reserves the next Seq of a log, and creates the log with its first entry; the time is still that of the newest entry.
/// If the counter of the log is damaged, the Seq is the one after its newest entry.
fn next_place(scope: Scope<'_>, log: &LogKey, draft: &Draft) -> SqlResult<Head> {
    let db = scope.db;
    scope.locks.take(db, log)?;
    let mut next = db.prepare_cached(
        "INSERT INTO logs (application, topic, head, at) VALUES (?, ?, 1, ?)
         ON CONFLICT (application, topic) DO UPDATE SET head = 1 + max(
             coalesce((SELECT max(seq) FROM entries WHERE log = logs.id AND seq < ?4), 0),
             max(coalesce(CAST(logs.head AS INTEGER), 0), coalesce(CAST(logs.begins AS INTEGER), 1) - 1))
         RETURNING id, head, at, begins, newest_position",
    )?;
    next.query_row(params![log.application.0, log.topic.as_str(), draft.at.0, i64::MAX], |row| {
        let at = damaged::or(row, "logs", row.get(2), draft.at.0)?;
        let begins = damaged::or(row, "logs", seq(row, 3), Seq(1))?;
        let newest = damaged::or(row, "logs", row.get(4), 0)?;
        Locks::check_order(log, newest, scope.positions)?;
        let growth = Growth::default();
        Ok(Head { log: row.get(0)?, begins, seq: seq(row, 1)?, at: Timestamp(at), growth })
    })
}

fn move_head(db: Db<'_>, Head { log, seq, at, growth, .. }: &Head) -> SqlResult<()> {
    let mut update = db.prepare_cached(
        "UPDATE logs SET head = ?, at = ?, bytes = coalesce(CAST(bytes AS INTEGER), 0) + ?,
                         newest_position = max(coalesce(CAST(newest_position AS INTEGER), 0), ?) WHERE id = ?",
    )?;
    update.execute(params![sql(*seq), at.0, growth.bytes, growth.position, log]).map(|_| ())
}

/// Notes that the data of entries of a log has become longer by so many bytes.
pub(super) fn grow(db: Db<'_>, log: i64, bytes: i64) -> SqlResult<()> {
    let mut update = db.prepare_cached(
        "UPDATE logs SET bytes = max(coalesce(CAST(bytes AS INTEGER), 0) + ?, 0) WHERE id = ?",
    )?;
    update.execute(params![bytes, log]).map(|_| ())
}

/// Moves a direct to the top of its two users' lists, if the log is one's.
fn move_direct(db: Db<'_>, log: &LogKey, at: Timestamp) -> SqlResult<()> {
    let Some(Conversation::Direct(pair)) = log.topic.conversation() else { return Ok(()) };
    let [one, other] = pair.people().map(|user| user.to_string());
    let mut update =
        db.prepare_cached("UPDATE directs SET at = ? WHERE application = ? AND user = ? AND other = ?")?;
    update.execute(params![at.0, log.application.0, one, other])?;
    update.execute(params![at.0, log.application.0, other, one])?;
    Ok(())
}
