//! Applying entries to a timeline: rows, amendments, pins, members and settings.

use leptos::prelude::*;
use wire::{Entry, Event, Member, Person, Quote, ReadState};

use super::row::Row;
use super::timeline::{Timeline, facts_of};

/// The effect of an entry on a timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Applied {
    /// It was applied.
    Shown,
    /// It was applied before, or waits for a page that is being loaded.
    Nothing,
    /// Entries between the cursor and this one are missing.
    Hole,
}

/// The most rows of history on a page. Beyond it rows at the far end are removed; history brings them back.
pub(super) const MOST_ROWS: usize = 300;

/// Entries of a conversation, as they arrive.
impl Timeline {
    /// Merges read states: positions only advance, in whatever order they arrive.
    pub(super) fn note_marks(&self, news: Vec<ReadState>) {
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

    pub(super) fn apply(&self, entry: Entry) -> Applied {
        let mut log = self.log();
        if let Some(held) = &mut log.held {
            held.push_back(entry);
            return Applied::Nothing;
        }
        if let Event::RestrictedMessage { id, message: Some(message), .. } = entry.data {
            let is_shown = log.last == log.cursor.seq && entry.seq >= log.first || entry.seq <= log.last;
            drop(log);
            self.place(
                Entry { id, topic: entry.topic, seq: entry.seq, data: *message, timestamp: entry.timestamp },
                is_shown,
            );
            return Applied::Shown;
        }
        if entry.seq <= log.cursor.seq {
            return Applied::Nothing;
        }
        if entry.seq != log.cursor.seq.next() {
            return Applied::Hole;
        }
        let is_silent = entry.data.is_silent();
        let shows_newest = log.last == log.cursor.seq && (is_silent || self.has_room(&entry));
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
        if is_silent {
            return Applied::Shown;
        }
        if shows_newest {
            self.show(entry);
        } else {
            self.has_newer.set(true);
        }
        Applied::Shown
    }

    /// Applies a message that only some members can read, or a change of one: it comes over the viewer's own topic,
    /// before its place in the log or after it.
    fn place(&self, entry: Entry, is_shown: bool) {
        self.amend(&entry);
        let is_new = |rows: &Vec<Row>| rows.iter().all(|row| row.seq() != Some(entry.seq));
        if is_shown && !entry.data.is_silent() && self.rows.with_untracked(is_new) {
            self.show(entry);
        }
    }

    /// Applies an amendment to the row of its message, if there is one, to the replies that quote it, and to the
    /// pins.
    pub(super) fn amend(&self, entry: &Entry) {
        let Some(target) = entry.data.target() else { return };
        let change = |event: Event| event.changed_by(&entry.data, entry.timestamp);
        self.rows.with_untracked(|rows| {
            for row in rows.iter().filter(|row| row.seq() == Some(target)) {
                row.content.update(|content| {
                    content.event = change(std::mem::replace(&mut content.event, Event::Unknown));
                });
            }
            let excerpt = match &entry.data {
                Event::Edited { text, body, .. } if !text.is_empty() => body.excerpt(),
                Event::Deleted { .. } => String::new(),
                _ => return,
            };
            for row in rows.iter().filter(|row| row.content.with_untracked(|c| c.quotes(target))) {
                row.content.update(|content| content.set_quote(&excerpt));
            }
        });
        if matches!(entry.data, Event::Deleted { .. }) {
            // The row below the deleted one may need a header of its own.
            self.lead();
        }
        match &entry.data {
            Event::Pinned { on: true, .. } => {
                // A pinned message that is not on this page is listed when the page is opened again.
                if let Some(quote) = self.quote(target) {
                    self.pins.update(|pins| {
                        pins.retain(|pin| pin.seq != target);
                        pins.push(quote);
                    });
                }
            }
            Event::Edited { text, body, .. } if !text.is_empty() => {
                let pinned = |pin: &Quote| pin.seq == target;
                if self.pins.with_untracked(|pins| pins.iter().any(pinned)) {
                    self.pins.update(|pins| {
                        pins.iter_mut()
                            .filter(|pin| pinned(pin))
                            .for_each(|pin| pin.requote(&body.excerpt()));
                    });
                }
            }
            Event::Pinned { on: false, .. } | Event::Deleted { .. } => {
                self.pins.update(|pins| pins.retain(|pin| pin.seq != target));
            }
            _ => {}
        }
    }

    /// Shows a committed entry at its place: in the row it had while it was pending, or in a new one. Delivered rows come
    /// before all pending ones.
    pub(super) fn show(&self, entry: Entry) {
        let fresh = Row::delivered(entry);
        let content = fresh.content.get_untracked();
        self.rows.update(|rows| {
            let pending = rows.iter().position(|row| row.key == fresh.key);
            let row = pending.map_or(fresh, |at| rows.remove(at));
            let place = rows[..facts_of(rows)].partition_point(|row| row.seq() < content.seq);
            row.content.set(content);
            rows.insert(place, row);
            self.trim_older(rows);
        });
        self.lead();
    }

    /// Returns true if a new row can be shown. A viewer who reads older messages on a full page loses none of them:
    /// the new message stays in history, off the page, unless it is the viewer's own.
    fn has_room(&self, entry: &Entry) -> bool {
        if !self.reads_old.get_untracked() {
            return true;
        }
        let key = Row::delivered(entry.clone()).key;
        self.rows.with_untracked(|rows| facts_of(rows) < MOST_ROWS || rows.iter().any(|row| row.key == key))
    }

    /// Removes the oldest rows beyond the most that a page holds.
    pub(super) fn trim_older(&self, rows: &mut Vec<Row>) {
        let facts = facts_of(rows);
        if facts > MOST_ROWS {
            rows.drain(..facts - MOST_ROWS);
            if let Some(first) = rows.first().and_then(Row::seq) {
                self.log().first = first;
                self.has_older.set(true);
            }
        }
    }

    /// Removes the newest rows beyond the most that a page holds; pending ones stay.
    pub(super) fn trim_newer(&self, rows: &mut Vec<Row>) {
        let facts = facts_of(rows);
        if facts > MOST_ROWS {
            rows.drain(MOST_ROWS..facts);
            if let Some(last) = rows[..MOST_ROWS].last().and_then(Row::seq) {
                self.log().last = last;
                self.has_newer.set(true);
            }
        }
    }

    pub(super) fn seat(&self, event: &Event) {
        if let Event::Joined { member: Member { person, .. } }
        | Event::Left { person }
        | Event::Removed { person, .. } = event
        {
            // A new membership begins without a read state.
            self.marks.update(|marks| marks.retain(|marks| marks.user != person.id));
        }
        match event {
            Event::Joined { member } => {
                self.member_count.update(|count| *count = count.saturating_add(1));
                self.members.update(|members| {
                    members.retain(|other| other.person.id != member.person.id);
                    members.push(member.clone());
                });
            }
            Event::Left { person } | Event::Removed { person, .. } => {
                self.member_count.update(|count| *count = count.saturating_sub(1));
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

    pub(super) fn change_seat(&self, person: &Person, change: impl Fn(&mut Member)) {
        self.members.update(|members| {
            members.iter_mut().filter(|member| member.person.id == person.id).for_each(change);
        });
    }
}
