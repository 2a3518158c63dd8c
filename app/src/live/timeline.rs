use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use leptos::prelude::*;
use wire::{
    Cursor, Entry, Event, GroupPage, GroupSummary, Member, Page, Person, RichText, Role, Seq, Settings, Topic,
};

use super::lead::Lead;
use super::outbox::Letter;
use super::row::{Content, Row, RowState, message_key};
use crate::browser::Zone;

/// The browser's view of one group's log: its rows, in order, without a hole, and who is there.
#[derive(Clone, Debug)]
pub struct Timeline {
    /// The group.
    pub group: GroupSummary,
    /// What is shown: facts in Seq order, then what is on its way.
    pub rows: ArcRwSignal<Vec<Row>>,
    /// What admins have set.
    pub settings: ArcRwSignal<Settings>,
    /// The seats, the longest there first.
    pub members: ArcRwSignal<Vec<Member>>,
    /// Whether history has older messages than the first row.
    pub has_older: ArcRwSignal<bool>,
    /// Whether the viewer has lost the seat.
    pub seat_lost: ArcRwSignal<bool>,
    /// Whether the viewer is reading far from the end; then no row goes away above them.
    pub reads_old: ArcRwSignal<bool>,
    log: Arc<Mutex<Log>>,
}

#[derive(Debug)]
struct Log {
    /// How far the rows reach.
    cursor: Cursor,
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
    /// The timeline of a page.
    #[must_use]
    pub fn new(page: GroupPage, zone: Zone) -> Self {
        let GroupPage { group, settings, members, members_at, page } = page;
        let log = Log {
            cursor: end_of(&page),
            members_at,
            first: start_of(&page),
            begins: page.begins,
            held: None,
            zone,
        };
        let timeline = Self {
            group,
            rows: ArcRwSignal::new(page.entries.into_iter().map(Row::delivered).collect()),
            settings: ArcRwSignal::new(settings),
            members: ArcRwSignal::new(members),
            has_older: ArcRwSignal::new(log.first > log.begins),
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
        Topic::group(self.group.id)
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
        let older = page.entries.into_iter().map(Row::delivered);
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
    pub(super) fn reload(&self, page: GroupPage) {
        let mut log = self.log();
        log.cursor = end_of(&page.page);
        log.members_at = page.members_at;
        log.first = start_of(&page.page);
        log.begins = page.page.begins;
        let held = log.held.take().unwrap_or_default();
        let has_older = log.first > log.begins;
        drop(log);
        self.settings.set(page.settings);
        self.members.set(page.members);
        self.has_older.set(has_older);
        let mut fresh: Vec<Row> = page.page.entries.into_iter().map(Row::delivered).collect();
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
        log.cursor.seq = entry.seq;
        let changes_members = entry.seq > log.members_at;
        drop(log);
        if changes_members {
            self.seat(&entry.data);
        }
        self.show(entry);
        Applied::Shown
    }

    /// Shows a message that is on its way, unless it is there already.
    pub(super) fn add_pending(&self, me: &Person, letter: &Letter) {
        let key = message_key(me, letter.id.as_str());
        let body = RichText::plain(&letter.text);
        let event = Event::Message { author: me.clone(), text: letter.text.clone(), body };
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
            Event::Changed { setting, .. } => self.settings.update(|settings| settings.set(setting.clone())),
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

fn end_of(page: &Page) -> Cursor {
    let seq = page.entries.last().map_or(page.head, |last| last.seq);
    Cursor { epoch: page.epoch, seq }
}

fn start_of(page: &Page) -> Seq {
    page.entries.first().map_or(page.head.next(), |first| first.seq)
}
