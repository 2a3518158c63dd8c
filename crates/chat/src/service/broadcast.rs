//! Broadcasts: one text to many conversations, and groups created with members.

use wire::limits::{BROADCAST_TARGETS, PAGE_ENTRIES};
use wire::{
    AppRole, BroadcastRecord, Conversation, ConversationSummary, Event, GroupSummary, JoinPolicy, Json, Pair,
    Person, Refusal, RichText, SendId, Seq, Topic, UserId,
};

use super::send::{hash, tidy};
use crate::auth::caller::Caller;
use crate::chat::Chat;
use crate::ports::store::{
    AccountKey, BroadcastPart, Draft, Mentions, Outcome, Permission, PermissionTo, Sender, Write,
};
use crate::rules;
use crate::service::error::{Error, Fault};
use crate::text::may_mention;

/// The recipients of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// To these, each once.
    These(Vec<Topic>),
    /// To every group of the sender.
    MyGroups,
    /// To everybody with an account, directly. For admins of the application.
    Everyone,
}

/// A broadcast and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// Its Seq in the sender's own log.
    pub seq: Seq,
    /// The text, formatted as in the messages that were sent.
    pub body: RichText,
    /// The results for some of the conversations it was meant for.
    pub results: Vec<Sent>,
    /// The number of recipients.
    pub count: usize,
    /// The number of recipients that were not refused beforehand.
    pub sent: usize,
    /// The number with which the next results begin, if there are more.
    pub next: Option<usize>,
}

/// The result of one message of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The group or direct that the message was meant for.
    pub to: ConversationSummary,
    /// Its Seq, or the refusal, as a sentence.
    pub result: Result<Seq, String>,
}

/// Sending one text to many conversations, and reading the results.
impl Chat {
    /// Sends one text to many conversations, in one transaction; each may refuse it on its own. The same id with the
    /// same text is the same broadcast.
    ///
    /// # Errors
    /// [`Refusal::TargetsBad`], [`Refusal::NotAppAdmin`], [`Refusal::TextEmpty`], [`Refusal::TextTooLong`],
    /// [`Refusal::TooFast`], [`Refusal::SendIdTaken`].
    pub async fn broadcast(
        &self,
        caller: &Caller,
        id: SendId,
        text: &str,
        audience: Audience,
    ) -> Result<Broadcast, Error> {
        let me = caller.user()?;
        let text = tidy(text)?;
        let at = self.clock.now();
        self.action_rate.take(caller.key(me.id), self.monotonic.now())?;
        let to = self.targets(caller, audience).await?;
        self.action_rate.take_many(caller.key(me.id), cost(to.len()), self.monotonic.now())?;
        let body = self.read_alone(&text).await?;
        let (mut parts, mut refused) = (Vec::new(), Vec::new());
        for (number, topic) in to.iter().enumerate() {
            match self.part_for(caller, &id, number, topic, (&text, &body)).await {
                Ok(part) => parts.push(part),
                Err(Error::Refusal(refusal)) => refused.push((topic.clone(), refusal.sentence())),
                Err(fault) => return Err(fault),
            }
        }
        let own = Topic::user(me.id);
        let meant = to.iter().fold(format!("broadcast {text}"), |meant, topic| format!("{meant}\0{topic}"));
        let record = Draft {
            body: hash(&own, meant.as_bytes()),
            topic: own,
            sender: Sender::User(me.id),
            id,
            data: Json::of(&BroadcastRecord { text, body, to, refused }),
            at,
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: Mentions::default(),
        };
        let seq = match self.commit(caller, Write::Broadcast { record, parts }).await? {
            Outcome::Broadcast { seq, .. } | Outcome::Repeated { seq, .. } => seq,
            Outcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
            other => return Err(Fault::new("broadcast", format!("it came to {other:?}")).into()),
        };
        self.broadcast_results(caller, seq, 0).await
    }

    /// Returns the results of a broadcast of one's own, from a number on, which counts from 0.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn broadcast_results(
        &self,
        caller: &Caller,
        seq: Seq,
        from: usize,
    ) -> Result<Broadcast, Error> {
        let me = caller.user()?;
        let kept = self.reader(caller).kept(&Topic::user(me.id), seq).await?.ok_or(Refusal::NotFound)?;
        let record = serde_json::from_str(kept.entry.data.as_str());
        let BroadcastRecord { body, to, refused, .. } = record.map_err(|_| Refusal::NotFound)?;
        let mut results = Vec::with_capacity(PAGE_ENTRIES);
        for (number, topic) in to.iter().enumerate().skip(from).take(PAGE_ENTRIES) {
            let Some(summary) = self.summary(caller, topic).await? else { continue };
            let sent =
                self.reader(caller).sent(Sender::User(me.id), &part_id(&kept.entry.id, number)?).await?;
            let result = match (sent, refused.iter().find(|(refused, _)| refused == topic)) {
                (Some(sent), _) => Ok(sent.seq),
                (None, Some((_, why))) => Err(why.clone()),
                // It changed between the check and the commit.
                (None, None) => Err(Refusal::NotMember.sentence()),
            };
            results.push(Sent { to: summary, result });
        }
        let next = from.saturating_add(PAGE_ENTRIES);
        Ok(Broadcast {
            seq,
            body,
            results,
            sent: to.len().saturating_sub(refused.len()),
            count: to.len(),
            next: (next < to.len()).then_some(next),
        })
    }

    /// Creates an invite-only group with these members.
    ///
    /// # Errors
    /// [`Refusal::TargetsBad`], [`Refusal::NotFound`] if there is no such user, [`Refusal::Blocked`], those of
    /// [`rules::may_give_seat`], and those of [`Chat::create_group`].
    pub async fn create_group_with(
        &self,
        caller: &Caller,
        name: &str,
        users: &[UserId],
    ) -> Result<GroupSummary, Error> {
        let me = caller.user()?;
        if users.is_empty() || users.len() > BROADCAST_TARGETS {
            return Err(Refusal::TargetsBad.into());
        }
        self.action_rate.take_many(caller.key(me.id), cost(users.len()), self.monotonic.now())?;
        let (mut others, mut contacts) =
            (Vec::<Person>::with_capacity(users.len()), Vec::with_capacity(users.len()));
        for user in users {
            if *user == me.id || others.iter().any(|other| other.id == *user) {
                continue;
            }
            others.push(self.reader(caller).person(*user).await?.ok_or(Refusal::NotFound)?);
            self.no_block(caller, *user).await?;
            let contact = self.contact(caller, *user).await?;
            rules::may_give_seat(contact)?;
            contacts.push((*user, contact));
        }
        self.take_adding(caller, &contacts).await?;
        self.create_group_of(caller, name, JoinPolicy::Invite, &others).await
    }

    async fn targets(&self, caller: &Caller, audience: Audience) -> Result<Vec<Topic>, Error> {
        let me = caller.user()?;
        let all = match audience {
            Audience::These(topics) => topics,
            Audience::MyGroups => {
                self.reader(caller).groups_of(me.id).await?.into_iter().map(Topic::group).collect()
            }
            Audience::Everyone => {
                let account = self.reader(caller).account(AccountKey::User(me.id)).await?;
                if account.is_none_or(|account| account.role < AppRole::Admin) {
                    return Err(Refusal::NotAppAdmin.into());
                }
                let accounts = self.reader(caller).accounts("", None, BROADCAST_TARGETS + 2).await?;
                let others = accounts.iter().filter_map(|listed| Pair::of(me.id, listed.person.id));
                others.map(Topic::direct).collect()
            }
        };
        if all.len() > BROADCAST_TARGETS {
            return Err(Refusal::TargetsBad.into());
        }
        let mut each: Vec<Topic> = Vec::with_capacity(all.len());
        for topic in all {
            if !each.contains(&topic) {
                each.push(topic);
            }
        }
        if each.is_empty() { Err(Refusal::TargetsBad.into()) } else { Ok(each) }
    }

    async fn part_for(
        &self,
        caller: &Caller,
        id: &SendId,
        number: usize,
        topic: &Topic,
        (text, body): (&str, &RichText),
    ) -> Result<BroadcastPart, Error> {
        let me = caller.user()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let at = self.clock.now();
        let right =
            Permission { conversation, user: me.id, to: PermissionTo::Speak, now: self.monotonic.now() };
        let standing = self.reader(caller).standing(conversation, me.id).await?;
        right.check(standing.as_ref())?;
        let creation = match conversation {
            Conversation::Direct(pair) => self.direct_creation(caller, pair, standing.as_ref(), at).await?,
            Conversation::Group(_) => None,
        };
        let (said, mentions) = match conversation {
            Conversation::Group(_) if may_mention(text) => self.read_text(caller, conversation, text).await?,
            // It means the same in every conversation.
            _ => (body.clone(), Mentions::default()),
        };
        let draft = Draft {
            topic: topic.clone(),
            sender: Sender::User(me.id),
            id: part_id(id, number)?,
            body: hash(topic, text.as_bytes()),
            data: Json::of(&Event::message(me.clone(), text.to_owned(), said, None)),
            at,
            right: Some(right),
            about: None,
            counts: true,
            is_row: true,
            mentions,
        };
        Ok(BroadcastPart { draft, creation })
    }

    /// Returns a conversation as a list shows it, also one that the user has left; none if it is gone.
    async fn summary(&self, caller: &Caller, topic: &Topic) -> Result<Option<ConversationSummary>, Error> {
        let me = caller.user()?;
        Ok(match topic.conversation() {
            Some(Conversation::Group(id)) => {
                let group = self.reader(caller).group(id, None, 0).await?;
                group.map(|group| ConversationSummary::Group(GroupSummary { id, name: group.settings.name }))
            }
            Some(Conversation::Direct(pair)) => {
                let with = self.reader(caller).person(pair.other(me.id)).await?;
                with.map(|with| ConversationSummary::direct(pair, with))
            }
            None => None,
        })
    }
}

/// Returns the cost of a broadcast, as a number of rate-limited changes: nobody reaches thousands a minute.
fn cost(targets: usize) -> u32 {
    u32::try_from(targets.div_ceil(TARGETS_AN_ACT)).unwrap_or(u32::MAX)
}

/// The number of targets that cost one.
const TARGETS_AN_ACT: usize = 20;

/// Returns the id of one message of a broadcast.
fn part_id(id: &SendId, number: usize) -> Result<SendId, Refusal> {
    SendId::new(&format!("{id}/{number}"))
}
