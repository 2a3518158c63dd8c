//! The query of a conversation's address: a message, a day, or a position in history.

use leptos_router::params::ParamsMap;
use wire::{Event, PageStart, Seq, Timestamp};

use crate::client::Timeline;
use crate::i18n::{Words, use_texts};
use crate::zone::Zone;

/// The part of a conversation that an address asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct AddressedPart {
    /// A message; none inside if the address has no valid Seq.
    message: Option<Option<Seq>>,
    /// A day, in days since 1970-01-01 of the viewer's calendar; none inside if the address has no valid date.
    day: Option<Option<i64>>,
    before: Option<Seq>,
}

impl AddressedPart {
    /// Parses the query of an address.
    pub(super) fn read(query: &ParamsMap) -> Self {
        let number = |name: &str| query.get(name).map(|value| value.parse().ok().map(Seq));
        let day = query.get("day").map(|day| {
            let start = format!("{day}T00:00:00.000Z").parse::<Timestamp>().ok()?;
            Some(start.day())
        });
        Self { message: number("at"), day, before: number("before").flatten() }
    }

    /// Returns true if it is a message.
    pub(super) const fn is_message(self) -> bool {
        self.message.is_some() && self.day.is_none()
    }

    /// Returns the start of the page.
    pub(super) fn place(self, zone: Zone) -> PageStart {
        match (self.message, self.before, self.day) {
            (Some(Some(at)), _, _) => PageStart::Around(at),
            (_, Some(before), _) => PageStart::Before(before),
            (_, None, Some(Some(day))) => PageStart::From(zone.begin_of(day)),
            (Some(None), None, _) => PageStart::Newest,
            (None, None, Some(None) | None) => PageStart::Unread,
        }
    }

    /// Returns the address that opens a day with its first row in sight; none if no day is asked for, or if it is
    /// that address already.
    #[cfg(feature = "ssr")]
    pub(super) fn begin_of_day(self, timeline: &Timeline, zone: Zone) -> Option<String> {
        use leptos::prelude::*;

        let day = self.day.flatten().filter(|_| self.message.is_none())?;
        let begin = zone.begin_of(day);
        let first = timeline.rows.with_untracked(|rows| {
            let first = |row: &crate::client::Row| {
                row.content.with_untracked(|content| content.seq.filter(|_| content.at >= begin))
            };
            rows.iter().find_map(first)
        })?;
        let date = Timestamp(day * 86_400_000).to_string();
        let date = date.split('T').next().unwrap_or_default();
        Some(format!("{}?day={date}&at={first}#m{first}", timeline.what.path()))
    }

    /// Returns the reason for which a page does not show what its address asks for; none if it does.
    pub(super) fn missing(self, timeline: &Timeline, zone: Zone) -> Option<String> {
        let t = use_texts();
        let row = |seq: Option<Seq>| seq.and_then(|seq| timeline.content(seq));
        match (self.day, self.message) {
            (Some(None), _) => Some(t.no_date().into()),
            (Some(Some(day)), at) => match row(at.flatten()) {
                // The first row from that day on: of that day, or of a later one.
                Some(first) if zone.local(first.at).day == day => None,
                Some(_) => Some(t.nothing_on(Words(&t.date(day))).plain()),
                None => Some(t.nothing_since(Words(&t.date(day))).plain()),
            },
            (None, Some(at)) => match row(at).map(|content| content.event) {
                Some(Event::Tombstone { .. }) => Some(t.deleted_here().into()),
                Some(_) => None,
                None => Some(t.no_message().into()),
            },
            (None, None) => None,
        }
    }
}
