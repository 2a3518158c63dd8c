//! Subscribing to live delivery, with the subscription limit, and recovery from history.

use broker::{Activation, OutboundConnection, Presence};
use wire::limits::{REPLAY_ENTRIES, SUBSCRIPTIONS};
use wire::{Cursor, LogKey, Refusal, ResetReason, Seq, Topic};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{Opened, Range};
use crate::rules::{Resume, resume};
use crate::service::error::{Error, Fault};
use crate::service::history::bounds;

/// The beginning of a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscribed {
    /// The cursor after which delivery begins.
    pub cursor: Cursor,
    /// The newest entry at this moment.
    pub head: Seq,
    /// The oldest entry that history has.
    pub begins: Seq,
    /// The reason that the gap before `cursor` is not replayed, if it is not.
    pub reset: Option<ResetReason>,
}

/// One step of recovery for a subscriber that fell behind the broker's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatchUp {
    /// The next frames of the gap were offered to the connection.
    Frames,
    /// The gap is not replayed; the subscriber's cursor is at the head.
    Reset {
        /// The reason that the gap is not replayed.
        reason: ResetReason,
        /// The cursor after which delivery continues.
        cursor: Cursor,
        /// The oldest entry that history has.
        begins: Seq,
    },
}

/// The most times that a subscribe begins. Each time it reads a newer state, which is outdated only if the log has moved
/// on between two steps.
const ATTEMPTS: usize = 16;

/// Subscriptions to topics, and recovery of subscribers that fell behind.
impl Chat {
    /// Subscribes a connection to a topic, after `since` or at the head. Subscribing again begins anew.
    ///
    /// # Errors
    /// Those of [`Chat::history`], and [`Refusal::TooManySubscriptions`].
    pub async fn subscribe(
        &self,
        reader: &mut OutboundConnection,
        caller: &Caller,
        topic: &Topic,
        since: Option<Cursor>,
    ) -> Result<Subscribed, Error> {
        let log = &caller.log(topic.clone());
        reader.unsubscribe(log);
        if reader.subscriptions() >= SUBSCRIPTIONS {
            return Err(Refusal::TooManySubscriptions.into());
        }
        for _ in 0..ATTEMPTS {
            self.bus.follow(log);
            // Reserves the subscription before it reads membership and head in one snapshot: cutoffs in between are not missed.
            reader.reserve(log);
            let begun = self.begin(reader, caller, topic, since).await;
            if let Ok(Some(begun)) = begun {
                return Ok(begun);
            }
            reader.unsubscribe(log);
            begun?;
        }
        Err(Fault::new("subscribe", format!("{log} has moved on at every attempt")).into())
    }

    /// Subscribes anew where this node has lost entries, after the cursor that the subscriber has.
    ///
    /// # Errors
    /// Those of [`Chat::subscribe`].
    pub async fn reopen(
        &self,
        reader: &mut OutboundConnection,
        caller: &Caller,
        topic: &Topic,
        cursor: Seq,
    ) -> Result<CatchUp, Error> {
        let since = Cursor { epoch: self.store.epoch(), seq: cursor };
        let Subscribed { cursor, begins, reset, .. } =
            self.subscribe(reader, caller, topic, Some(since)).await?;
        Ok(reset.map_or(CatchUp::Frames, |reason| CatchUp::Reset { reason, cursor, begins }))
    }

    /// Reads membership and head, and activates a reserved subscription; none if what was read is older than what this
    /// node has seen of the log.
    async fn begin(
        &self,
        reader: &mut OutboundConnection,
        caller: &Caller,
        topic: &Topic,
        since: Option<Cursor>,
    ) -> Result<Option<Subscribed>, Error> {
        let (Opened { page, .. }, standing) = self.open(caller, topic, Range::default(), None).await?;
        self.recent.check(&caller.log(topic.clone()), bounds(&page));
        let (from, reset) = match resume(since, page.epoch, page.begins, page.head) {
            Resume::After(seq) => (seq, None),
            Resume::Reset(reason) => (page.head, Some(reason)),
        };
        if reader.activate(&caller.log(topic.clone()), from, page.head) == Activation::Outdated {
            return Ok(None);
        }
        if let Some(reason) = reset {
            self.metrics.reset(reason);
        }
        // A client that resumes has everything up to there.
        if let Some(me) = caller.signed_in()
            && *topic == Topic::user(me.id)
            && since.is_some()
            && reset.is_none()
            && from > self.reader(caller).own_delivered(me.id).await?
        {
            self.ephemeral.confirm_own(caller.key(me.id), from);
        }
        if let (Some(me), Some(conversation), Some(standing)) =
            (caller.signed_in(), topic.conversation(), standing)
            && since.is_some()
            && reset.is_none()
            && from > standing.delivered
        {
            self.ephemeral.confirm(conversation, caller.key(me.id), from);
        }
        let cursor = Cursor { epoch: page.epoch, seq: from };
        Ok(Some(Subscribed { cursor, head: page.head, begins: page.begins, reset }))
    }

    /// Returns the users who are subscribed to a topic; nobody in a direct of which one user has blocked the other.
    ///
    /// # Errors
    /// Those of [`Chat::history`].
    pub async fn presence(&self, caller: &Caller, topic: &Topic) -> Result<Presence, Error> {
        let standing = self.may_read(caller, topic).await?;
        if standing.is_some_and(|standing| standing.blocked) {
            return Ok(Presence::default());
        }
        let log = caller.log(topic.clone());
        Ok(self.ephemeral.presence(&log, self.broker.presence(&log)))
    }

    /// Brings a subscriber that fell behind the broker's log a page nearer to `until`, or resets it.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn catch_up(
        &self,
        reader: &mut OutboundConnection,
        log: &LogKey,
        cursor: Seq,
        until: Seq,
    ) -> Result<CatchUp, Error> {
        let gap = match self.recent.recovery_page(&*self.store, log, cursor, until).await? {
            Some(page) => {
                self.recent.hit();
                page
            }
            None => self.recovery_cache.page(&*self.store, log, cursor, until).await?,
        };
        let reason = if gap.begins > cursor.next() {
            ResetReason::Trimmed
        } else if until.0.saturating_sub(cursor.0) > REPLAY_ENTRIES {
            ResetReason::TooFarBehind
        } else {
            let frames = gap.between(cursor, until);
            if frames.is_empty() {
                return Err(Fault::new("catch_up", format!("{log} has nothing after {cursor}")).into());
            }
            reader.offer(log, frames);
            return Ok(CatchUp::Frames);
        };
        self.metrics.reset(reason);
        reader.advance(log, until);
        let cursor = Cursor { epoch: gap.epoch, seq: until };
        Ok(CatchUp::Reset { reason, cursor, begins: gap.begins })
    }
}
