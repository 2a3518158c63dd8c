//! The most users and conversations that an application may have.

use std::collections::HashMap;

use parking_lot::Mutex;
use wire::{ApplicationId, Refusal, Timestamp};

use crate::chat::Chat;
use crate::service::error::Error;

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

/// The room that each application has left. What is stored is counted when a node first needs to know, and again when the
/// room of that count is used up; between two counts every creation takes its room here, before its commit. So one node
/// never exceeds a limit; several exceed it by no more than each had left.
#[derive(Debug, Default)]
pub(crate) struct ApplicationRoom(Mutex<HashMap<(ApplicationId, Limited), Room>>);

#[derive(Debug, Default)]
struct Room {
    /// The creations for which there is room, by the last count.
    left: u64,
    /// The creations under way.
    pending: u64,
    /// The time of the last count; none if it is to be counted anew.
    counted: Option<Timestamp>,
}

/// The room for one creation. It is given back if it is dropped, unless the creation was [`RoomPermit::used`].
pub(super) struct RoomPermit<'a> {
    rooms: &'a ApplicationRoom,
    key: (ApplicationId, Limited),
    used: bool,
}

impl Chat {
    /// Takes the room for one more user or conversation of an application.
    ///
    /// # Errors
    /// [`Refusal::TooManyUsers`], [`Refusal::TooManyConversations`].
    pub(super) async fn take_room(
        &self,
        application: ApplicationId,
        of: Limited,
    ) -> Result<RoomPermit<'_>, Error> {
        let (key, now) = ((application, of), self.monotonic.now());
        if let Some(taken) = self.application_room.take(key, now) {
            return taken.map_err(|()| self.no_room(of).into());
        }
        let usage = self.store.reader(application).usage().await?;
        let (count, max) = match of {
            Limited::Users => (usage.users, self.limits.application_users),
            Limited::Conversations => (usage.groups, self.limits.application_conversations),
        };
        self.application_room.counted(key, max.saturating_sub(count), now);
        match self.application_room.take(key, now) {
            Some(Ok(permit)) => Ok(permit),
            Some(Err(())) | None => Err(self.no_room(of).into()),
        }
    }

    const fn no_room(&self, of: Limited) -> Refusal {
        match of {
            Limited::Users => Refusal::TooManyUsers { max: self.limits.application_users },
            Limited::Conversations => {
                Refusal::TooManyConversations { max: self.limits.application_conversations }
            }
        }
    }
}

impl ApplicationRoom {
    /// Takes room for one creation, or says that there is none; none if that has to be counted first.
    fn take(&self, key: (ApplicationId, Limited), now: Timestamp) -> Option<Result<RoomPermit<'_>, ()>> {
        let mut rooms = self.0.lock();
        let room = rooms.entry(key).or_default();
        if room.left == 0 {
            let is_believed = room.counted.is_some_and(|counted| now.0 - counted.0 < BELIEVED_MS);
            return is_believed.then_some(Err(()));
        }
        room.left -= 1;
        room.pending += 1;
        Some(Ok(RoomPermit { rooms: self, key, used: false }))
    }

    /// Notes a count. Creations under way may not be in it yet, so their room stays taken.
    fn counted(&self, key: (ApplicationId, Limited), left: u64, now: Timestamp) {
        let mut rooms = self.0.lock();
        let room = rooms.entry(key).or_default();
        (room.left, room.counted) = (left.saturating_sub(room.pending), Some(now));
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
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: (ApplicationId, Limited) = (ApplicationId(7), Limited::Users);

    #[test]
    fn room_is_counted_first_taken_once_and_given_back() {
        let (rooms, now) = (ApplicationRoom::default(), Timestamp(5_000));
        assert!(rooms.take(KEY, now).is_none(), "it was never counted");
        rooms.counted(KEY, 2, now);
        let first = rooms.take(KEY, now).unwrap().unwrap();
        let second = rooms.take(KEY, now).unwrap().unwrap();
        assert!(rooms.take(KEY, now).unwrap().is_err());
        drop(second);
        rooms.take(KEY, now).unwrap().unwrap().used();
        assert!(rooms.take(KEY, now).unwrap().is_err());
        // A count that another one has made meanwhile does not have the first one yet.
        rooms.counted(KEY, 1, now);
        assert!(rooms.take(KEY, now).unwrap().is_err());
        first.used();
        let later = Timestamp(now.0 + BELIEVED_MS);
        assert!(rooms.take(KEY, later).is_none(), "it is counted again");
        rooms.deleted(KEY.0, KEY.1);
        assert!(rooms.take(KEY, now).is_none());
        let (other, of) = (ApplicationId(8), KEY.1);
        assert!(rooms.take((other, of), now).is_none(), "others have their own");
    }
}
