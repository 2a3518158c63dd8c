//! Conversations in memory: directs, blocks, and each member's state.

use std::collections::HashMap;

use wire::{
    Conversation, ConversationItem, ConversationSummary, GroupSummary, Pair, Person, Role, Timestamp, Topic,
    UserId,
};

use super::accounts::by_name;
use super::log::MemoryLog;
use super::records::MemberView;
use super::state::ApplicationState;
use crate::ports::store::{CALLED, Conversations, DirectCreation, MembershipState, NEAR, Unread, folded};

/// Membership states in conversations.
impl ApplicationState {
    pub(super) fn standing(&self, conversation: Conversation, user: UserId) -> Option<MembershipState> {
        match conversation {
            Conversation::Group(id) => self.in_group(id, user),
            Conversation::Direct(pair) => self.in_direct(pair, user),
        }
    }

    /// Returns true if it is a direct in which one user has blocked the other.
    pub(super) fn is_blocked(&self, conversation: Conversation) -> bool {
        let Conversation::Direct(pair) = conversation else { return false };
        let [one, other] = pair.people();
        self.blocks(one, other) || self.blocks(other, one)
    }

    pub(super) fn blocks(&self, by: UserId, user: UserId) -> bool {
        self.blocks.get(&by).is_some_and(|of| of.contains(&user))
    }

    pub(super) fn in_direct(&self, pair: Pair, user: UserId) -> Option<MembershipState> {
        if !pair.has(user) || pair.people().iter().any(|user| !self.people.contains_key(user)) {
            return None;
        }
        let other = pair.other(user);
        let view = self.directs.get(&user).and_then(|views| views.get(&other)).copied();
        let MemberView { read, delivered, seen, notify, hidden, .. } = view.unwrap_or_default();
        Some(MembershipState {
            role: Some(Role::Member),
            read,
            delivered,
            seen,
            notify,
            hidden,
            blocked: self.is_blocked(Conversation::Direct(pair)),
            blocks: self.blocks(user, other),
            listed: view.is_some(),
            ..MembershipState::default()
        })
    }

    pub(super) fn conversations(&self, user: UserId, limit: usize) -> Conversations {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let groups = joined.iter().filter_map(|id| {
            let group = self.groups.get(id)?;
            let since = group.views.get(&user)?.since;
            let summary =
                ConversationSummary::Group(GroupSummary { id: *id, name: group.settings.name.clone() });
            Some((self.newest(&Topic::group(*id)).unwrap_or(since), summary))
        });
        let views = self.directs.get(&user);
        let directs = views.into_iter().flat_map(HashMap::keys).filter_map(|other| {
            let (pair, with) = (Pair::of(user, *other)?, self.person(*other)?);
            Some((
                self.newest(&Topic::direct(pair)).unwrap_or(Timestamp(0)),
                ConversationSummary::direct(pair, with),
            ))
        });
        let mut newest: Vec<(Timestamp, ConversationSummary)> = groups.chain(directs).collect();
        newest.sort_by_cached_key(|(at, what)| std::cmp::Reverse((*at, what.topic())));
        let more = newest.len() > limit;
        newest.truncate(limit);
        let mine = newest.into_iter().filter_map(|(at, what)| self.mine(what, user, at)).collect();
        Conversations { mine, more, head: self.head(&Topic::user(user)) }
    }

    fn newest(&self, topic: &Topic) -> Option<Timestamp> {
        self.logs.get(topic).and_then(MemoryLog::newest)
    }

    fn mine(&self, what: ConversationSummary, user: UserId, at: Timestamp) -> Option<ConversationItem> {
        let topic = what.topic();
        let conversation = topic.conversation()?;
        let MembershipState { read, notify, hidden, .. } = self.standing(conversation, user)?;
        let Unread { messages: unread, mentions } = self.unread(conversation, user, read);
        Some(ConversationItem { what, unread, mentions, notify, hidden, head: self.head(&topic), at })
    }

    pub(super) fn people(
        &self,
        user: UserId,
        words: &str,
        everyone: bool,
        after: Option<UserId>,
        limit: usize,
    ) -> Vec<Person> {
        let words = folded(words);
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let groups = joined.iter().filter_map(|id| self.groups.get(id));
        let near = groups.clone().flat_map(|group| &group.members).take(NEAR).map(|member| &member.person);
        let mut known: HashMap<UserId, Person> = HashMap::new();
        known.extend(near.map(|person| (person.id, person.clone())));
        if !words.is_empty() {
            let called = self.guest_names.with(&words).chain(self.account_names.with(&words)).take(CALLED);
            let called = called.filter(|id| groups.clone().any(|group| group.views.contains_key(id)));
            known.extend(called.filter_map(|id| Some((id, self.person(id)?))));
        }
        if everyone {
            let holders = self.account_holders(&words, after, limit.saturating_add(1));
            known.extend(holders.into_iter().map(|person| (person.id, person)));
        }
        known.remove(&user);
        let after = after.filter(|_| words.is_empty()).and_then(|id| self.person(id));
        let after = after.as_ref().map(by_name);
        let mut people: Vec<(String, UserId)> = known.values().map(by_name).collect();
        people.retain(|one| one.0.contains(&words) && after.as_ref().is_none_or(|after| one > after));
        people.sort();
        people.truncate(limit);
        people.into_iter().filter_map(|(_, id)| known.remove(&id)).collect()
    }

    pub(super) fn blocked(&self, user: UserId) -> Vec<Person> {
        let blocked = self.blocks.get(&user).map(Vec::as_slice).unwrap_or_default();
        blocked.iter().rev().filter_map(|user| self.person(*user)).collect()
    }

    /// Lists a direct for both its users, with the entries about it, unless it was listed before.
    pub(super) fn list_direct(&mut self, DirectCreation { pair, news }: &DirectCreation) {
        let [low, high] = pair.people();
        if self.directs.get(&low).is_some_and(|views| views.contains_key(&high)) {
            return;
        }
        for (user, other) in [(low, high), (high, low)] {
            self.directs.entry(user).or_default().insert(other, MemberView::default());
        }
        for draft in news {
            self.append(draft.clone());
        }
    }

    pub(super) fn view_mut(&mut self, conversation: Conversation, user: UserId) -> Option<&mut MemberView> {
        match conversation {
            Conversation::Group(id) => self.groups.get_mut(&id)?.views.get_mut(&user),
            Conversation::Direct(pair) => self.directs.get_mut(&user)?.get_mut(&pair.other(user)),
        }
    }
}
