//! The most users and conversations that an application may have.

use std::collections::HashMap;

use parking_lot::Mutex;
use wire::{ApplicationId, Timestamp};

/// The time for which a count that found no room is believed, unless something was deleted here.
const BELIEVED_MS: i64 = 1_000;

/// A thing of which an application may have only so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Limited {
    /// Users.
    Users,
    /// Conversations, but directs.
    Conversations,
}

/// The room that each application has left. The stored things are counted when a node first needs to know, and again when
/// the room of that count is used up; between two counts every creation takes its room here, before its commit. So one node
/// never exceeds a limit; several exceed it by no more than each had left.
#[derive(Debug, Default)]
pub(crate) struct ApplicationRoom(Mutex<HashMap<(ApplicationId, Limited), Room>>);

#[derive(Debug, Default)]
struct Room {
    /// The creations for which there is room, by the last count.
    left: u64,
    /// The creations under way.
    pending: u64,
    /// The creations that were committed here since the start.
    finished: u64,
    /// The time of the last count; none if it is to be counted anew.
    counted: Option<Timestamp>,
}

/// The answer to a request for room.
pub(super) enum Taken<'a> {
    /// There was room, which is taken.
    Permit(RoomPermit<'a>),
    /// There is none.
    Full,
    /// The stored things have to be counted first; and the number of creations that have finished until now.
    Uncounted { finished: u64 },
}

/// The room for one creation. It is given back if it is dropped, unless the creation was [`RoomPermit::used`].
pub(super) struct RoomPermit<'a> {
    rooms: &'a ApplicationRoom,
    key: (ApplicationId, Limited),
    used: bool,
}

impl ApplicationRoom {
    /// Takes room for one creation.
    pub(super) fn take(&self, key: (ApplicationId, Limited), now: Timestamp) -> Taken<'_> {
        let mut rooms = self.0.lock();
        let room = rooms.entry(key).or_default();
        if room.left > 0 {
            room.left -= 1;
            room.pending += 1;
            return Taken::Permit(RoomPermit { rooms: self, key, used: false });
        }
        match room.counted {
            Some(counted) if now.0 - counted.0 < BELIEVED_MS => Taken::Full,
            _ => Taken::Uncounted { finished: room.finished },
        }
    }

    /// Notes a count that began when `finished` creations had finished. Those under way, and those that have finished since,
    /// may not be in it, so their room stays taken.
    pub(super) fn counted(&self, key: (ApplicationId, Limited), left: u64, finished: u64, now: Timestamp) {
        let mut rooms = self.0.lock();
        let room = rooms.entry(key).or_default();
        let uncounted = room.pending + room.finished.saturating_sub(finished);
        (room.left, room.counted) = (left.saturating_sub(uncounted), Some(now));
    }

    /// Notes a deletion: if there is no room, it is counted anew at once.
    pub(super) fn deleted(&self, application: ApplicationId, of: Limited) {
        if let Some(room) = self.0.lock().get_mut(&(application, of)) {
            room.counted = None;
        }
    }
}

impl RoomPermit<'_> {
    /// Notes that the creation was committed.
    pub(super) fn used(mut self) {
        self.used = true;
    }
}

impl Drop for RoomPermit<'_> {
    fn drop(&mut self) {
        if let Some(room) = self.rooms.0.lock().get_mut(&self.key) {
            room.pending -= 1;
            room.left += u64::from(!self.used);
            room.finished += u64::from(self.used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (ApplicationId, Limited) = (ApplicationId(7), Limited::Users);

    fn permit(rooms: &ApplicationRoom, now: Timestamp) -> Option<RoomPermit<'_>> {
        match rooms.take(KEY, now) {
            Taken::Permit(permit) => Some(permit),
            Taken::Full | Taken::Uncounted { .. } => None,
        }
    }

    #[test]
    fn room_is_counted_first_taken_once_and_given_back() {
        let (rooms, now) = (ApplicationRoom::default(), Timestamp(5_000));
        assert!(matches!(rooms.take(KEY, now), Taken::Uncounted { finished: 0 }));
        rooms.counted(KEY, 2, 0, now);
        let (first, second) = (permit(&rooms, now).unwrap(), permit(&rooms, now).unwrap());
        assert!(matches!(rooms.take(KEY, now), Taken::Full));
        drop(second);
        permit(&rooms, now).unwrap().used();
        assert!(matches!(rooms.take(KEY, now), Taken::Full));
        // Counts that began before: neither the one under way nor the one that has finished is in them.
        rooms.counted(KEY, 2, 0, now);
        assert!(matches!(rooms.take(KEY, now), Taken::Full));
        first.used();
        rooms.counted(KEY, 2, 0, now);
        assert!(matches!(rooms.take(KEY, now), Taken::Full));
        let later = Timestamp(now.0 + BELIEVED_MS);
        assert!(matches!(rooms.take(KEY, later), Taken::Uncounted { finished: 2 }), "it is counted again");
        rooms.deleted(KEY.0, KEY.1);
        assert!(matches!(rooms.take(KEY, now), Taken::Uncounted { .. }));
        rooms.counted(KEY, 1, 2, now);
        assert!(permit(&rooms, now).is_some());
        let other = (ApplicationId(8), KEY.1);
        assert!(matches!(rooms.take(other, now), Taken::Uncounted { .. }), "others have their own");
    }
}
