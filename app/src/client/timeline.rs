use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    ConversationSummary, ConversationView, Cursor, Entry, Event, Member, Person, Quote, ReadState, Role,
    Rows, Seq, Settings, Topic, UserId,
};

use super::row::{Row, RowContent};
use super::row_header::RowHeader;
use crate::zone::Zone;

/// The browser's view of one conversation's log: its rows, in order, without a hole, and who is there.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The conversation.
    pub what: ConversationSummary,
    /// What is shown: facts in Seq order, then what is on its way.
    pub rows: ArcRwSignal<Vec<Row>>,
    /// What admins have set; a direct has none.
    pub settings: ArcRwSignal<Option<Settings>>,
    /// Whether one of the two of a direct has blocked the other.
    pub blocked: bool,
    /// Whether it is the viewer who has.
    pub blocks: bool,
    /// The viewer's seat and others, the longest there first; of a large group not all.
    pub members: ArcRwSignal<Vec<Member>>,
    /// The number of members.
    pub member_count: ArcRwSignal<u32>,
    /// How far the log has come to them.
    pub marks: ArcRwSignal<Vec<ReadState>>,
    /// Whether history has older messages than the first row.
    pub has_older: ArcRwSignal<bool>,
    /// Whether there are newer messages than the last row: the page shows an earlier part of the log.
    pub has_newer: ArcRwSignal<bool>,
    /// What admins have pinned: each place with how the message begins.
    pub pins: ArcRwSignal<Vec<Quote>>,
    /// The first message that was unread when the page was opened.
    pub divider: Option<Seq>,
    /// Whether the viewer wants it to stay unread until they come back.
    pub stays_unread: ArcRwSignal<bool>,
    /// Whether the viewer has lost the seat.
    pub seat_lost: ArcRwSignal<bool>,
    /// Whether the viewer is reading far from the end; then no row goes away above them.
    pub reads_old: ArcRwSignal<bool>,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug)]
pub(super) struct Log {
    /// How far the news were heard.
    pub(super) cursor: Cursor,
    /// The last place that the rows cover; behind the cursor if the page shows an earlier part of the log.
    pub(super) last: Seq,
    /// How far the member list reaches: it is loaded whole, so it may be ahead of the rows.
    pub(super) members_at: Seq,
    /// The first place that the rows cover.
    pub(super) first: Seq,
    /// The oldest entry that history has.
    pub(super) begins: Seq,
    /// Entries that came while the page is being loaded anew; none if it is not.
    pub(super) held: Option<VecDeque<Entry>>,
    /// Rows that were the first of a page, and still look so.
    pub(super) seams: Vec<Seq>,
    pub(super) zone: Zone,
}

impl Timeline {
    /// The timeline of a page, as this person sees it.
    #[must_use]
    pub fn new(opened: ConversationView, me: UserId, zone: Zone) -> Self {
        let ConversationView {
            what,
            settings,
            blocked,
            blocks,
            members,
            member_count,
            members_at,
            page,
            pins,
            read,
            ..
        } = opened;
        let log = Log {
            cursor: Cursor { epoch: page.epoch, seq: page.head },
            last: page.to,
            members_at,
            first: page.from,
            begins: page.begins,
            held: None,
            seams: Vec::new(),
            zone,
        };
        let is_unread = |entry: &&Entry| {
            let others = matches!(&entry.data, Event::Message { author, .. } if author.id != me);
            entry.seq > read && others
        };
        let timeline = Self {
            divider: page.entries.iter().find(is_unread).map(|entry| entry.seq),
            stays_unread: ArcRwSignal::new(false),
            what,
            blocked,
            blocks,
            rows: ArcRwSignal::new(rows_of(page).collect()),
            settings: ArcRwSignal::new(settings),
            marks: ArcRwSignal::new(members.iter().map(Member::marks).collect()),
            members: ArcRwSignal::new(members),
            member_count: ArcRwSignal::new(member_count),
            has_older: ArcRwSignal::new(log.first > log.begins),
            has_newer: ArcRwSignal::new(log.last < log.cursor.seq),
            pins: ArcRwSignal::new(pins.iter().filter_map(quote_of).collect()),
            seat_lost: ArcRwSignal::new(false),
            reads_old: ArcRwSignal::new(false),
            log: Arc::new(Mutex::new(log)),
        };
        timeline.lead();
        timeline
    }

    /// Its topic.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.what.topic()
    }

    /// How far it reaches.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.log().cursor
    }

    /// The first place that its rows cover.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.log().first
    }

    /// The last place that its rows cover.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.log().last
    }

    /// Shows newer messages below the last row.
    pub fn extend(&self, page: Rows) {
        let mut log = self.log();
        if page.epoch != log.cursor.epoch || page.from != log.last.next() {
            return;
        }
        log.last = page.to;
        // What is newer than the news that were heard comes as news.
        let reached = log.last.min(log.cursor.seq);
        log.last = reached;
        let has_newer = reached < log.cursor.seq;
        drop(log);
        let newer = rows_of(page).filter(|row| row.seq() <= Some(reached)).collect::<Vec<_>>();
        self.rows.update(|rows| {
            let place = facts_of(rows);
            rows.splice(place..place, newer);
            self.trim_older(rows);
        });
        self.has_newer.set(has_newer);
        self.lead();
    }

    /// Shows older messages above the first row.
    pub fn prepend(&self, page: Rows) {
        let mut log = self.log();
        if page.epoch != log.cursor.epoch || page.to.next() != log.first {
            return;
        }
        log.first = page.from;
        log.begins = page.begins;
        let has_older = log.first > log.begins;
        drop(log);
        let older = rows_of(page).collect::<Vec<_>>();
        self.rows.update(|rows| {
            // The first row so far keeps what stands above it as long as it is in sight.
            self.log().seams.extend(rows.first().and_then(Row::seq));
            rows.splice(0..0, older);
            self.trim_newer(rows);
        });
        self.has_older.set(has_older);
        self.lead();
    }

    /// What stands above a row changes only where nobody looks: rows that were the first of a page until others were put
    /// above them get their heads now, unless they are in sight.
    pub fn settle(&self, in_sight: impl Fn(Seq) -> bool) {
        let mut log = self.log();
        let before = log.seams.len();
        log.seams.retain(|seq| in_sight(*seq));
        let settled = log.seams.len() != before;
        drop(log);
        if settled {
            self.lead();
        }
    }

    /// Days and times are shown in this zone from now on.
    pub fn set_zone(&self, zone: Zone) {
        self.log().zone = zone;
        self.lead();
    }

    /// Shows what a page says instead of what was there; what is on its way stays.
    pub(super) fn reload(&self, page: ConversationView) {
        let mut log = self.log();
        if log.cursor.epoch != page.page.epoch {
            // Marks of another life say nothing of this one.
            self.marks.set(Vec::new());
        }
        log.cursor = Cursor { epoch: page.page.epoch, seq: page.page.head };
        log.last = page.page.to;
        log.members_at = page.members_at;
        log.first = page.page.from;
        log.begins = page.page.begins;
        log.seams.clear();
        let held = log.held.take().unwrap_or_default();
        let has_older = log.first > log.begins;
        let has_newer = log.last < log.cursor.seq;
        drop(log);
        self.has_newer.set(has_newer);
        self.pins.set(page.pins.iter().filter_map(quote_of).collect());
        self.settings.set(page.settings);
        self.note_marks(page.members.iter().map(Member::marks).collect());
        self.members.set(page.members);
        self.member_count.set(page.member_count);
        self.has_older.set(has_older);
        let mut fresh: Vec<Row> = rows_of(page.page).collect();
        self.rows.update(|rows| {
            let pending = rows.drain(..).filter(|row| row.seq().is_none());
            let pending: Vec<Row> = pending.filter(|row| fresh.iter().all(|f| f.key != row.key)).collect();
            fresh.extend(pending);
            *rows = fresh;
        });
        for entry in held {
            self.apply(entry);
        }
        self.lead();
    }

    /// From now until [`Timeline::reload`] entries wait.
    pub(super) fn hold(&self) {
        self.log().held.get_or_insert_default();
    }

    /// What a reply to the message at a place quotes, if its row is here.
    #[must_use]
    pub fn quote(&self, seq: Seq) -> Option<Quote> {
        self.content(seq)?.quote()
    }

    /// A quote as its message is now, if its row is here. Whoever reads it follows the row.
    #[must_use]
    pub fn current(&self, quote: Quote) -> Quote {
        let row = |rows: &Vec<Row>| rows.iter().find(|row| row.seq() == Some(quote.seq)).cloned();
        match self.rows.with_untracked(row).map(|row| row.content.get()) {
            Some(content) => content.quote().unwrap_or(Quote { excerpt: String::new(), ..quote }),
            None => quote,
        }
    }

    /// What the row at a place shows, if it is here.
    #[must_use]
    pub fn content(&self, seq: Seq) -> Option<RowContent> {
        self.rows.with_untracked(|rows| {
            rows.iter().find(|row| row.seq() == Some(seq)).map(|row| row.content.get_untracked())
        })
    }

    /// The newest message of somebody's that is a fact, if its row is here.
    #[must_use]
    pub fn newest_of(&self, person: &Person) -> Option<RowContent> {
        self.rows.with_untracked(|rows| {
            let facts = rows.iter().rev().map(|row| row.content.get_untracked());
            facts.into_iter().find(|content| {
                content.seq.is_some() && content.author().is_some_and(|author| author.id == person.id)
            })
        })
    }

    /// Works out what stands above each row, and tells only the rows for which it changed.
    pub(super) fn lead(&self) {
        let log = self.log();
        let (zone, seams) = (log.zone, log.seams.clone());
        drop(log);
        self.rows.with_untracked(|rows| {
            let mut above: Option<RowContent> = None;
            for row in rows {
                let content = row.content.get_untracked();
                let is_seam = content.seq.is_some_and(|seq| seams.contains(&seq));
                let lead = RowHeader::between(above.as_ref().filter(|_| !is_seam), &content, zone);
                if row.lead.with_untracked(|old| *old != lead) {
                    row.lead.set(lead);
                }
                above = Some(content);
            }
        });
    }

    pub(super) fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a member may do, as the list shows it.
pub(crate) fn role_of(members: &[Member], person: &Person) -> Option<Role> {
    members.iter().find(|member| member.person.id == person.id).map(|member| member.role)
}

/// The rows of a page.
fn rows_of(page: Rows) -> impl Iterator<Item = Row> {
    page.entries.into_iter().filter(|entry| !entry.data.is_silent()).map(Row::delivered)
}

/// How many of the rows are facts; what is on its way follows them.
pub(super) fn facts_of(rows: &[Row]) -> usize {
    rows.iter().position(|row| row.seq().is_none()).unwrap_or(rows.len())
}

pub(super) fn quote_of(entry: &Entry) -> Option<Quote> {
    RowContent::delivered(entry.clone()).quote()
}
