//! Directs and blocked users: opening and blocking, finding people, and preferences of a conversation.

use broker::PresenceChange;
use wire::limits::PAGE_ENTRIES;
use wire::{
    AppRole, Conversation, ConversationSummary, ConversationView, GroupView, Member, NotificationLevel,
    PageStart, Pair, Person, Refusal, Role, Seq, Timestamp, Topic, UserId,
};

use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{AccountKey, MembershipState, UserWrite, event_of};
use crate::service::error::Error;
use crate::service::part::ListPart;

/// Directs, blocks, people and preferences.
impl Chat {
    /// Returns the direct with another user, at a page start; there is one with everybody.
    ///
    /// # Errors
    /// [`Refusal::DirectWithOneself`], [`Refusal::NotFound`] if there is no such user.
    pub async fn open_direct(
        &self,
        caller: &Caller,
        with: UserId,
        place: PageStart,
    ) -> Result<GroupView, Error> {
        let me = caller.user()?;
        let pair = Pair::of(me.id, with).ok_or(Refusal::DirectWithOneself)?;
        let conversation = Conversation::Direct(pair);
        let with = self.reader(caller).person(with).await?.ok_or(Refusal::NotFound)?;
        let standing = self.reader(caller).standing(conversation, me.id).await?.ok_or(Refusal::NotFound)?;
        self.may_meet_in(caller, conversation, &standing).await?;
        let others =
            if standing.blocked { None } else { self.reader(caller).standing(conversation, with.id).await? };
        let seat = |person: &Person, standing: MembershipState| Member {
            delivered: standing.delivered,
            read: standing.seen,
            ..Member::new(person.clone(), Role::Member, Timestamp(0))
        };
        let mut members = vec![seat(me, standing), seat(&with, others.unwrap_or_default())];
        for member in &mut members {
            member.account = self.is_known(caller, member.person.id).await?;
        }
        let member_count = 2;
        let opened = self
            .opened(caller, ConversationSummary::direct(pair, with), conversation, me.id, standing, place)
            .await?;
        Ok(GroupView::Inside(Box::new(ConversationView { members, member_count, ..opened })))
    }

    /// Returns a page of a conversation, without settings and members.
    pub(super) async fn opened(
        &self,
        caller: &Caller,
        what: ConversationSummary,
        conversation: Conversation,
        me: UserId,
        standing: MembershipState,
        place: PageStart,
    ) -> Result<ConversationView, Error> {
        let topic = &Topic::of(conversation);
        let page = self.rows_at(caller, conversation, me, place, standing.read).await?;
        let pins = self.reader(caller).pinned(topic).await?;
        Ok(ConversationView {
            what,
            settings: None,
            blocked: standing.blocked,
            blocks: standing.blocks,
            notify: standing.notify,
            hidden: standing.hidden,
            members: Vec::new(),
            member_count: 0,
            members_at: Seq::ZERO,
            read: standing.read,
            pins: pins.into_iter().map(|entry| entry.map(|data| event_of(&data))).collect(),
            page,
        })
    }

    /// Blocks a user, or ends the block. Meanwhile neither of the two can write to the other.
    ///
    /// # Errors
    /// [`Refusal::NotOneself`], [`Refusal::NotFound`] if there is no such user.
    pub async fn block(&self, caller: &Caller, user: UserId, on: bool) -> Result<(), Error> {
        let me = caller.user()?;
        if user == me.id {
            return Err(Refusal::NotOneself.into());
        }
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        self.reader(caller).person(user).await?.ok_or(Refusal::NotFound)?;
        self.commit(caller, UserWrite::Block { by: me.id, user, on }).await?;
        if let Some(pair) = Pair::of(me.id, user) {
            // The block hides presence from both, and its end shows it again.
            self.broker.note_presence(&caller.log(Topic::direct(pair)), me.id, PresenceChange::Came);
        }
        Ok(())
    }

    /// Refuses two users of whom one has blocked the other: neither adds the other to a group.
    pub(super) async fn no_block(&self, caller: &Caller, user: UserId) -> Result<(), Error> {
        let me = caller.user()?;
        let Some(pair) = Pair::of(me.id, user) else { return Ok(()) };
        let standing = self.reader(caller).standing(Conversation::Direct(pair), me.id).await?;
        if standing.is_some_and(|standing| standing.blocked) { Err(Refusal::Blocked.into()) } else { Ok(()) }
    }

    /// Returns the users whom a user has blocked, the last one first.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn blocked(&self, caller: &Caller) -> Result<Vec<Person>, Error> {
        let me = caller.user()?;
        Ok(self.reader(caller).blocked(me.id).await?)
    }

    /// Returns people to write to whose name contains these words. Guests find those who share a group with them;
    /// users with an account also find all others with one.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn people(&self, caller: &Caller, words: &str) -> Result<Vec<Person>, Error> {
        Ok(self.people_after(caller, words, None).await?.items)
    }

    /// As [`Chat::people`]; without words those after one of them.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn people_after(
        &self,
        caller: &Caller,
        words: &str,
        after: Option<UserId>,
    ) -> Result<ListPart<Person>, Error> {
        let me = caller.user()?;
        let account = self.reader(caller).account(AccountKey::User(me.id)).await?;
        let everyone = account.is_some_and(|account| account.role >= AppRole::Member);
        let found =
            self.reader(caller).people(me.id, words.trim(), everyone, after, PAGE_ENTRIES + 1).await?;
        Ok(ListPart::of(found, PAGE_ENTRIES))
    }

    /// Returns people whom a user may add to a group: those who share a group with them, and for application admins
    /// every user with an account.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub async fn may_be_added(&self, caller: &Caller) -> Result<Vec<Person>, Error> {
        let me = caller.user()?;
        let manages = self.own_app_role(caller, me.id).await? >= Some(AppRole::Admin);
        Ok(self.reader(caller).people(me.id, "", manages, None, PAGE_ENTRIES).await?)
    }

    /// Returns the caller's notification level in a conversation, and whether they have hidden it.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn preferences(
        &self,
        caller: &Caller,
        topic: &Topic,
    ) -> Result<(NotificationLevel, bool), Error> {
        caller.user()?;
        let (_, standing) = self.seat(caller, topic).await?;
        Ok((standing.notify, standing.hidden))
    }

    /// Sets a member's notification level in a conversation, and whether it is hidden.
    ///
    /// # Errors
    /// [`Refusal::NotFound`], [`Refusal::NotMember`].
    pub async fn set_preferences(
        &self,
        caller: &Caller,
        topic: &Topic,
        notify: NotificationLevel,
        hidden: bool,
    ) -> Result<(), Error> {
        let me = caller.user()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let at = self.clock.now();
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        self.seat_in(caller, conversation).await?;
        let preferred = wire::Event::Preferred { topic: topic.clone(), notify, hidden };
        let news = self.draft_news(Topic::user(me.id), me.id, &preferred, at);
        self.commit(caller, UserWrite::SetPreferences { conversation, user: me.id, notify, hidden, news })
            .await
            .map(|_| ())
    }
}
