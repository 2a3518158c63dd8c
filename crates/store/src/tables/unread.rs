//! The number of unread messages: counted entry by entry, and kept in memory from one read to the next.
//!
//! A count is a function of a log, a user, their read mark, the log's head and its `recounts`. Entries are only added
//! behind the head, and a change to an earlier one that matters here makes `recounts` grow. So a kept count with the
//! same `recounts` stays right: only the entries between its head and the present one are counted.

use std::collections::HashMap;

use chat::store::{Sender, Unread};
use parking_lot::Mutex;
use wire::limits::MAX_UNREAD;
use wire::{Conversation, Seq, UserId, UserKey};

use super::logs::LogRow;
use super::restricted;
use super::values::{sender, sql};
use crate::sql::{Db, SqlResult, ValueRef, params};

/// The most rows and the most mentions after a read mark that are examined.
const EXAMINED: u32 = 2_000;
/// The counts of a generation. Two of them take about 6 MiB.
const GENERATION: usize = 28_000;

/// The counts that are kept, shared by all readers.
#[derive(Default)]
pub(crate) struct UnreadCounts {
    kept: Mutex<Generations>,
}

impl UnreadCounts {
    /// Counts the messages of others after a read mark, and those that mention the user; in a direct every message
    /// does. Both counts have a bound, and so has the number of examined rows: the user's own messages and notices are
    /// skipped.
    pub(super) fn count(
        &self,
        db: Db<'_>,
        conversation: Conversation,
        log: LogRow,
        user: UserKey,
        mark: Seq,
    ) -> SqlResult<Unread> {
        if mark >= log.head {
            return Ok(Unread::default());
        }
        let begun = Kept { log: log.id, recounts: log.recounts, mark, tally: Tally::after(mark) };
        // The conversation is in the key: the id of a deleted log may be given to another one, that of a group is not.
        let key = (conversation, user);
        let known = self.kept.lock().get(key).filter(|kept| kept.is_of_the_same(&begun));
        let mut kept = known.filter(|known| known.tally.head <= log.head).unwrap_or(begun);
        if kept.tally.head < log.head {
            kept.tally.go_on(db, conversation, log, user.user)?;
            // A transaction that began earlier leaves the newer count where it is.
            if log.recounts.is_some() && known.is_none_or(|known| known.tally.head <= log.head) {
                self.kept.lock().put(key, kept);
            }
        }
        let public = kept.tally.unread(conversation);
        Ok(match conversation {
            // Those to the user alone are few, and are found by an index: they are counted anew.
            Conversation::Group(_) => public.and(restricted::unread(db, user, log.id, mark, log.head)?),
            Conversation::Direct(_) => public,
        })
    }
}

/// Two generations of counts: when the newer one is full, the older one is dropped. A count that is used stays.
#[derive(Default)]
struct Generations {
    newer: HashMap<Key, Kept>,
    older: HashMap<Key, Kept>,
}

type Key = (Conversation, UserKey);

impl Generations {
    fn get(&mut self, key: Key) -> Option<Kept> {
        if let Some(kept) = self.newer.get(&key) {
            return Some(*kept);
        }
        let kept = self.older.remove(&key)?;
        self.put(key, kept);
        Some(kept)
    }

    fn put(&mut self, key: Key, kept: Kept) {
        if self.newer.len() >= GENERATION && !self.newer.contains_key(&key) {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(key, kept);
    }
}

/// A count, and what it is a count of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kept {
    log: i64,
    /// None if the column is damaged; the count is not kept then.
    recounts: Option<i64>,
    mark: Seq,
    tally: Tally,
}

impl Kept {
    fn is_of_the_same(&self, other: &Self) -> bool {
        self.log == other.log && self.recounts == other.recounts && self.mark == other.mark
    }
}

/// The entries counted from a read mark up to a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tally {
    head: Seq,
    /// Examined rows, and those among them that are unread.
    rows: u32,
    messages: u32,
    /// The Seq up to which mentions are examined.
    mentions_to: Seq,
    /// Examined mentions, and those among them that are unread.
    mentioned: u32,
    mentions: u32,
}

impl Tally {
    const fn after(mark: Seq) -> Self {
        Self { head: mark, rows: 0, messages: 0, mentions_to: mark, mentioned: 0, mentions: 0 }
    }

    fn unread(self, conversation: Conversation) -> Unread {
        let Self { messages, mentions, .. } = self;
        match conversation {
            Conversation::Group(_) => Unread { messages, mentions },
            // Every message in a direct counts as a mention.
            Conversation::Direct(_) => Unread { messages, mentions: messages },
        }
    }

    /// Counts the entries up to the head of the log, too.
    fn go_on(&mut self, db: Db<'_>, conversation: Conversation, log: LogRow, user: UserId) -> SqlResult<()> {
        let me = sender(Sender::User(user));
        self.count_messages(db, log, &me)?;
        // Nothing is mentioned by no message. Later messages may be, so their mentions are examined from here on.
        if self.messages > 0 && matches!(conversation, Conversation::Group(_)) {
            self.count_mentions(db, log, &me, user)?;
            self.mentions_to = log.head;
        }
        self.head = log.head;
        Ok(())
    }

    fn count_messages(&mut self, db: Db<'_>, log: LogRow, me: &str) -> SqlResult<()> {
        if self.messages >= MAX_UNREAD || self.rows >= EXAMINED {
            return Ok(());
        }
        let mut select = db.prepare_cached(
            "SELECT counts AND sender <> ? FROM entries
             WHERE log = ? AND seq > ? AND seq <= ? AND is_row ORDER BY seq LIMIT ?",
        )?;
        let mut rows =
            select.query(params![me, log.id, sql(self.head), sql(log.head), EXAMINED - self.rows])?;
        while self.messages < MAX_UNREAD
            && let Some(row) = rows.next()?
        {
            self.rows += 1;
            self.messages += u32::from(row.get_ref(0)? == ValueRef::Integer(1));
        }
        Ok(())
    }

    fn count_mentions(&mut self, db: Db<'_>, log: LogRow, me: &str, user: UserId) -> SqlResult<()> {
        if self.mentions >= MAX_UNREAD || self.mentioned >= EXAMINED {
            return Ok(());
        }
        // Each mention has one result, even if its entry is missing, so that all of them are counted as examined.
        let mut select = db.prepare_cached(
            "SELECT entries.counts AND entries.sender <> ?5 FROM (
                 SELECT seq FROM mentions WHERE log = ?1 AND user = ?2 AND seq > ?3 AND seq <= ?4
                 UNION SELECT seq FROM mentions WHERE log = ?1 AND user = '' AND seq > ?3 AND seq <= ?4
                 ORDER BY seq LIMIT ?6
             ) AS mentioned LEFT JOIN entries ON entries.log = ?1 AND entries.seq = mentioned.seq",
        )?;
        let key = params![
            log.id,
            user.to_string(),
            sql(self.mentions_to),
            sql(log.head),
            me,
            EXAMINED - self.mentioned
        ];
        let mut rows = select.query(key)?;
        while self.mentions < MAX_UNREAD
            && let Some(row) = rows.next()?
        {
            self.mentioned += 1;
            self.mentions += u32::from(row.get_ref(0)? == ValueRef::Integer(1));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
