use std::collections::HashMap;

use wire::{
    Conversation, GroupSummary, Mine, Notify, Pair, Person, Role, Seq, Summary, Timestamp, Topic, UserId,
};

use super::log::VolatileLog;
use super::state::State;
use crate::store::{Conversations, Meeting, Outcome, Standing, Unread};

/// How a member sees a conversation.
#[derive(Clone, Copy, Default)]
pub(super) struct View {
    /// How far they have read.
    pub(super) read: Seq,
    /// How far others see that they have got it, and read it.
    pub(super) delivered: Seq,
    pub(super) seen: Seq,
    pub(super) notify: Notify,
    pub(super) hidden: bool,
}

/// How people stand in conversations.
impl State {
    pub(super) fn standing(&self, conversation: Conversation, user: UserId) -> Option<Standing> {
        match conversation {
            Conversation::Group(id) => self.in_group(id, user),
            Conversation::Direct(pair) => self.in_direct(pair, user),
        }
    }

    /// Whether it is a direct in which one has blocked the other.
    pub(super) fn is_blocked(&self, conversation: Conversation) -> bool {
        let Conversation::Direct(pair) = conversation else { return false };
        let [one, other] = pair.people();
        self.blocks(one, other) || self.blocks(other, one)
    }

    pub(super) fn blocks(&self, by: UserId, user: UserId) -> bool {
        self.blocks.get(&by).is_some_and(|of| of.contains(&user))
    }

    pub(super) fn in_direct(&self, pair: Pair, user: UserId) -> Option<Standing> {
        if !pair.has(user) || pair.people().iter().any(|user| !self.people.contains_key(user)) {
            return None;
        }
        let other = pair.other(user);
        let view = self.directs.get(&user).and_then(|views| views.get(&other)).copied();
        let View { read, delivered, seen, notify, hidden } = view.unwrap_or_default();
        Some(Standing {
            role: Some(Role::Member),
            read,
            delivered,
            seen,
            notify,
            hidden,
            blocked: self.is_blocked(Conversation::Direct(pair)),
            blocks: self.blocks(user, other),
            listed: view.is_some(),
            ..Standing::default()
        })
    }

    pub(super) fn conversations(&self, user: UserId) -> Conversations {
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let groups = joined.iter().filter_map(|id| {
            let group = self.groups.get(id)?;
            let since = group.members.iter().find(|member| member.person.id == user)?.since;
            let summary = Summary::Group(GroupSummary { id: *id, name: group.settings.name.clone() });
            self.mine(summary, Conversation::Group(*id), user, since)
        });
        let views = self.directs.get(&user);
        let directs = views.into_iter().flat_map(HashMap::keys).filter_map(|other| {
            let (pair, with) = (Pair::of(user, *other)?, self.person(*other)?);
            self.mine(Summary::direct(pair, with), Conversation::Direct(pair), user, Timestamp(0))
        });
        let mut mine: Vec<Mine> = groups.chain(directs).collect();
        mine.sort_by_key(|mine| std::cmp::Reverse((mine.at, mine.what.topic())));
        Conversations { mine, head: self.head(&Topic::user(user)) }
    }

    pub(super) fn mine(
        &self,
        what: Summary,
        conversation: Conversation,
        user: UserId,
        since: Timestamp,
    ) -> Option<Mine> {
        let Standing { read, notify, hidden, .. } = self.standing(conversation, user)?;
        let Unread { messages: unread, mentions } = self.unread(conversation, user, read);
        let log = self.logs.get(&Topic::of(conversation));
        let (head, at) = (log.map(|log| log.head).unwrap_or_default(), log.and_then(VolatileLog::newest));
        Some(Mine { what, unread, mentions, notify, hidden, head, at: at.unwrap_or(since) })
    }

    pub(super) fn people(&self, user: UserId, words: &str, everyone: bool, limit: usize) -> Vec<Person> {
        let words = words.to_lowercase();
        let joined = self.joined.get(&user).map(Vec::as_slice).unwrap_or_default();
        let near = joined.iter().filter_map(|id| self.groups.get(id)).flat_map(|group| &group.members);
        let mut known: HashMap<UserId, &Person> =
            near.map(|member| (member.person.id, &member.person)).collect();
        if everyone {
            known.extend(self.accounts.keys().filter_map(|id| Some((*id, self.people.get(id)?))));
        }
        known.remove(&user);
        let fits = |person: &&Person| person.name.as_str().to_lowercase().contains(&words);
        let mut people: Vec<Person> = known.into_values().filter(fits).cloned().collect();
        people.sort_by_key(|person| (person.name.as_str().to_lowercase(), person.id));
        people.truncate(limit);
        people
    }

    pub(super) fn blocked(&self, user: UserId) -> Vec<Person> {
        let blocked = self.blocks.get(&user).map(Vec::as_slice).unwrap_or_default();
        blocked.iter().rev().filter_map(|user| self.person(*user)).collect()
    }

    pub(super) fn meet(&mut self, Meeting { pair, news }: &Meeting) -> Outcome {
        let [low, high] = pair.people();
        if self.directs.get(&low).is_some_and(|views| views.contains_key(&high)) {
            return Outcome::Done;
        }
        for (user, other) in [(low, high), (high, low)] {
            self.directs.entry(user).or_default().insert(other, View::default());
        }
        Outcome::Changed { places: news.iter().map(|draft| self.append(draft)).collect() }
    }

    pub(super) fn view_mut(&mut self, conversation: Conversation, user: UserId) -> Option<&mut View> {
        match conversation {
            Conversation::Group(id) => self.groups.get_mut(&id)?.views.get_mut(&user),
            Conversation::Direct(pair) => self.directs.get_mut(&user)?.get_mut(&pair.other(user)),
        }
    }
}
