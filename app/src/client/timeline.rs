//! The timeline: the browser's view of one conversation's log, with members, pins and read state.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    ConversationSummary, ConversationView, Cursor, Entry, Event, Member, Person, Quote, ReadState, Role,
    Rows, Seq, Settings, Topic, UserId,
};

use super::row::Row;
use super::row_content::RowContent;
use super::row_header::RowHeader;
use crate::zone::Zone;

/// The browser's view of one conversation's log: its rows in order, without a hole, and its members.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The summary of the conversation.
    pub what: ConversationSummary,
    /// The rows: delivered ones in Seq order, then pending ones.
    pub rows: ArcRwSignal<Vec<Row>>,
    /// The group's settings; a direct has none.
    pub settings: ArcRwSignal<Option<Settings>>,
    /// True if one user of a direct has blocked the other.
    pub blocked: bool,
    /// True if the viewer is the one who blocked.
    pub blocks: bool,
    /// The viewer's membership and others, the longest-standing first; not all members of a large group.
    pub members: ArcRwSignal<Vec<Member>>,
    /// The number of members.
    pub member_count: ArcRwSignal<u32>,
    /// The members' read state: their delivered and read positions.
    pub marks: ArcRwSignal<Vec<ReadState>>,
    /// True if history has older messages than the first row.
    pub has_older: ArcRwSignal<bool>,
    /// True if there are newer messages than the last row: the page shows an earlier part of the log.
    pub has_newer: ArcRwSignal<bool>,
    /// The pinned messages, each with its Seq and its excerpt.
    pub pins: ArcRwSignal<Vec<Quote>>,
    /// The first message that was unread when the page was opened.
    pub divider: Option<Seq>,
    /// True if the viewer marked the conversation unread, to last until they come back.
    pub stays_unread: ArcRwSignal<bool>,
    /// True if the viewer is no longer a member.
    pub seat_lost: ArcRwSignal<bool>,
    /// True if the viewer is reading far from the end; then no row above them is removed.
    pub reads_old: ArcRwSignal<bool>,
    log: Arc<Mutex<TimelineState>>,
}

#[derive(Debug)]
pub(super) struct TimelineState {
    /// The position up to which entries were received.
    pub(super) cursor: Cursor,
    /// The last Seq that the rows cover; behind the cursor if the page shows an earlier part of the log.
    pub(super) last: Seq,
    /// The Seq at which the member list was loaded: it is loaded as a whole, so it may be ahead of the rows.
    pub(super) members_at: Seq,
    /// The first Seq that the rows cover.
    pub(super) first: Seq,
    /// The Seq of the oldest entry that history has.
    pub(super) begins: Seq,
    /// Entries that arrive while the page is reloading; none if it is not.
    pub(super) held: Option<VecDeque<Entry>>,
    /// The Seqs of rows that were the first of a page, and keep the header of a first row.
    pub(super) seams: Vec<Seq>,
    pub(super) zone: Zone,
}

impl Timeline {
    /// Creates the timeline of a page, as this user sees it.
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
        let log = TimelineState {
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

    /// Returns the topic of the conversation.
    #[must_use]
    pub fn topic(&self) -> Topic {
        self.what.topic()
    }

    /// Returns the position up to which entries were received.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        self.log().cursor
    }

    /// Returns the first Seq that the rows cover.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.log().first
    }

    /// Returns the last Seq that the rows cover.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.log().last
    }

    /// Returns true if history no longer has the oldest entries of the log.
    #[must_use]
    pub fn is_trimmed(&self) -> bool {
        self.log().begins > Seq(1)
    }

    /// Appends newer messages below the last row.
    pub fn extend(&self, page: Rows) {
        let mut log = self.log();
        if page.epoch != log.cursor.epoch || page.from != log.last.next() {
            return;
        }
        log.last = page.to;
        // Entries after the cursor arrive over the subscription.
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

    /// Prepends older messages above the first row.
    pub fn prepend(&self, page: Rows) {
        let mut log = self.log();
        if page.epoch != log.cursor.epoch {
            return;
        }
        // Entries that the rows cover may have been trimmed meanwhile; those before them are gone, too.
        log.begins = page.begins;
        if page.begins > log.first {
            drop(log);
            self.has_older.set(false);
            return;
        }
        if page.to.next() != log.first {
            return;
        }
        log.first = page.from;
        let has_older = log.first > log.begins;
        drop(log);
        let older = rows_of(page).collect::<Vec<_>>();
        self.rows.update(|rows| {
            // The row that was first keeps its header as long as it is in sight.
            self.log().seams.extend(rows.first().and_then(Row::seq));
            rows.splice(0..0, older);
            self.trim_newer(rows);
        });
        self.has_older.set(has_older);
        self.lead();
    }

    /// Updates the headers of rows that were the first of a page until older ones were prepended, unless they are in
    /// sight: a header changes only while nobody is looking at it.
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

    /// Sets the zone in which days and times are shown.
    pub fn set_zone(&self, zone: Zone) {
        self.log().zone = zone;
        self.lead();
    }

    /// Replaces the content by that of a freshly loaded page; pending messages stay.
    pub(super) fn reload(&self, page: ConversationView) {
        let mut log = self.log();
        if log.cursor.epoch != page.page.epoch {
            // The read state of another epoch does not apply to this one.
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

    /// Holds back entries until [`Timeline::reload`].
    pub(super) fn hold(&self) {
        self.log().held.get_or_insert_default();
    }

    /// Returns the quote for a reply to the message with this Seq, if its row is here.
    #[must_use]
    pub fn quote(&self, seq: Seq) -> Option<Quote> {
        self.content(seq)?.quote()
    }

    /// Returns a quote with the current text of its message, if the row is here. Tracks the row.
    #[must_use]
    pub fn current(&self, quote: Quote) -> Quote {
        let row = |rows: &Vec<Row>| rows.iter().find(|row| row.seq() == Some(quote.seq)).cloned();
        match self.rows.with_untracked(row).map(|row| row.content.get()) {
            Some(content) => {
                content.quote().unwrap_or(Quote { excerpt: String::new(), files: None, ..quote })
            }
            None => quote,
        }
    }

    /// Returns the content of the row with this Seq, if it is here.
    #[must_use]
    pub fn content(&self, seq: Seq) -> Option<RowContent> {
        self.rows.with_untracked(|rows| {
            rows.iter().find(|row| row.seq() == Some(seq)).map(|row| row.content.get_untracked())
        })
    }

    /// Returns a user's newest delivered message, if its row is here.
    #[must_use]
    pub fn newest_of(&self, person: &Person) -> Option<RowContent> {
        self.rows.with_untracked(|rows| {
            let facts = rows.iter().rev().map(|row| row.content.get_untracked());
            facts.into_iter().find(|content| {
                content.seq.is_some() && content.author().is_some_and(|author| author.id == person.id)
            })
        })
    }

    /// Computes the header of each row, and notifies only the rows whose header changed.
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

    pub(super) fn log(&self) -> MutexGuard<'_, TimelineState> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns a user's role, if the member list has them.
pub(crate) fn role_of(members: &[Member], person: &Person) -> Option<Role> {
    members.iter().find(|member| member.person.id == person.id).map(|member| member.role)
}

/// Returns the rows of a page.
fn rows_of(page: Rows) -> impl Iterator<Item = Row> {
    page.entries.into_iter().filter(|entry| !entry.data.is_silent()).map(Row::delivered)
}

/// Returns the number of delivered rows; pending ones follow them.
pub(super) fn facts_of(rows: &[Row]) -> usize {
    rows.iter().position(|row| row.seq().is_none()).unwrap_or(rows.len())
}

pub(super) fn quote_of(entry: &Entry) -> Option<Quote> {
    RowContent::delivered(entry.clone()).quote()
}
