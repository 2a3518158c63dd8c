use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    Cursor, Entry, Event, Marks, Member, Opened, Page, Person, Quote, RichText, Role, Seq, Settings, Summary,
    Topic, UserId,
};

use super::lead::Lead;
use super::outbox::Letter;
use super::row::{Content, Row, RowState, message_key};
use crate::browser::Zone;

/// The browser's view of one conversation's log: its rows, in order, without a hole, and who is there.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The conversation.
    pub what: Summary,
    /// What is shown: facts in Seq order, then what is on its way.
    pub rows: ArcRwSignal<Vec<Row>>,
    /// What admins have set; a direct has none.
    pub settings: ArcRwSignal<Option<Settings>>,
    /// Whether one of the two of a direct has blocked the other.
    pub blocked: bool,
    /// Whether it is the viewer who has.
    pub blocks: bool,
    /// The seats, the longest there first.
    pub members: ArcRwSignal<Vec<Member>>,
    /// How far the log has come to them.
    pub marks: ArcRwSignal<Vec<Marks>>,
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
struct Log {
    /// How far the news were heard.
    cursor: Cursor,
    /// How far the rows reach; behind the cursor if the page shows an earlier part of the log.
    last: Seq,
    /// How far the member list reaches: it is loaded whole, so it may be ahead of the rows.
    members_at: Seq,
    /// The place of the first row.
    first: Seq,
    /// The oldest entry that history has.
    begins: Seq,
    /// Entries that came while the page is being loaded anew; none if it is not.
    held: Option<VecDeque<Entry>>,
    zone: Zone,
}

/// What an entry did to a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// It is shown.
    Shown,
    /// It was there already, or waits for a page that is being loaded.
    Nothing,
    /// Entries between the cursor and this one are missing.
    Hole,
}

/// The most rows a page carries; past that the oldest go, and history brings them back.
const MOST_ROWS: usize = 300;

impl Timeline {
    /// The timeline of a page, as this person sees it.
    #[must_use]
    pub fn new(opened: Opened, me: UserId, zone: Zone) -> Self {
        let Opened { what, settings, blocked, blocks, members, members_at, page, pins, read, .. } = opened;
        let log = Log {
            cursor: Cursor { epoch: page.epoch, seq: page.head },
            last: end_of(&page),
            members_at,
            first: start_of(&page),
            begins: page.begins,
            held: None,
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

    /// The place of its first row.
    #[must_use]
    pub fn first(&self) -> Seq {
        self.log().first
    }

    /// The place of its last row.
    #[must_use]
    pub fn last(&self) -> Seq {
        self.log().last
    }

    /// Shows newer messages below the last row.
    pub fn extend(&self, page: Page) {
        let mut log = self.log();
        let fits = page.entries.first().is_some_and(|first| first.seq == log.last.next());
        if page.epoch != log.cursor.epoch || !fits {
            return;
        }
        log.last = end_of(&page);
        // What is newer than the news that were heard comes as news.
        let reached = log.last.min(log.cursor.seq);
        log.last = reached;
        let has_newer = reached < log.cursor.seq;
        drop(log);
        let newer = rows_of(page).filter(|row| row.seq() <= Some(reached)).collect::<Vec<_>>();
        self.rows.update(|rows| {
            let place = rows.iter().position(|row| row.seq().is_none()).unwrap_or(rows.len());
            rows.splice(place..place, newer);
        });
        self.has_newer.set(has_newer);
        self.lead();
    }

    /// Shows older messages above the first row.
    pub fn prepend(&self, page: Page) {
        let mut log = self.log();
        if page.epoch != log.cursor.epoch
            || page.entries.last().is_none_or(|last| last.seq.next() != log.first)
        {
            return;
        }
        log.first = start_of(&page);
        log.begins = page.begins;
        let has_older = log.first > log.begins;
        drop(log);
        let older = rows_of(page).collect::<Vec<_>>();
        self.rows.update(|rows| {
            rows.splice(0..0, older);
        });
        self.has_older.set(has_older);
        self.lead();
    }

    /// Days and times are shown in this zone from now on.
    pub fn set_zone(&self, zone: Zone) {
        self.log().zone = zone;
        self.lead();
    }

    /// Shows what a page says instead of what was there; what is on its way stays.
    pub(super) fn reload(&self, page: Opened) {
        let mut log = self.log();
        if log.cursor.epoch != page.page.epoch {
            // Marks of another life say nothing of this one.
            self.marks.set(Vec::new());
        }
        log.cursor = Cursor { epoch: page.page.epoch, seq: page.page.head };
        log.last = end_of(&page.page);
        log.members_at = page.members_at;
        log.first = start_of(&page.page);
        log.begins = page.page.begins;
        let held = log.held.take().unwrap_or_default();
        let has_older = log.first > log.begins;
        let has_newer = log.last < log.cursor.seq;
        drop(log);
        self.has_newer.set(has_newer);
        self.pins.set(page.pins.iter().filter_map(quote_of).collect());
        self.settings.set(page.settings);
        self.note_marks(page.members.iter().map(Member::marks).collect());
        self.members.set(page.members);
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

    /// Marks only move on, whatever comes when.
    pub(super) fn note_marks(&self, news: Vec<Marks>) {
        self.marks.update(|marks| {
            for new in news {
                match marks.iter_mut().find(|marks| marks.user == new.user) {
                    Some(marks) => {
                        marks.delivered = marks.delivered.max(new.delivered);
                        marks.read = marks.read.max(new.read);
                    }
                    None => marks.push(new),
                }
            }
        });
    }

    /// From now until [`Timeline::reload`] entries wait.
    pub(super) fn hold(&self) {
        self.log().held.get_or_insert_default();
    }

    pub(super) fn apply(&self, entry: Entry) -> Applied {
        let mut log = self.log();
        if let Some(held) = &mut log.held {
            held.push_back(entry);
            return Applied::Nothing;
        }
        if entry.seq <= log.cursor.seq {
            return Applied::Nothing;
        }
        if entry.seq != log.cursor.seq.next() {
            return Applied::Hole;
        }
        let shows_newest = log.last == log.cursor.seq;
        log.cursor.seq = entry.seq;
        if shows_newest {
            log.last = entry.seq;
        }
        let changes_members = entry.seq > log.members_at;
        drop(log);
        if changes_members {
            self.seat(&entry.data);
        }
        self.amend(&entry);
        if entry.data.is_silent() {
            return Applied::Shown;
        }
        if shows_newest {
            self.show(entry);
        } else {
            self.has_newer.set(true);
        }
        Applied::Shown
    }

    /// Changes the row of a message, if it is shown, the replies that quote it, and the pins.
    fn amend(&self, entry: &Entry) {
        let Some(target) = entry.data.target() else { return };
        let change = |event: Event| event.changed_by(&entry.data, entry.timestamp);
        self.rows.with_untracked(|rows| {
            for row in rows.iter().filter(|row| row.seq() == Some(target)) {
                row.content.update(|content| {
                    content.event = change(std::mem::replace(&mut content.event, Event::Unknown));
                });
            }
            if matches!(entry.data, Event::Deleted { .. }) {
                for row in rows.iter().filter(|row| row.content.with_untracked(|c| c.quotes(target))) {
                    row.content.update(Content::forget_quote);
                }
            }
        });
        if matches!(entry.data, Event::Deleted { .. }) {
            // What stood under its head needs one of its own.
            self.lead();
        }
        match &entry.data {
            Event::Pinned { on: true, .. } => {
                // A message that is not on this page shows among the pins when the page is opened again.
                if let Some(quote) = self.quote(target) {
                    self.pins.update(|pins| {
                        pins.retain(|pin| pin.seq != target);
                        pins.push(quote);
                    });
                }
            }
            Event::Pinned { on: false, .. } | Event::Deleted { .. } => {
                self.pins.update(|pins| pins.retain(|pin| pin.seq != target));
            }
            _ => {}
        }
    }

    /// What a reply to the message at a place quotes, if its row is here.
    #[must_use]
    pub fn quote(&self, seq: Seq) -> Option<Quote> {
        self.content(seq)?.quote()
    }

    /// What the row at a place shows, if it is here.
    #[must_use]
    pub fn content(&self, seq: Seq) -> Option<Content> {
        self.rows.with_untracked(|rows| {
            rows.iter().find(|row| row.seq() == Some(seq)).map(|row| row.content.get_untracked())
        })
    }

    /// The newest message of somebody's that is a fact, if its row is here.
    #[must_use]
    pub fn newest_of(&self, person: &Person) -> Option<Content> {
        self.rows.with_untracked(|rows| {
            let facts = rows.iter().rev().map(|row| row.content.get_untracked());
            facts.into_iter().find(|content| {
                content.seq.is_some() && content.author().is_some_and(|author| author.id == person.id)
            })
        })
    }

    /// Shows a message that is on its way, unless it is there already.
    pub(super) fn add_pending(&self, me: &Person, letter: &Letter) {
        let key = message_key(me, letter.id.as_str());
        let body = RichText::plain(&letter.text);
        let event = Event::message(me.clone(), letter.text.clone(), body, letter.reply_to.clone());
        let state = letter.refused.clone().map_or(RowState::Sending, RowState::Failed);
        let content = Content { seq: None, at: letter.at, event, state };
        if self.rows.with_untracked(|rows| rows.iter().all(|row| row.key != key)) {
            self.rows.update(|rows| rows.push(Row::new(key, content)));
            self.lead();
        }
    }

    /// Whether the row of this message of mine is a fact.
    pub(super) fn has_delivered(&self, me: &Person, id: &str) -> bool {
        let key = message_key(me, id);
        self.rows.with_untracked(|rows| rows.iter().any(|row| row.key == key && row.seq().is_some()))
    }

    /// A message of mine is a fact. Its entry follows, or has been here already; if it stands above the rows
    /// that are shown, there is no row for it here.
    pub(super) fn acknowledge(&self, me: &Person, id: &str, seq: Seq) {
        if seq <= self.cursor().seq {
            self.remove_pending(me, id);
        } else {
            self.set_pending(me, id, &RowState::Delivered);
        }
    }

    pub(super) fn set_pending(&self, me: &Person, id: &str, state: &RowState) {
        let key = message_key(me, id);
        self.rows.with_untracked(|rows| {
            for row in rows.iter().filter(|row| row.key == key && row.seq().is_none()) {
                row.content.update(|content| content.state = state.clone());
            }
        });
    }

    pub(super) fn remove_pending(&self, me: &Person, id: &str) {
        let key = message_key(me, id);
        self.rows.update(|rows| rows.retain(|row| row.key != key || row.seq().is_some()));
        self.lead();
    }

    /// Gives a fact its row: the one it had while it was on its way, or a new one. Facts stand before
    /// everything that is on its way.
    fn show(&self, entry: Entry) {
        let fresh = Row::delivered(entry);
        let content = fresh.content.get_untracked();
        let mut trimmed = None;
        let most = if self.reads_old.get_untracked() { usize::MAX } else { MOST_ROWS };
        self.rows.update(|rows| {
            let place = rows.iter().position(|row| row.seq().is_none()).unwrap_or(rows.len());
            match rows.iter().position(|row| row.key == fresh.key) {
                Some(at) => {
                    let row = rows.remove(at);
                    row.content.set(content);
                    rows.insert(place.min(rows.len()), row);
                }
                None => rows.insert(place, fresh),
            }
            if rows.len() > most {
                rows.drain(..rows.len() - most);
                trimmed = rows.first().and_then(Row::seq);
            }
        });
        if let Some(first) = trimmed {
            self.log().first = first;
            self.has_older.set(true);
        }
        self.lead();
    }

    fn seat(&self, event: &Event) {
        if let Event::Joined { member: Member { person, .. } }
        | Event::Left { person }
        | Event::Removed { person, .. } = event
        {
            // A new seat begins with nothing.
            self.marks.update(|marks| marks.retain(|marks| marks.user != person.id));
        }
        match event {
            Event::Joined { member } => self.members.update(|members| {
                members.retain(|other| other.person.id != member.person.id);
                members.push(member.clone());
            }),
            Event::Left { person } | Event::Removed { person, .. } => {
                self.members.update(|members| members.retain(|other| other.person.id != person.id));
            }
            Event::Ranked { person, role, .. } => self.change_seat(person, |member| member.role = *role),
            Event::Muted { person, until, .. } => {
                self.change_seat(person, |member| member.muted_until = *until);
            }
            Event::Changed { setting, .. } => self.settings.update(|settings| {
                if let Some(settings) = settings {
                    settings.set(setting.clone());
                }
            }),
            _ => {}
        }
    }

    fn change_seat(&self, person: &Person, change: impl Fn(&mut Member)) {
        self.members.update(|members| {
            members.iter_mut().filter(|member| member.person.id == person.id).for_each(change);
        });
    }

    /// Works out what stands above each row, and tells only the rows for which it changed.
    fn lead(&self) {
        let zone = self.log().zone;
        self.rows.with_untracked(|rows| {
            let mut above: Option<Content> = None;
            for row in rows {
                let content = row.content.get_untracked();
                let lead = Lead::between(above.as_ref(), &content, zone);
                if row.lead.with_untracked(|old| *old != lead) {
                    row.lead.set(lead);
                }
                above = Some(content);
            }
        });
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a member may do, as the list shows it.
pub(crate) fn role_of(members: &[Member], person: &Person) -> Option<Role> {
    members.iter().find(|member| member.person.id == person.id).map(|member| member.role)
}

/// The rows of a page. A change of a message has no row of its own.
fn rows_of(page: Page) -> impl Iterator<Item = Row> {
    page.entries.into_iter().filter(|entry| !entry.data.is_silent()).map(Row::delivered)
}

fn quote_of(entry: &Entry) -> Option<Quote> {
    Content::delivered(entry.clone()).quote()
}

fn end_of(page: &Page) -> Seq {
    page.entries.last().map_or(page.head, |last| last.seq)
}

fn start_of(page: &Page) -> Seq {
    page.entries.first().map_or(page.head.next(), |first| first.seq)
}
