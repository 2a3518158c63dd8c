//! The header of a row: a day divider, and the author unless the row above has the same.

use super::row_content::RowContent;
use crate::zone::Zone;

/// The header above a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowHeader {
    /// The day that begins with it, in days since 1970-01-01 of the viewer's calendar.
    pub day: Option<i64>,
    /// True if it continues the row above: same author, same day, within five minutes.
    pub follows: bool,
}

const CLOSE_MILLIS: i64 = 5 * 60 * 1_000;

impl RowHeader {
    /// Returns the header between two rows.
    #[must_use]
    pub fn between(above: Option<&RowContent>, row: &RowContent, zone: Zone) -> Self {
        let day = zone.local(row.at).day;
        let Some(above) = above else { return Self { day: Some(day), follows: false } };
        if zone.local(above.at).day != day {
            return Self { day: Some(day), follows: false };
        }
        let same_author = match (above.author(), row.author()) {
            (Some(above), Some(author)) => above.id == author.id,
            _ => false,
        };
        Self { day: None, follows: same_author && row.at.0 - above.at.0 < CLOSE_MILLIS }
    }
}

#[cfg(test)]
mod tests {
    use wire::{Event, Person, PersonName, RichText, Timestamp, UserId};

    use super::*;
    use crate::client::row_content::RowState;

    fn said(by: u8, at: i64) -> RowContent {
        let author = Person { id: UserId::from_bytes([by; 10]), name: PersonName::new("ann").unwrap() };
        let event = Event::message(author, String::new(), RichText::default(), None);
        RowContent { seq: None, at: Timestamp(at), event, state: RowState::Delivered }
    }

    #[test]
    fn a_day_begins_with_its_first_row_in_the_viewers_zone() {
        let minute = 60_000;
        let midnight = 86_400_000;
        let lead = |above: &RowContent, row: &RowContent| RowHeader::between(Some(above), row, Zone::UTC);
        assert_eq!(RowHeader::between(None, &said(1, 0), Zone::UTC).day, Some(0));
        assert_eq!(
            lead(&said(1, midnight - minute), &said(1, midnight)),
            RowHeader { day: Some(1), follows: false }
        );
        assert_eq!(lead(&said(1, 0), &said(1, minute)), RowHeader { day: None, follows: true });
        assert_eq!(lead(&said(1, 0), &said(2, minute)), RowHeader { day: None, follows: false });
        assert_eq!(lead(&said(1, 0), &said(1, 5 * minute)), RowHeader { day: None, follows: false });
    }
}
