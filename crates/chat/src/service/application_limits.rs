//! Limits of an application: the room for one more user or conversation.

use wire::{ApplicationId, Refusal};

use super::application_room::{Limited, RoomPermit, Taken};
use crate::chat::Chat;
use crate::service::error::Error;

/// Limits of an application.
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
        let finished = match self.application_room.take(key, now) {
            Taken::Permit(permit) => return Ok(permit),
            Taken::Full => return Err(self.no_room(of).into()),
            Taken::Uncounted { finished } => finished,
        };
        let usage = self.store.reader(application).usage().await?;
        let (count, max) = match of {
            Limited::Users => (usage.users, self.limits.application_users),
            Limited::Conversations => (usage.groups, self.limits.application_conversations),
        };
        self.application_room.counted(key, max.saturating_sub(count), finished, now);
        match self.application_room.take(key, now) {
            Taken::Permit(permit) => Ok(permit),
            Taken::Full | Taken::Uncounted { .. } => Err(self.no_room(of).into()),
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
