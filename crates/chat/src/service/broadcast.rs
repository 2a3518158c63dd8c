//! Broadcasts: one text to many conversations, sent in slices, and groups created with members.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wire::limits::{BROADCAST_TARGETS, PAGE_ENTRIES};
use wire::{
    ApplicationId, BroadcastRecord, Conversation, ConversationSummary, Entry, Event, GroupSummary,
    JoinPolicy, Json, Pair, Refusal, RichText, SendId, Seq, Timestamp, Topic, UserId,
};

use super::compose::{hash, tidy};
use crate::auth::caller::{Caller, Principal};
use crate::chat::Chat;
use crate::ports::store::{
    Application, Draft, Ends, LogOutcome, LogWrite, Mentions, Permission, PermissionTo, Range, Sender,
    SentBefore, UserWrite,
};
use crate::rules::{self, SLICE, SliceArguments};
use crate::service::error::{Error, Fault};
use crate::text::may_mention;

/// The time for which a broadcast waits for its first results.
const WAIT: Duration = Duration::from_secs(2);
/// The most pages of the sender's own log that are read for one part of the list of broadcasts.
const PAGES_READ: usize = 10;

/// The recipients of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// To these, each once.
    These(Vec<Topic>),
    /// To every group of the sender; an application's are those with keys.
    MyGroups,
    /// To everybody with an account, directly. For admins of the application.
    Everyone,
}

/// A broadcast and its results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broadcast {
    /// The sender's id for it.
    pub id: SendId,
    /// Its Seq in the sender's own log.
    pub seq: Seq,
    /// The time at which it was accepted.
    pub at: Timestamp,
    /// The text, as it was typed.
    pub text: String,
    /// The text, formatted as in the messages that were sent.
    pub body: RichText,
    /// The results for some of the conversations it was meant for.
    pub results: Vec<Sent>,
    /// The number of recipients.
    pub count: usize,
    /// The number of messages that were sent so far.
    pub sent: usize,
    /// True while some of its messages wait to be sent.
    pub is_pending: bool,
    /// The number with which the next results begin, if there are more.
    pub next: Option<usize>,
}

/// The result of one message of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The group or direct that the message was meant for.
    pub to: ConversationSummary,
    /// The result for it.
    pub result: SendResult,
}

/// The result of one message of a broadcast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendResult {
    /// The Seq that it got.
    Sent(Seq),
    /// It was refused.
    Refused(Refusal),
    /// Its turn has not come yet.
    Pending,
    /// It was not sent, or is no longer kept.
    Failed,
}

/// Sending one text to many conversations, and reading the results.
impl Chat {
    /// Sends one text to many conversations; each may refuse it on its own. The broadcast is committed as an entry of
    /// the sender's own log, and jobs send it in slices. Returns the first results, after a moment also if some are not
    /// known yet. The same id with the same text is the same broadcast.
    ///
    /// # Errors
    /// [`Refusal::TargetsBad`], [`Refusal::NotAppAdmin`], [`Refusal::TextEmpty`], [`Refusal::TextTooLong`],
    /// [`Refusal::TooFast`], [`Refusal::SendIdBad`], [`Refusal::SendIdTaken`].
    pub async fn broadcast(
        &self,
        caller: &Caller,
        id: SendId,
        text: &str,
        audience: Audience,
    ) -> Result<Broadcast, Error> {
        let me = caller.actor()?;
        let text = tidy(text)?;
        // The ids of the messages are made of it.
        part_id(&id, BROADCAST_TARGETS)?;
        let at = self.clock.now();
        self.take_action(caller, me.id)?;
        let to = self.targets(caller, audience).await?;
        if let Some(token) = caller.api_token {
            self.token_sends.take_many(token, cost(to.len()), self.monotonic.now())?;
        }
        if caller.owner().is_none() {
            self.action_rate.take_many(caller.key(me.id), cost(to.len()), self.monotonic.now())?;
        }
        let body = self.read_alone(&text).await?;
        let own = Topic::user(me.id);
        let meant = to.iter().fold(format!("broadcast {text}"), |meant, topic| format!("{meant}\0{topic}"));
        let record = Draft {
            body: hash(&own, meant.as_bytes()),
            topic: own,
            sender: Sender::User(me.id),
            id,
            data: Json::of(&BroadcastRecord { text, body, to, refused: Vec::new() }),
            at,
            right: None,
            about: None,
            counts: false,
            is_row: false,
            mentions: Mentions::default(),
            ends: Ends::Nobody,
        };
        let mut ended = self.job_wake.watch_ended();
        let seq = match self.commit(caller, LogWrite::Post(record)).await? {
            LogOutcome::Posted { seq } | LogOutcome::Repeated { seq, .. } => seq,
            LogOutcome::SendIdTaken => return Err(Refusal::SendIdTaken.into()),
            LogOutcome::Refused(refusal) => return Err(refusal.into()),
        };
        let at_most = Instant::now() + WAIT;
        while self.is_being_sent(caller, seq).await? {
            if timeout_at(at_most, ended.changed()).await.is_err() {
                break;
            }
        }
        self.broadcast_results(caller, seq, 0).await
    }

    /// Returns true if a broadcast of the caller is not planned yet, or slices of it wait or run.
    async fn is_being_sent(&self, caller: &Caller, seq: Seq) -> Result<bool, Error> {
        let user = caller.actor()?.id;
        let own = caller.log(Topic::user(user));
        // In this order: what is planned meanwhile is found among the jobs.
        let next = self.store.tail(self.store.relay().await?, usize::MAX).await?;
        if next.entries.iter().any(|(log, entry)| *log == own && entry.seq == seq) {
            return Ok(true);
        }
        Ok(self.reader(caller).has_jobs(&rules::lane(user, seq)).await?)
    }

    /// Sends a slice of a broadcast. What was sent before is not sent again.
    ///
    /// # Errors
    /// [`Error::Fault`].
    pub(crate) async fn send_broadcast_slice(
        &self,
        application: ApplicationId,
        arguments: &Json,
    ) -> Result<(), Error> {
        let SliceArguments { user, seq, from } = SliceArguments::parse(arguments)
            .ok_or_else(|| Fault::new("broadcast", "a job has the arguments of another kind"))?;
        // A sender who is gone sends nothing more.
        let Some(caller) = self.sender_of(application, user).await? else { return Ok(()) };
        let caller = &caller;
        let Some(kept) = self.reader(caller).kept(&Topic::user(user), seq).await? else { return Ok(()) };
        let Ok(record) = serde_json::from_str::<BroadcastRecord>(kept.entry.data.as_str()) else {
            return Ok(());
        };
        let (id, text) = (&kept.entry.id, (record.text.as_str(), &record.body));
        let (mut sending, mut refused) = (Vec::with_capacity(SLICE), Vec::new());
        let known = self.reader(caller).broadcast_refusals(user, seq).await?;
        for (number, topic) in record.to.iter().enumerate().skip(from).take(SLICE) {
            // A target that refused an earlier attempt was shown as refused.
            if known.contains_key(&number)
                || self.reader(caller).sent(Sender::User(user), &part_id(id, number)?).await?.is_some()
            {
                continue;
            }
            match self.part_for(caller, id, number, topic, text).await {
                // Enqueued in order, and committed together.
                Ok(write) => sending.push((number, self.enqueue(caller, write).await?)),
                Err(Error::Refusal(refusal)) => refused.push((number, refusal)),
                Err(fault) => return Err(fault),
            }
        }
        for (number, pending) in sending {
            match pending.outcome().await? {
                LogOutcome::Posted { .. } | LogOutcome::Repeated { .. } => {}
                LogOutcome::Refused(refusal) => refused.push((number, refusal)),
                LogOutcome::SendIdTaken => refused.push((number, Refusal::SendIdTaken)),
            }
        }
        if !refused.is_empty() {
            self.commit(caller, UserWrite::KeepRefusals { user, seq, refused }).await?;
        }
        Ok(())
    }

    /// Returns the sender of a broadcast as a caller: a user, or the application itself; none if they are gone.
    async fn sender_of(&self, application: ApplicationId, user: UserId) -> Result<Option<Caller>, Error> {
        let caller = Caller { application, ..Caller::default() };
        if self.reader(&caller).is_deleted(user).await? {
            return Ok(None);
        }
        if let Some(person) = self.reader(&caller).person(user).await? {
            return Ok(Some(caller.with_user(person)));
        }
        let found = self.application_by_id(application).await?.filter(Application::is_alive);
        let author = found.map(|application| application.author()).filter(|author| author.id == user);
        Ok(author.map(|author| Caller { principal: Principal::Application(author), ..caller }))
    }

    /// Returns broadcasts of one's own without their results, the newest first, before a Seq of one's own log; and the
    /// Seq before which the next part begins, if there may be more. A part may have fewer than asked for.
    ///
    /// # Errors
    /// Those of [`Caller::actor`].
    pub async fn broadcasts(
        &self,
        caller: &Caller,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<(Vec<Broadcast>, Option<Seq>), Error> {
        let own = Topic::user(caller.actor()?.id);
        let (mut found, mut before) = (Vec::new(), before);
        for _ in 0..PAGES_READ {
            let range = Range { before, limit: PAGE_ENTRIES, ..Range::default() };
            let page = self.reader(caller).page(&own, range).await?;
            for entry in page.entries.iter().rev() {
                let Ok(record) = serde_json::from_str(entry.data.as_str()) else { continue };
                if found.len() == limit {
                    return Ok((found, before));
                }
                found.push(self.broadcast_of(caller, entry, record).await?);
                before = Some(entry.seq);
            }
            match page.entries.first() {
                Some(first) if first.seq > page.begins => before = Some(first.seq),
                _ => return Ok((found, None)),
            }
        }
        Ok((found, before))
    }

    /// Returns the Seq of a broadcast of one's own, by the id under which it was sent.
    ///
    /// # Errors
    /// [`Refusal::NotFound`].
    pub async fn broadcast_seq(&self, caller: &Caller, id: &SendId) -> Result<Seq, Error> {
        let me = caller.actor()?.id;
        let sent = self.reader(caller).sent(Sender::User(me), id).await?;
        let sent = sent.filter(|sent| sent.topic == Topic::user(me)).ok_or(Refusal::NotFound)?;
        Ok(sent.seq)
    }

    /// Returns a broadcast of the caller without its results.
    async fn broadcast_of(
        &self,
        caller: &Caller,
        entry: &Entry<Json>,
        record: BroadcastRecord,
    ) -> Result<Broadcast, Error> {
        let me = caller.actor()?.id;
        let BroadcastRecord { text, body, to, .. } = record;
        let is_pending = self.is_being_sent(caller, entry.seq).await?;
        let ids = (0..to.len()).map(|number| part_id(&entry.id, number)).collect::<Result<Vec<_>, _>>()?;
        let sent = self.reader(caller).sent_each(Sender::User(me), &ids).await?;
        let is_sent = |(sent, topic): &(&Option<SentBefore>, &Topic)| {
            sent.as_ref().is_some_and(|sent| sent.topic == **topic)
        };
        Ok(Broadcast {
            id: entry.id.clone(),
            seq: entry.seq,
            at: entry.timestamp,
            text,
            body,
            results: Vec::new(),
            count: to.len(),
            sent: sent.iter().zip(&to).filter(is_sent).count(),
            is_pending,
            next: None,
        })
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
        let me = caller.actor()?;
        let kept = self.reader(caller).kept(&Topic::user(me.id), seq).await?.ok_or(Refusal::NotFound)?;
        let record = serde_json::from_str(kept.entry.data.as_str());
        let record: BroadcastRecord = record.map_err(|_| Refusal::NotFound)?;
        let to = record.to.clone();
        let refusals = self.reader(caller).broadcast_refusals(me.id, seq).await?;
        let broadcast = self.broadcast_of(caller, &kept.entry, record).await?;
        let part: Vec<(usize, &Topic)> = to.iter().enumerate().skip(from).take(PAGE_ENTRIES).collect();
        let ids =
            part.iter().map(|(number, _)| part_id(&kept.entry.id, *number)).collect::<Result<Vec<_>, _>>()?;
        let sent = self.reader(caller).sent_each(Sender::User(me.id), &ids).await?;
        let mut results = Vec::with_capacity(part.len());
        for ((number, topic), sent) in part.into_iter().zip(sent) {
            let Some(summary) = self.summary(caller, topic).await? else { continue };
            let result = match (sent, refusals.get(&number)) {
                (Some(sent), _) if sent.topic == *topic => SendResult::Sent(sent.seq),
                (_, Some(why)) => SendResult::Refused(why.clone()),
                (None, None) if broadcast.is_pending => SendResult::Pending,
                _ => SendResult::Failed,
            };
            results.push(Sent { to: summary, result });
        }
        let next = from.saturating_add(PAGE_ENTRIES);
        Ok(Broadcast { results, next: (next < to.len()).then_some(next), ..broadcast })
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
        let others = self.people_to_add(caller, users).await?;
        self.create_group_of(caller, name, JoinPolicy::Invite, &others).await
    }

    async fn targets(&self, caller: &Caller, audience: Audience) -> Result<Vec<Topic>, Error> {
        let me = caller.actor()?;
        let all = match audience {
            Audience::These(topics) => topics,
            Audience::MyGroups if caller.owner().is_some() => {
                let keyed = self.reader(caller).groups_by_key(None, BROADCAST_TARGETS + 1).await?;
                keyed.into_iter().map(|keyed| Topic::group(keyed.group)).collect()
            }
            Audience::MyGroups => {
                self.reader(caller).groups_of(me.id).await?.into_iter().map(Topic::group).collect()
            }
            Audience::Everyone => {
                caller.user()?;
                rules::needs_app_admin(self.own_app_role(caller, me.id).await?)?;
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

    /// Returns the write of one message of a broadcast.
    async fn part_for(
        &self,
        caller: &Caller,
        id: &SendId,
        number: usize,
        topic: &Topic,
        (text, body): (&str, &RichText),
    ) -> Result<LogWrite, Error> {
        let me = caller.actor()?;
        let conversation = topic.conversation().ok_or(Refusal::NotFound)?;
        let at = self.clock.now();
        let is_owner = caller.owner().is_some();
        let to = if is_owner { PermissionTo::Manage } else { PermissionTo::Speak };
        let right = Permission { conversation, user: me.id, to, now: self.monotonic.now() };
        let standing = self.reader(caller).standing(conversation, me.id).await?;
        right.check(standing.as_ref())?;
        let creation = match conversation {
            Conversation::Direct(pair) if !is_owner => {
                self.direct_creation(caller, pair, standing.as_ref(), at).await?
            }
            Conversation::Direct(_) | Conversation::Group(_) => None,
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
            ends: Ends::Nobody,
        };
        Ok(match creation {
            Some(creation) => LogWrite::PostFirst { draft, creation },
            None => LogWrite::Post(draft),
        })
    }

    /// Returns a conversation as a list shows it, also one that the user has left; none if it is gone.
    async fn summary(&self, caller: &Caller, topic: &Topic) -> Result<Option<ConversationSummary>, Error> {
        let me = caller.actor()?;
        Ok(match topic.conversation() {
            Some(Conversation::Group(id)) => {
                let group = self.reader(caller).group(id, None, 0).await?;
                group.map(|group| ConversationSummary::Group(GroupSummary { id, name: group.settings.name }))
            }
            Some(Conversation::Direct(pair)) => {
                let other = pair.other(me.id);
                let with = match self.may_meet(caller, other).await {
                    Ok(()) => self.reader(caller).person(other).await?,
                    Err(Error::Refusal(_)) => None,
                    Err(fault) => return Err(fault),
                };
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
